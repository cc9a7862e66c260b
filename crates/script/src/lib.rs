//! Scripts and functions: the only crate that sees a Lua.
//!
//! Reading order: `engine` (how a script runs on a stack of its own, stops, and goes on), `interpreter` (what happens
//! on that stack) with `sandbox.lua` (the world that scripts see), `from_redis` and `to_redis` (values both ways),
//! `scripts` (EVAL's cache) and `libraries` (FUNCTION's).
//!
//! What it does not know: commands by name, data, sessions, the time. A script that wants a command run stops and says
//! so; whoever runs the engine runs the command and lets the script go on with the reply. So nothing is lent out to a
//! script, and one that takes long can be left where it is while others are answered.

mod allowance;
mod bits;
mod doors;
mod engine;
mod failure;
mod flags;
mod from_redis;
mod interpreter;
mod json;
mod libraries;
mod lifted;
mod msgpack;
mod packing;
mod raised;
mod random;
mod scripts;
mod shebang;
#[cfg(test)]
mod tests;
mod to_redis;

pub use engine::{Answer, Call, Done, Log, Ready, Registered, Step};
pub use flags::ScriptFlags;
pub use libraries::{Function, Libraries, Library, Restore};
pub use scripts::{Script, Scripts, Sha};
