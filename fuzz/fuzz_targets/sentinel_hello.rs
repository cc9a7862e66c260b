//! The target `sentinel_hello` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run_named("sentinel_hello", input));
