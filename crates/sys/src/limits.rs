//! How many files the process may have open.

use std::io;

/// The limit in force, and the one up to which the process may raise it itself.
pub fn open_files() -> io::Result<(u64, u64)> {
    let limit = get()?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// Raises the limit to `wanted`, or as near to it as the system lets us; never lowers it. The limit then in force.
pub fn raise_open_files(wanted: u64) -> u64 {
    let Ok(before) = get() else { return 0 };
    if before.rlim_cur >= wanted {
        return before.rlim_cur;
    }
    // One who may raise the hard limit gets what is asked for at once.
    let all = libc::rlimit { rlim_cur: wanted, rlim_max: wanted.max(before.rlim_max) };
    if set(&all) {
        return wanted;
    }
    let most = libc::rlimit { rlim_cur: wanted.min(before.rlim_max), rlim_max: before.rlim_max };
    if set(&most) { most.rlim_cur } else { before.rlim_cur }
}

/// Lowers the limit, so that a test can run out of files.
pub fn set_open_files(count: u64) -> bool {
    get().is_ok_and(|now| set(&libc::rlimit { rlim_cur: count, rlim_max: now.rlim_max }))
}

/// How many bytes of addresses the process may use; none where there is no limit.
pub(crate) fn address_space() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    let told = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } == 0;
    (told && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// The child that `command` starts may use so many bytes of addresses.
pub fn bound_address_space(command: &mut std::process::Command, bytes: u64) {
    use std::os::unix::process::CommandExt;
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    let ask = move || {
        // SAFETY: `limit` is a valid value.
        match unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: what runs between fork and exec is one call to the system, which is allowed there.
    unsafe { command.pre_exec(ask) };
}

fn get() -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } {
        0 => Ok(limit),
        _ => Err(io::Error::last_os_error()),
    }
}

fn set(limit: &libc::rlimit) -> bool {
    // SAFETY: `limit` is a valid value.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_never_lowered() {
        let (soft, _) = open_files().expect("every process has the limit");
        assert_eq!(raise_open_files(1), soft);
        assert!(raise_open_files(soft) >= soft);
    }
}
