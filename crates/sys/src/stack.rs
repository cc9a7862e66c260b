//! Where the calling thread is, as addresses: what a report of a crash says first, since it needs no memory, no lock of
//! ours and no names, and is there even if the program's file is gone or was stripped.

use std::ffi::{CStr, c_void};

/// No more frames than this are told.
const FRAMES_MAX: usize = 64;

/// The frames of the calling thread, the innermost first.
pub struct Frames {
    addresses: [*mut c_void; FRAMES_MAX],
    count: usize,
}

/// Looks at the stack. The first call loads what it needs, so one has to be made before anything crashes.
pub fn frames() -> Frames {
    let mut addresses = [std::ptr::null_mut(); FRAMES_MAX];
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the array has as many places as it says.
    let count = unsafe { libc::backtrace(addresses.as_mut_ptr(), FRAMES_MAX as i32) };
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let count = 0;
    Frames { addresses, count: usize::try_from(count).unwrap_or(0) }
}

impl Frames {
    /// Each frame as `regent+0x1234 [0x55d2c3a01234]`: the file, the place in it that `addr2line -e FILE` takes, and the
    /// address.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.addresses[..self.count].iter().copied().map(|address| {
            // SAFETY: all fields of `Dl_info` are pointers, for which zero is a value.
            let mut about: libc::Dl_info = unsafe { std::mem::zeroed() };
            // SAFETY: the address is only looked up, and `about` is a valid place for the answer.
            let found = unsafe { libc::dladdr(address, &mut about) } != 0;
            if !found || about.dli_fname.is_null() {
                return format!("[{address:p}]");
            }
            // SAFETY: the loader keeps the name, which ends with a zero.
            let path = unsafe { CStr::from_ptr(about.dli_fname) }.to_string_lossy();
            // For the loader our own name is the first argument, where the title stands by now.
            let name = path.split(' ').next().unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default();
            let offset = (address as usize).saturating_sub(about.dli_fbase as usize);
            format!("{name}+{offset:#x} [{address:p}]")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn frames_have_a_file_and_a_place_in_it() {
        let lines: Vec<String> = frames().lines().collect();
        assert!(lines.len() > 3, "{lines:?}");
        assert!(lines[0].starts_with("sys-") && lines[0].contains("+0x"), "{lines:?}");
    }
}
