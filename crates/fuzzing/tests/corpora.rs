//! Every target reads its corpus, and inputs made of it, without a complaint; and every target can be reached.

use fuzzing::hunt::{Until, corpus_of, hunt};
use std::path::Path;

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");

/// How many inputs are made of each corpus. They take a second or so.
const INPUTS: u64 = 300;

#[test]
fn no_target_complains() {
    for target in fuzzing::all() {
        let corpus = corpus_of(&Path::new(FUZZ).join("corpus").join(target.name));
        assert!(!corpus.is_empty(), "{} has no corpus", target.name);
        let bag = hunt(&target, &corpus, 1, Until::Inputs(INPUTS));
        if let Some((input, text)) = bag.finding {
            panic!("{} complains: {text}\nabout: {}", target.name, input.escape_ascii());
        }
    }
}

#[test]
fn every_target_has_a_program_for_libfuzzer() {
    let manifest = std::fs::read_to_string(Path::new(FUZZ).join("Cargo.toml")).expect("a manifest");
    for target in fuzzing::all() {
        let name = target.name;
        let path = Path::new(FUZZ).join("fuzz_targets").join(format!("{name}.rs"));
        let program = std::fs::read_to_string(path).expect("a program");
        assert!(program.contains(&format!("run_named(\"{name}\"")), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
    }
}

#[test]
fn what_costs_too_much_is_a_finding() {
    let mut target = fuzzing::named("requests").expect("a target");
    target.bounds.bytes = 0;
    target.bounds.bytes_per_byte = 1;
    let bag = hunt(&target, &[b"PING\r\n".to_vec()], 1, Until::Inputs(1));
    let (input, text) = bag.finding.expect("six bytes cost more than six bytes");
    assert_eq!(input, b"PING\r\n");
    assert!(text.contains("bytes of memory"), "{text}");
}
