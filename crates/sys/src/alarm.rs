//! An alarm clock that a [`Poller`](crate::poll::Poller) waits on: finer than the milliseconds its own timeout has.
//!
//! Only Linux has such a clock as something to wait on. Elsewhere [`Alarm::new`] says so, and the timeout must do.

use std::io;
use std::os::fd::RawFd;

use stdx::Instant;

/// Rings once at a set moment.
#[derive(Debug)]
pub struct Alarm {
    #[cfg(target_os = "linux")]
    fd: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl Alarm {
    /// An alarm that is not set.
    pub fn new() -> io::Result<Alarm> {
        use std::os::fd::FromRawFd;
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: a plain call that gives a number or fails.
        let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the number is new and nobody else has it.
        Ok(Alarm { fd: unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) } })
    }

    /// What to wait on.
    pub fn source(&self) -> RawFd {
        use std::os::fd::AsRawFd;
        self.fd.as_raw_fd()
    }

    /// Rings at `at`, or at once if that has passed, instead of when it was set to before.
    pub fn set(&self, at: Instant) -> io::Result<()> {
        // A time of zero would switch the clock off.
        let us = at.0.max(1);
        let value = libc::timespec {
            tv_sec: (us / 1_000_000) as libc::time_t,
            tv_nsec: (us % 1_000_000 * 1000) as libc::c_long,
        };
        let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let spec = libc::itimerspec { it_interval: never, it_value: value };
        // SAFETY: `spec` is alive and fully set; nothing is written back.
        let result = unsafe {
            libc::timerfd_settime(
                self.source(),
                libc::TFD_TIMER_ABSTIME,
                &spec,
                std::ptr::null_mut(),
            )
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(not(target_os = "linux"))]
impl Alarm {
    /// There is none on this system.
    pub fn new() -> io::Result<Alarm> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// What to wait on.
    pub fn source(&self) -> RawFd {
        -1
    }

    /// Does nothing.
    pub fn set(&self, _at: Instant) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::poll::Poller;

    #[test]
    fn it_rings_when_it_was_told_to_and_again_when_set_again() {
        let mut poller = Poller::new(4).expect("the system has room");
        let alarm = Alarm::new().expect("this system has them");
        poller.add_source(alarm.source(), 7).expect("it can be waited on");
        for us in [300, 1500] {
            let due = Instant(crate::clock::instant().0 + us);
            alarm.set(due).expect("it can be set");
            let mut ready = Vec::new();
            while ready.is_empty() {
                poller.wait(None, &mut ready).expect("it waits");
            }
            assert!(crate::clock::instant() >= due);
            assert_eq!(ready[0].token, 7);
        }
    }
}
