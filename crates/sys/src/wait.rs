//! Waiting for a few descriptors of any kind at once: what a program of a terminal needs, where sockets, keys and
//! signals compete. (`poll` is for sockets only, and for many.)

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Something to read, or the end.
    Read,
    /// Room to write.
    Write,
    /// Either.
    Both,
}

/// What a descriptor is ready for. An error or the end counts as both, as the next call will tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Reading will not block.
    pub readable: bool,
    /// Writing will not block.
    pub writable: bool,
}

/// Waits until one of `sources` is ready or `timeout` is over (none: for ever), and tells how each is. A signal ends
/// the wait early, with nothing ready.
pub fn any<const N: usize>(
    sources: [(BorrowedFd<'_>, Interest); N],
    timeout: Option<Duration>,
) -> io::Result<[Readiness; N]> {
    let mut list = sources.map(|(source, interest)| libc::pollfd {
        fd: source.as_raw_fd(),
        events: match interest {
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
            Interest::Both => libc::POLLIN | libc::POLLOUT,
        },
        revents: 0,
    });
    let timeout_ms = timeout.map_or(-1, |it| it.as_millis().min(i32::MAX as u128) as libc::c_int);
    // SAFETY: `list` is an array of N elements that lives across the call.
    let result = unsafe { libc::poll(list.as_mut_ptr(), N as libc::nfds_t, timeout_ms) };
    if result < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        list.iter_mut().for_each(|entry| entry.revents = 0);
    }
    let failed = libc::POLLERR | libc::POLLHUP | libc::POLLNVAL;
    Ok(list.map(|entry| Readiness {
        readable: entry.revents & (libc::POLLIN | failed) != 0,
        writable: entry.revents & (libc::POLLOUT | failed) != 0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn only_what_is_ready_is_told() {
        let (mut a, b) = UnixStream::pair().expect("a pair");
        let now = Some(Duration::ZERO);
        let ask = |interest| any([(b.as_fd(), interest)], now).expect("it can be asked")[0];
        assert_eq!(ask(Interest::Read), Readiness::default());
        assert_eq!(ask(Interest::Both), Readiness { readable: false, writable: true });
        a.write_all(b"x").expect("there is room");
        assert!(ask(Interest::Read).readable);
    }
}
