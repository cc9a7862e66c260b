//! Signals, as readiness: the handler notes which came and writes one byte into a pipe that the loop waits on.
//!
//! A SIGINT while another signal has not been taken yet ends the process at once: the loop is stuck, and somebody at a
//! terminal insists. SIGTERM may come as often as it likes: what supervises a process repeats it, and means an orderly
//! end each time.

use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};

// A handler has no argument of ours, so what it touches must be static: that is the one reason for these.
static PIPE: AtomicI32 = AtomicI32::new(-1);
static TERMINATE: AtomicBool = AtomicBool::new(false);
static INTERRUPT: AtomicBool = AtomicBool::new(false);
static HANGUP: AtomicBool = AtomicBool::new(false);

/// The signals that ask for an orderly end, since they were last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// SIGTERM.
    pub terminate: bool,
    /// SIGINT.
    pub interrupt: bool,
    /// SIGHUP, where it is caught: the terminal is gone.
    pub hangup: bool,
}

/// The end of the pipe that the loop waits on.
pub struct Signals {
    pipe: UnixStream,
}

impl Signals {
    /// Catches SIGTERM and SIGINT from now on, and ignores SIGHUP and SIGPIPE.
    pub fn catch() -> io::Result<Signals> {
        Signals::watch(&[libc::SIGTERM, libc::SIGINT], &[libc::SIGHUP, libc::SIGPIPE])
    }

    /// As [`Signals::catch`], but SIGHUP is caught too: for a program that ends in good order with its terminal.
    pub fn catch_with_hangup() -> io::Result<Signals> {
        Signals::watch(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP], &[libc::SIGPIPE])
    }

    /// Catches SIGINT alone, for a program whose user may want to leave what it does and not the program.
    pub fn catch_interrupt() -> io::Result<Signals> {
        Signals::watch(&[libc::SIGINT], &[])
    }

    fn watch(caught: &[libc::c_int], ignored: &[libc::c_int]) -> io::Result<Signals> {
        let (pipe, far) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        PIPE.store(far.into_raw_fd(), SeqCst);
        for signal in caught {
            set(*signal, on_signal as *const () as libc::sighandler_t)?;
        }
        for signal in ignored {
            set(*signal, libc::SIG_IGN)?;
        }
        Ok(Signals { pipe })
    }

    /// Which signals came since the last call.
    pub fn take(&mut self) -> Asked {
        let mut sink = [0; 64];
        while matches!(self.pipe.read(&mut sink), Ok(n) if n > 0) {}
        Asked {
            terminate: TERMINATE.swap(false, SeqCst),
            interrupt: INTERRUPT.swap(false, SeqCst),
            hangup: HANGUP.swap(false, SeqCst),
        }
    }

    /// What to wait on.
    pub fn source(&self) -> RawFd {
        self.pipe.as_raw_fd()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for signal in [libc::SIGTERM, libc::SIGINT] {
            let _ = set(signal, libc::SIG_DFL);
        }
        let far = PIPE.swap(-1, SeqCst);
        // SAFETY: `far` came from `into_raw_fd` in `catch` and is closed only here. A handler that runs at this very
        // moment writes to a closed number at worst, which fails harmlessly.
        unsafe { libc::close(far) };
    }
}

