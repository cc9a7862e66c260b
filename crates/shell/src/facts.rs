//! The process, as the machine may tell it to its users.

use sys::facts::{self, Whose};
use sys::memory;
use world::{Facts, Senses};

/// What the real world lets a machine feel.
pub fn senses() -> Senses {
    let memory = |_: &dyn Fn() -> usize| memory::used_bytes() as usize;
    Senses { stopwatch: sys::stopwatch::nanos, memory, secret: sys::facts::secret, facts: look }
}

/// Looks at the process anew: some tens of microseconds.
fn look() -> Facts {
    memory::refresh();
    let held = memory::held();
    let cpu = facts::cpu_time(Whose::Process);
    let children = facts::cpu_time(Whose::Children);
    let thread = facts::cpu_time(Whose::Thread);
    Facts {
        pid: facts::pid(),
        system: facts::system(),
        executable: facts::executable().to_string_lossy().into_owned(),
        poller: if cfg!(target_os = "linux") { "epoll" } else { "kqueue" },
        allocator: memory::NAME.to_owned(),
        resident: facts::resident_bytes(),
        machine_memory: facts::memory_bytes(),
        memory_room: facts::memory_room(),
        allocated: held.allocated,
        active: held.active,
        allocator_resident: held.resident,
        cpu_user_us: cpu.user_us,
        cpu_system_us: cpu.system_us,
        children_user_us: children.user_us,
        children_system_us: children.system_us,
        thread_user_us: thread.user_us,
        thread_system_us: thread.system_us,
    }
}
