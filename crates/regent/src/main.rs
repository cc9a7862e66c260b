//! The one program: which of its parts runs is said by its name or by its first argument.

mod check_rdb;
mod crash;
mod program;
mod sentinel;
mod server;
mod up;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use program::Program;

/// Our own version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    let words: Vec<Vec<u8>> = std::env::args_os().map(OsString::into_vec).collect();
    // The title of the process will be written over the arguments, which are copied now.
    sys::title::prepare();
    let (program, name, arguments) = program::choose(&words);
    let status = match program {
        Program::Server => server::run(&name, &words, &arguments),
        Program::Sentinel => sentinel::run(&name, &arguments),
        Program::CheckRdb => check_rdb::run(&name, &arguments),
        Program::Cli => Ok(cli::run(&name, &arguments)),
        Program::Benchmark => Ok(benchmark::run(node::REDIS_VERSION, &arguments)),
        Program::Up => up::run(&arguments),
        Program::Version => {
            sys::say!("regent {VERSION} (Redis {})", node::REDIS_VERSION);
            Ok(0)
        }
        Program::Help => {
            sys::output::say(program::HELP);
            Ok(0)
        }
        Program::Absent(what) => {
            sys::complain!("{name}: {what} is not in this version of Regent");
            Ok(1)
        }
        Program::Unknown(word) => {
            sys::complain!("regent: no such program: {word}\n{}", program::USAGE);
            Ok(1)
        }
    };
    match status {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            sys::complain!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
