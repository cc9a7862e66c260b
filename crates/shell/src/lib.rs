//! The real world: runs a [`world::Machine`] on sockets, files, threads and the clock.
//!
//! One thread runs the machine and never waits but for readiness (`turn`). What would hold it goes elsewhere: disks
//! (`disk`), name lookups (`dial`), programs that run beside us (`children`), compression and the freeing of large
//! things (`pool`); results come back through one inbox that ends the wait. The shell knows no command and no reply: it moves bytes.

mod children;
mod conns;
mod dial;
mod disk;
mod effects;
mod facts;
mod inbox;
mod io;
mod listen;
mod log;
mod pool;
mod turn;

pub use facts::senses;
pub use log::{Log, LogTarget};
pub use turn::{CpuLists, Options, run};
