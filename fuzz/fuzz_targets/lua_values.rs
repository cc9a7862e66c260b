//! The target `lua_values` for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzing::run_named("lua_values", input));
