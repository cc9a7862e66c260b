//! Bytes from strangers against everything that reads some, each input within a bound of time and memory.
//!
//! # The tour
//! A [`Target`] is a function that takes any bytes, panics where it finds something wrong, and has [`Bounds`]. `targets`
//! lists them by what they read; each checks more than that nothing panics: what arrives in pieces is read as what
//! arrives at once, what is written can be read again, a structure does what its model does. [`rig`] is the world that
//! whole machines run in here. [`bounds`] measures an input. [`mutate`] makes new inputs of old ones, and [`hunt`] goes
//! on doing so for a while, always with the same seeds.
//!
//! # Running them
//! `cargo test -p fuzzing` reads every corpus (`fuzz/corpus/<target>`) and some thousand inputs made of it.
//! `cargo xtask fuzz --seconds 600 [target]` goes on for longer. With a nightly compiler, `cargo-fuzz` lets libFuzzer choose
//! inputs by what they reach; its programs, in `fuzz`, call the same targets:
//! `cargo +nightly fuzz run -s none <target> fuzz/found fuzz/corpus/<target>`. (The allocator is jemalloc, since it counts
//! what an input costs, so an address sanitizer would see little.) An input that one of them complains about goes into
//! the corpus, together with the mend.

pub mod bounds;
pub mod hunt;
pub mod mutate;
pub mod rig;
pub mod targets;

pub use bounds::Bounds;

/// Something that reads bytes from strangers.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: of its corpus, and of its program for libFuzzer.
    pub name: &'static str,
    /// Reads the bytes; panics where something is wrong.
    pub run: fn(&[u8]),
    /// What an input may cost.
    pub bounds: Bounds,
    /// Words that inputs of this kind are made of.
    pub words: &'static [&'static [u8]],
    /// Longer inputs are not made.
    pub len_max: usize,
}

/// Every target.
pub fn all() -> Vec<Target> {
    targets::ALL.concat()
}

/// The target of this name.
pub fn named(name: &str) -> Option<Target> {
    all().into_iter().find(|target| target.name == name)
}

/// What the programs for libFuzzer do.
pub fn run_named(name: &str, input: &[u8]) {
    let target = named(name).expect("a program has the name of its target");
    if input.len() <= target.len_max {
        bounds::check(&target, input);
    }
}
