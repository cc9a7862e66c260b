//! What INFO tells of the process and the machine it runs on.

use std::path::PathBuf;

/// Processor time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// Spent in our code.
    pub user_us: u64,
    /// Spent in the kernel on our behalf.
    pub system_us: u64,
}

/// Whose processor time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All threads of this process.
    Process,
    /// Children that have ended.
    Children,
    /// The calling thread.
    Thread,
}

/// Processor time spent so far.
pub fn cpu_time(whose: Whose) -> CpuTime {
    let who = match whose {
        Whose::Process => libc::RUSAGE_SELF,
        Whose::Children => libc::RUSAGE_CHILDREN,
        #[cfg(target_os = "linux")]
        Whose::Thread => libc::RUSAGE_THREAD,
        #[cfg(not(target_os = "linux"))]
        Whose::Thread => libc::RUSAGE_SELF,
    };
    // SAFETY: all fields of `rusage` are numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place for the answer.
    unsafe { libc::getrusage(who, &mut usage) };
    let us = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    CpuTime { user_us: us(usage.ru_utime), system_us: us(usage.ru_stime) }
}

/// Processor time that another process of this machine has spent so far, all its threads together, in microseconds.
#[cfg(target_os = "linux")]
pub fn cpu_time_of(pid: u32) -> std::io::Result<u64> {
    let mut clock: libc::clockid_t = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let pid = libc::pid_t::try_from(pid).map_err(std::io::Error::other)?;
    // SAFETY: `clock` is a valid place for the answer.
    let error = unsafe { libc::clock_getcpuclockid(pid, &mut clock) };
    if error != 0 {
        return Err(std::io::Error::from_raw_os_error(error));
    }
    // SAFETY: `time` is a valid place for the answer; a clock whose process has ended is an error.
    if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000)
}

/// Processor time of another process: not told by this system.
#[cfg(not(target_os = "linux"))]
pub fn cpu_time_of(_pid: u32) -> std::io::Result<u64> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Bytes of memory that the process occupies right now; zero where the system does not tell.
pub fn resident_bytes() -> u64 {
    resident_bytes_of(pid()).unwrap_or(0)
}

/// The same of any process; none where there is no such process, or the system does not tell.
pub fn resident_bytes_of(pid: u32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    Some(statm.split(' ').nth(1)?.parse::<u64>().ok()? * page_bytes())
}

/// Bytes of memory that the process may still take: what the machine, the control group and the limit of its address
/// space leave. Zero where the system does not tell.
pub fn memory_room() -> u64 {
    let resident = resident_bytes();
    let machine = memory_bytes();
    let group = std::fs::read_to_string("/proc/self/cgroup").map_or(None, |it| group_limit(&it));
    let most = group.map_or(machine, |group| group.min(machine));
    let mut room = most.saturating_sub(resident);
    if let Some(space) = crate::limits::address_space() {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = statm.split(' ').next().and_then(|it| it.parse::<u64>().ok());
        room = room.min(space.saturating_sub(pages.unwrap_or(0) * page_bytes()));
    }
    // Zero means that nobody knows.
    if machine == 0 { 0 } else { room.max(1) }
}

/// The least memory that a control group of this process, or one around it, grants. `groups` is what the kernel tells:
/// a line for each hierarchy, of which version 2 has one and version 1 one for each resource.
fn group_limit(groups: &str) -> Option<u64> {
    let mut least: Option<u64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(kinds), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match kinds {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if kinds.split(',').any(|it| it == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        // Within a container the path may be that of the machine, and only the root is there.
        let mut folder = Some(std::path::Path::new(path));
        while let Some(at) = folder {
            let place = format!("{root}{}/{file}", at.display().to_string().trim_end_matches('/'));
            let text = std::fs::read_to_string(place).unwrap_or_default();
            if let Ok(bytes) = text.trim().parse::<u64>() {
                least = Some(least.map_or(bytes, |least| least.min(bytes)));
            }
            folder = at.parent();
        }
    }
    least
}

/// Bytes of memory that the machine has.
pub fn memory_bytes() -> u64 {
    // SAFETY: `sysconf` only answers.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    u64::try_from(pages).unwrap_or(0) * page_bytes()
}

/// Bytes per page of memory.
pub fn page_bytes() -> u64 {
    // SAFETY: `sysconf` only answers.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// System, release and machine, as `Linux 6.1.0 x86_64`.
pub fn system() -> String {
    // SAFETY: all fields of `utsname` are bytes, for which zero is a value.
    let mut name: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: `name` is a valid place for the answer.
    unsafe { libc::uname(&mut name) };
    let text = |field: &[libc::c_char]| {
        let bytes: Vec<u8> =
            field.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    format!("{} {} {}", text(&name.sysname), text(&name.release), text(&name.machine))
}

/// What stands where a C program tells its compiler's version: three numbers, for those who parse them.
pub const COMPILER_VERSION: &str = "0.0.0";

/// The number of this process.
pub fn pid() -> u32 {
    std::process::id()
}

/// The program's file.
pub fn executable() -> PathBuf {
    std::env::current_exe().unwrap_or_default()
}

/// A number that no other run has: for the seed of the generator.
pub fn entropy() -> u64 {
    let mut bytes = [0; 8];
    // SAFETY: the buffer is as long as it says.
    let filled = unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) } == 0;
    if filled {
        u64::from_ne_bytes(bytes)
    } else {
        crate::clock::wall().0 ^ (u64::from(pid()) << 40) ^ crate::clock::nanos()
    }
}

/// Bytes that nobody can guess, other ones each time.
pub fn secret() -> [u8; 32] {
    let mut bytes = [0; 32];
    // SAFETY: the buffer is as long as it says.
    let filled = unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) } == 0;
    // So few bytes are refused only by a system that has none at all, and a password must not be made of less.
    assert!(filled, "the system gives no random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_answers() {
        assert!(resident_bytes() > page_bytes());
        assert!(memory_bytes() > resident_bytes());
        assert!(memory_room() > 0 && memory_room() < memory_bytes());
        assert_eq!(group_limit("0::/nosuch-group-a/b\nx\n7:cpu:/a\n"), group_limit("0::/\n"));
        assert_eq!(system().split(' ').count(), 3);
        assert_ne!(entropy(), entropy());
        assert_ne!(secret(), secret());
        assert!(executable().is_absolute());
        let spent = cpu_time(Whose::Process);
        let seen = cpu_time_of(pid()).unwrap_or(u64::MAX);
        assert!(seen >= spent.user_us, "{seen} of {spent:?}");
    }
}
