//! The terminal: keys one by one from standard input, what was set before put back, and how wide it is.

use std::io::{self, IsTerminal};
use std::os::fd::AsRawFd;

/// While it lives, keys arrive at once and are not shown.
pub struct Keys {
    before: libc::termios,
}

impl Keys {
    /// None where standard input is no terminal.
    pub fn begin() -> Option<Keys> {
        let input = io::stdin();
        if !input.is_terminal() {
            return None;
        }
        // SAFETY: all fields of `termios` are numbers, for which zero is a value.
        let mut before: libc::termios = unsafe { std::mem::zeroed() };
        // SAFETY: `before` is a whole `termios` that lives across the call.
        if unsafe { libc::tcgetattr(input.as_raw_fd(), &mut before) } != 0 {
            return None;
        }
        let mut mode = before;
        mode.c_lflag &= !(libc::ECHO | libc::ICANON);
        set(&mode);
        Some(Keys { before })
    }
}

/// How many columns the terminal behind standard output has. None where there is no terminal.
pub fn columns() -> Option<usize> {
    // SAFETY: all fields of `winsize` are numbers, for which zero is a value.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    let out = io::stdout();
    // SAFETY: `size` is a whole `winsize` that lives across the call.
    let result = unsafe { libc::ioctl(out.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (result == 0 && size.ws_col > 0).then_some(size.ws_col.into())
}

impl Drop for Keys {
    fn drop(&mut self) {
        set(&self.before);
    }
}

fn set(mode: &libc::termios) {
    // SAFETY: `mode` is a whole `termios` that lives across the call. A terminal that has gone away fails, harmlessly.
    unsafe { libc::tcsetattr(io::stdin().as_raw_fd(), libc::TCSANOW, mode) };
}
