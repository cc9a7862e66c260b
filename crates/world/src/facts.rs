//! What a machine may ask of the process it lives in: for INFO and for limits, never for a decision that a replica
//! would have to repeat.

/// The means of asking, given to a machine when it is made. All are cheap unless they say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Senses {
    /// A stopwatch in nanoseconds, for statistics.
    pub stopwatch: fn() -> u64,
    /// Bytes allocated right now: what `maxmemory` is measured by. The machine lends its own rough count, which a
    /// world takes that has nothing to measure.
    pub memory: fn(rough: &dyn Fn() -> usize) -> usize,
    /// Bytes that nobody can guess, other ones each time: what passwords are made of.
    pub secret: fn() -> [u8; 32],
    /// Everything else; asks the system, so once per INFO.
    pub facts: fn() -> Facts,
}

/// The process and its machine, at one moment. Times in microseconds, sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub pid: u32,
    /// System, release and machine, as `Linux 6.1.0 x86_64`.
    pub system: String,
    /// The program's file.
    pub executable: String,
    /// `epoll`, `kqueue`, or what the simulator says.
    pub poller: &'static str,
    /// `jemalloc-5.3.0` and its kind.
    pub allocator: String,
    /// Memory that the process occupies.
    pub resident: u64,
    /// Memory that the machine has.
    pub machine_memory: u64,
    /// Memory that the process may still take; zero where nobody knows.
    pub memory_room: u64,
    /// What the allocator says of itself: handed out, in pages in use, in pages held.
    pub allocated: u64,
    pub active: u64,
    pub allocator_resident: u64,
    pub cpu_user_us: u64,
    pub cpu_system_us: u64,
    pub children_user_us: u64,
    pub children_system_us: u64,
    pub thread_user_us: u64,
    pub thread_system_us: u64,
}

impl Senses {
    /// Senses that feel nothing: for tests.
    pub const NUMB: Senses =
        Senses { stopwatch: || 0, memory: |_| 0, secret: || [0; 32], facts: Facts::default };
    /// Senses of a world that is made up: memory is what the machine takes it for.
    pub const MADE_UP: Senses = Senses { memory: |rough| rough(), ..Senses::NUMB };
}
