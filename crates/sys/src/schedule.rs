//! What a thread asks of the system's scheduler: the loop a prompt wake-up, the threads beside it to stand back.

/// How far threads beside the loop stand back, in steps of `nice`. Where cores are scarce they get a third of what the
/// loop gets as long as both want one, so whoever packs a snapshot still comes to an end.
const STAND_BACK: i32 = 5;

/// The turn that the loop asks for, in nanoseconds; the least that Linux grants.
#[cfg(target_os = "linux")]
const SHORT_TURN: u64 = 100_000;

/// The calling thread asks for short turns, and is therefore woken at once where another that runs has longer ones.
///
/// Linux has this since 6.12. Before, a thread that packs a snapshot on the same core kept it until its turn was over,
/// 4 ms with many kernels, and so long waited whoever had sent a request. Elsewhere nothing changes, and neither does
/// the share of the core that a thread gets.
pub fn prompt() {
    #[cfg(target_os = "linux")]
    set_turn(SHORT_TURN);
}

/// The calling thread stands back for those that did not call this, and takes turns of the usual length.
pub(crate) fn stand_back() {
    // SAFETY: no pointers. On Linux the calling thread alone is meant; standing back is always allowed.
    unsafe { libc::nice(STAND_BACK) };
    #[cfg(target_os = "linux")]
    set_turn(0);
}

/// The calling thread runs when no other thread wants its core, as nearly as the system offers that: for a program that
/// measures something beside a load of its own making.
pub fn give_way() {
    const LAST: i32 = 19;
    // SAFETY: no pointers. On Linux the calling thread alone is meant; standing back is always allowed.
    unsafe { libc::nice(LAST) };
}

/// Sets the length of the calling thread's turns, in nanoseconds; 0 is the usual one. Policy and priority stay. What the
/// system refuses is no loss but of time.
#[cfg(target_os = "linux")]
fn set_turn(ns: u64) {
    const THIS_THREAD: libc::pid_t = 0;
    const NO_FLAGS: libc::c_uint = 0;
    let size = size_of::<libc::sched_attr>() as libc::c_uint;
    // SAFETY: the structure is numbers only, and as long as both calls are told; they use it while it is alive.
    unsafe {
        let mut now: libc::sched_attr = std::mem::zeroed();
        if libc::syscall(libc::SYS_sched_getattr, THIS_THREAD, &mut now, size, NO_FLAGS) != 0 {
            return;
        }
        // For the other policies it would be a budget.
        let has_turns =
            [libc::SCHED_OTHER as u32, libc::SCHED_BATCH as u32].contains(&now.sched_policy);
        if has_turns {
            now.sched_runtime = ns;
            libc::syscall(libc::SYS_sched_setattr, THIS_THREAD, &now, NO_FLAGS);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Policy, priority and length of turn of the calling thread.
    fn now() -> (u32, i32, u64) {
        // SAFETY: as above.
        unsafe {
            let mut now: libc::sched_attr = std::mem::zeroed();
            let size = size_of::<libc::sched_attr>();
            assert_eq!(libc::syscall(libc::SYS_sched_getattr, 0, &mut now, size, 0), 0);
            (now.sched_policy, now.sched_nice, now.sched_runtime)
        }
    }

    #[test]
    fn a_prompt_thread_keeps_its_priority_and_the_others_stand_back() {
        std::thread::spawn(|| {
            let (policy, nice, usual) = now();
            prompt();
            let (same_policy, same_nice, turn) = now();
            assert_eq!((same_policy, same_nice), (policy, nice));
            // A system before 6.12 does not tell turns, and has none of another length.
            assert!(turn == SHORT_TURN || turn == usual, "{turn}");
            stand_back();
            assert_eq!(now(), (policy, nice + STAND_BACK, usual));
        })
        .join()
        .expect("the thread ends well");
    }
}
