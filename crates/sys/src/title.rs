//! The line that `ps` shows for the process, rewritten in place.
//!
//! On Linux `ps` reads the memory where the kernel put the arguments, and the environment right behind it. Once the
//! environment has been moved elsewhere, both together are room for a title.

use std::ffi::{CStr, c_char};
use std::sync::Mutex;

unsafe extern "C" {
    static mut environ: *mut *mut c_char;
}

/// The memory that `ps` reads.
struct Room {
    start: *mut u8,
    len: usize,
}

// SAFETY: the memory belongs to the process for as long as it lives, and only the holder of `ROOM` writes to it.
unsafe impl Send for Room {}

// The place is given by the kernel, once per process.
static ROOM: Mutex<Option<Room>> = Mutex::new(None);

/// Makes room. To be called first of all in `main`, after the arguments were copied and before any thread is started.
pub fn prepare() {
    let Some((start, arguments_end, end)) = places() else { return };
    // The environment is moved only where it lies right behind the arguments, as the kernel puts it.
    // SAFETY: no other thread runs yet, so nobody else reads or changes the environment.
    let moved = unsafe { move_environment(arguments_end, end) };
    let end = if moved { end } else { arguments_end };
    if let Ok(mut room) = ROOM.lock() {
        *room = Some(Room { start: start as *mut u8, len: end - start });
    }
}

/// Shows `title` in `ps` and, cut to fifteen bytes, nothing else: threads keep their names.
pub fn set(title: &str) {
    let Ok(mut guard) = ROOM.lock() else { return };
    let Some(room) = guard.as_mut() else { return };
    let len = title.len().min(room.len.saturating_sub(1));
    // SAFETY: `room` is memory of this process, from the first argument to the end of what was moved away.
    unsafe {
        std::ptr::copy_nonoverlapping(title.as_ptr(), room.start, len);
        std::ptr::write_bytes(room.start.add(len), 0, room.len - len);
    }
}

/// Where arguments begin and end and where the environment ends, as the kernel says.
fn places() -> Option<(usize, usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may contain anything; the fields after it are numbers. The third field follows it.
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.trim().parse::<usize>().ok();
    let (start, arguments_end, environment, end) = (field(48)?, field(49)?, field(50)?, field(51)?);
    let in_order =
        start != 0 && start < arguments_end && arguments_end <= environment && environment <= end;
    // Where they are apart, only the arguments are room.
    let room_end = if environment == arguments_end { end } else { arguments_end };
    in_order.then_some((start, arguments_end, room_end))
}

/// Copies the strings between `start` and `end` to memory that stays, and lets `environ` point there.
///
/// # Safety
/// No other thread may use the environment meanwhile.
unsafe fn move_environment(start: usize, end: usize) -> bool {
    if start == end {
        return false;
    }
    // SAFETY: `environ` is a list of strings that ends with a null pointer; the caller keeps others away from it.
    unsafe {
        if environ.is_null() {
            return false;
        }
        let mut copies: Vec<*mut c_char> = Vec::new();
        let mut at = environ;
        while !(*at).is_null() {
            copies.push(CStr::from_ptr(*at).to_owned().into_raw());
            at = at.add(1);
        }
        copies.push(std::ptr::null_mut());
        environ = Box::leak(copies.into_boxed_slice()).as_mut_ptr();
    }
    true
}
