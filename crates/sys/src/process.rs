//! The process as a whole: into the background, starting over, crashing on demand, telling a supervisor.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Goes on in the background: a child in a session of its own, with nothing on its standard streams. The parent ends.
/// To be called before any thread is started.
pub fn daemonize() -> io::Result<()> {
    // SAFETY: no other thread runs, so the child is a whole copy.
    match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => {}
        // SAFETY: the parent ends without running what the child will run.
        _ => unsafe { libc::_exit(0) },
    }
    // SAFETY: plain calls; the path ends with a zero.
    unsafe {
        libc::setsid();
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        if null >= 0 {
            for stream in 0..3 {
                libc::dup2(null, stream);
            }
            if null > 2 {
                libc::close(null);
            }
        }
    }
    Ok(())
}

/// Starts the program again in this process, with the words it was started with, the first being its name. Returns only
/// if that fails.
pub fn restart(executable: &Path, words: &[Vec<u8>]) -> io::Error {
    let words: Vec<OsString> = words.iter().cloned().map(OsString::from_vec).collect();
    let (name, rest) = match words.split_first() {
        Some((name, rest)) => (name.clone(), rest.to_vec()),
        None => (executable.as_os_str().to_owned(), Vec::new()),
    };
    Command::new(executable).arg0(name).args(rest).exec()
}

/// If the process aborts from here on, it does so without a report.
pub fn end_quietly_on_abort() {
    // SAFETY: `signal` only forgets a handler.
    unsafe { libc::signal(libc::SIGABRT, libc::SIG_DFL) };
}

/// Ends the process as an access to memory that is not there would.
pub fn crash() -> ! {
    // SAFETY: the process ends here on purpose; nothing runs after it but a report of the crash.
    unsafe {
        libc::raise(libc::SIGSEGV);
        libc::abort()
    }
}

/// Whether there is a process of this number, as far as we may see.
pub fn is_running(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal zero is sent to nobody.
    let found = pid > 0 && unsafe { libc::kill(pid, 0) } == 0;
    found || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Ends the process at once, running nothing.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: that is what it is for.
    unsafe { libc::_exit(status) }
}

/// New files are readable as `mask` lets them be.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: `umask` only sets a number.
    unsafe { libc::umask(mask as libc::mode_t) as u32 }
}

/// Keeps what the terminal sends to our process group, such as the SIGINT of Ctrl-C, from the child.
pub fn starts_own_group(command: &mut Command) {
    command.process_group(0);
}

/// Lets the child that `command` starts end when this process ends, however it ends.
pub fn ends_with_parent(command: &mut Command) {
    let ask = || {
        // SAFETY: `prctl` with this option only sets a number of the child.
        #[cfg(target_os = "linux")]
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM)
        };
        Ok(())
    };
    // SAFETY: what runs between fork and exec is one call to the system, which is allowed there.
    unsafe { command.pre_exec(ask) };
}

/// True if standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stdout().is_terminal()
}

/// Tells systemd something, such as `READY=1`. False where no systemd listens.
pub fn notify_systemd(text: &str) -> bool {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return false };
    let path = path.to_string_lossy().into_owned();
    let Ok(socket) = std::os::unix::net::UnixDatagram::unbound() else { return false };
    // A leading `@` stands for the zero byte of a name that lives outside the file system.
    let sent = match path.strip_prefix('@') {
        None => socket.send_to(text.as_bytes(), &path),
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            std::os::unix::net::SocketAddr::from_abstract_name(name)
                .and_then(|address| socket.send_to_addr(text.as_bytes(), &address))
        }
    };
    sent.is_ok()
}

/// Where Upstart says that this process is a job of its own.
const UPSTART_JOB: &str = "UPSTART_JOB";

/// True if Upstart started the process.
pub fn is_upstart_job() -> bool {
    std::env::var_os(UPSTART_JOB).is_some()
}

/// Stops until Upstart, which takes that for readiness, lets the process go on. Whoever is started by it is no job. To
/// be called before any thread is started.
pub fn stop_for_upstart() {
    // SAFETY: `raise` has no memory to spoil, and no other thread reads the environment meanwhile.
    unsafe {
        libc::raise(libc::SIGSTOP);
        std::env::remove_var(UPSTART_JOB);
    }
}

/// Asks for small pages only, for as long as the process lives. False where the system refuses.
pub fn give_up_huge_pages() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: with this option `prctl` only sets a flag of the process.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0
    }
    #[cfg(not(target_os = "linux"))]
    false
}
