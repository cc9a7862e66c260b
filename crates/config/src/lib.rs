//! Configuration: one row per parameter, the grammar of files and options, CONFIG GET, SET and REWRITE.
//!
//! The room knows what may be configured and how it is written down. It touches no file and knows nobody who is
//! configured: a [`Host`] reads for it, owners copy what they need out of [`Values`].
//!
//! # At startup
//! [`CommandLine::parse`] reads the arguments, [`load()`] the files that they name; the result is a [`Config`]. An
//! error is printed as it is: [`LoadError::Refused`] to standard error, [`LoadError::Unreadable`] as a line of the
//! log; the program ends with status 1. `dir` lines change the folder while the file is read, so a relative
//! `Config::file` has to be made absolute before. Afterwards the caller
//! - sets `dir` to the working folder where no line did: `config.values.set("dir", &[cwd])`,
//! - logs [`Config::warning`], if any,
//! - reads what it needs: `config.values.integer("port")`, `.flag("daemonize")`, `.choice("loglevel")`.
//!
//! # While the server runs
//! - CONFIG GET is [`Config::get`].
//! - CONFIG SET is [`Config::set`] with a closure that puts a changed parameter into effect or refuses it. Where an
//!   owner needs time (listening at another port, changing the folder), [`Config::stage`] checks, the owner acts,
//!   [`Config::swap`] puts the values in place; swapping what it returns goes back. `dir` must be stored absolute:
//!   after the change, `values.set("dir", &[absolute])`. [`Param::secret`] tells which arguments to keep out of logs.
//! - CONFIG REWRITE is [`Config::rewrite`]: the old bytes in, the new bytes out; the caller replaces the file.
//! - A program that keeps its state among the lines of its file, as Sentinel does, rewrites it with [`KeptFile`].
//! - REPLICAOF tells us the new master with [`Values::set_source`].
//!
//! # Adding a parameter
//! One row in the table of its subject under `tables/`. Everything else follows.

mod command_line;
mod config;
mod elsewhere;
mod events;
mod kept;
mod load;
mod near;
mod param;
mod registry;
mod rewrite;
mod tables;
mod title;
mod units;
mod value;
pub mod words;

pub use command_line::CommandLine;
pub use config::{Asker, Config, SetError, Staged};
pub use elsewhere::Included;
pub use events::Events;
pub use kept::{KeptFile, Reader, Statement, Wanted};
pub use load::{COMMAND_NAME_TAKEN, Host, LoadError, NO_SUCH_COMMAND, SentinelLine, load};
pub use param::{Check, Kind, Mutability, Param};
pub use registry::{ParamId, Registry, Values};
pub use rewrite::OwnedLines;
pub use tables::all as params;
pub use units::{format_memory, parse_memory};
pub use value::{OutputLimit, OutputLimits, Refusal, SavePoint, Source, Value};