fn set(signal: libc::c_int, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: all fields of `sigaction` are numbers or pointers, for which zero is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    // SAFETY: `action` is fully set; `on_signal` does only what a handler may do.
    let result = unsafe {
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A write to a pipe that nobody reads ends the process quietly, as users of `| head` expect. The runtime of Rust
/// ignores that signal from the start.
pub fn end_at_broken_pipe() {
    // It can only fail for a signal that does not exist.
    let _ = set(libc::SIGPIPE, libc::SIG_DFL);
}

/// A write to a pipe or socket that nobody reads fails, and nothing more.
pub fn survive_broken_pipe() {
    let _ = set(libc::SIGPIPE, libc::SIG_IGN);
}

extern "C" fn on_signal(signal: libc::c_int) {
    let asked = TERMINATE.load(SeqCst) || INTERRUPT.load(SeqCst);
    let flag = match signal {
        libc::SIGINT => &INTERRUPT,
        libc::SIGHUP => &HANGUP,
        _ => &TERMINATE,
    };
    flag.store(true, SeqCst);
    if signal == libc::SIGINT && asked {
        // SAFETY: `_exit` is allowed in a handler.
        unsafe { libc::_exit(1) };
    }
    let byte = 1u8;
    // SAFETY: `write` is allowed in a handler and the byte is alive. A full pipe means that the loop will wake anyway.
    unsafe { libc::write(PIPE.load(SeqCst), (&raw const byte).cast(), 1) };
}

// As above: a handler finds what it calls only in a static.
static ON_CRASH: OnceLock<fn(&str)> = OnceLock::new();

/// Calls `report` with the signal's name when the process crashes, then lets it crash. `report` runs in the handler,
/// where nothing is safe and nothing is left to lose; if it crashes too, that is the end.
pub fn on_crash(report: fn(&str)) -> io::Result<()> {
    if ON_CRASH.set(report).is_err() {
        return Ok(());
    }
    give_handlers_room();
    // The first look at a stack loads a library, which a handler must not do.
    crate::stack::frames();
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT] {
        // SAFETY: all fields of `sigaction` are numbers or pointers, for which zero is a value.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = on_fault as *const () as libc::sighandler_t;
        // On the stack kept for it, since the usual one may be what overflowed; and once only.
        action.sa_flags = libc::SA_ONSTACK | libc::SA_RESETHAND | libc::SA_NODEFER;
        // SAFETY: `action` is fully set.
        let result = unsafe {
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(signal, &action, std::ptr::null_mut())
        };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// A backtrace with names needs far more stack than the standard library sets aside for its own handler.
fn give_handlers_room() {
    const ROOM: usize = 1 << 20;
    let stack: &'static mut [u8] = Vec::leak(vec![0; ROOM]);
    let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: ROOM };
    // SAFETY: the memory is never freed and nobody else has it. Without it handlers run on the stack there was.
    unsafe { libc::sigaltstack(&stack, std::ptr::null_mut()) };
}

static IS_CRASHING: AtomicBool = AtomicBool::new(false);
// Which signal the process ends by, also if its report does not come to an end.
static CRASHED_BY: AtomicI32 = AtomicI32::new(libc::SIGABRT);

/// How long a report may take: one that hangs in a lock which the crash interrupted must not keep the process.
const REPORT_SECS: libc::c_uint = 5;

/// The report hangs: the process ends by its signal all the same.
extern "C" fn on_late(_: libc::c_int) {
    // SAFETY: the handler of that signal was taken away when it was entered, so this ends the process as if there had
    // been none.
    unsafe { libc::raise(CRASHED_BY.load(SeqCst)) };
}

extern "C" fn on_fault(signal: libc::c_int) {
    if IS_CRASHING.swap(true, SeqCst) {
        // The report crashed too, or a second thread did.
        // SAFETY: `_exit` is allowed in a handler.
        unsafe { libc::_exit(128 + signal) };
    }
    CRASHED_BY.store(signal, SeqCst);
    // `sigaction` is allowed in a handler. Where it fails, the alarm ends the process by itself.
    let _ = set(libc::SIGALRM, on_late as *const () as libc::sighandler_t);
    // SAFETY: `alarm` is allowed in a handler, and nobody else uses it.
    unsafe { libc::alarm(REPORT_SECS) };
    let name = match signal {
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        _ => "SIGABRT",
    };
    if let Some(report) = ON_CRASH.get() {
        report(name);
    }
    // SAFETY: the handler was taken away when it was entered, so this ends the process as if there had been none.
    unsafe { libc::raise(signal) };
}

/// Leaves all signals to other threads.
pub(crate) fn block_all() {
    // SAFETY: a `sigset_t` is numbers only, and `sigfillset` sets it before it is used.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut set);
        // The crash of a thread must still be a crash, whichever thread it is.
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT] {
            libc::sigdelset(&mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
}

/// SIGINT ends this process, and those it starts, even if it was started where SIGINT is ignored, as a shell without
/// job control does with what runs in the background.
pub fn end_at_interrupt() -> io::Result<()> {
    set(libc::SIGINT, libc::SIG_DFL)
}

/// The process goes on when its terminal is gone.
pub fn ignore_hangup() -> io::Result<()> {
    set(libc::SIGHUP, libc::SIG_IGN)
}

/// Sends `signal` to another process.
pub fn send(pid: u32, signal: Kind) -> io::Result<()> {
    let number = match signal {
        Kind::Terminate => libc::SIGTERM,
        Kind::Interrupt => libc::SIGINT,
    };
    // SAFETY: `kill` has no memory to spoil.
    if unsafe { libc::kill(pid as libc::pid_t, number) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Which signal to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}
