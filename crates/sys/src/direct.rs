//! Receiving and sending without a detour.
//!
//! The C library makes both calls places where a thread may be cancelled, and says so to itself before and after each
//! one as soon as a process has threads. Nobody here cancels threads, and at one call of either kind per request that
//! is a thirtieth of all the time there is.

use std::io;
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
use std::io::{Read, Write};

use socket2::Socket;

/// Receives what is there, as `recv` does.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn receive(socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let (flags, nobody) = (0, std::ptr::null_mut::<libc::c_void>());
    // SAFETY: the buffer is ours and as long as we say; the two addresses of the sender may be missing.
    let result = unsafe {
        let (start, len) = (buffer.as_mut_ptr(), buffer.len());
        libc::syscall(libc::SYS_recvfrom, socket.as_raw_fd(), start, len, flags, nobody, nobody)
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Sends what there is room for, as `send` does. A peer that is gone is an error, and no signal.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn send(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let (flags, nobody, none) = (libc::MSG_NOSIGNAL, std::ptr::null::<libc::c_void>(), 0usize);
    // SAFETY: the bytes are alive and as many as we say; an address is not needed where there is a connection.
    let result = unsafe {
        let (start, len) = (bytes.as_ptr(), bytes.len());
        libc::syscall(libc::SYS_sendto, socket.as_raw_fd(), start, len, flags, nobody, none)
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Receives what is there.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn receive(mut socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    socket.read(buffer)
}

/// Sends what there is room for.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn send(mut socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    socket.write(bytes)
}
