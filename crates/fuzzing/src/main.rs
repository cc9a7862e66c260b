//! `regent-fuzz`: inputs for as long as one wants; what `cargo xtask fuzz` runs.

use fuzzing::hunt::{self, Until};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: regent-fuzz [--seconds N] [--seed N] [target ...]";

/// Where the corpora are.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
/// Where inputs go that a target complains about.
const FINDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/artifacts");

struct Options {
    seconds: u64,
    seed: u64,
    names: Vec<String>,
}

fn options() -> Option<Options> {
    let mut options = Options { seconds: 600, seed: 1, names: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => options.seconds = words.next()?.parse().ok()?,
            "--seed" => options.seed = words.next()?.parse().ok()?,
            name => options.names.push(fuzzing::named(name)?.name.to_owned()),
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}\nThe targets:");
        fuzzing::all().iter().for_each(|target| eprintln!("  {}", target.name));
        return ExitCode::FAILURE;
    };
    let mut is_quiet = true;
    for target in fuzzing::all() {
        if !options.names.is_empty() && !options.names.iter().any(|name| name == target.name) {
            continue;
        }
        let corpus = hunt::corpus_of(&Path::new(CORPUS).join(target.name));
        let bag = hunt::hunt(&target, &corpus, options.seed, Until::Seconds(options.seconds));
        println!(
            "{:<16} {:>10} inputs, at most {} KiB allocated and {} ms for one, {} MiB resident: {}",
            target.name,
            bag.inputs,
            bag.most.bytes >> 10,
            bag.most.ms,
            sys::facts::resident_bytes() >> 20,
            bag.finding.as_ref().map_or("nothing found", |(_, text)| text),
        );
        if let Some((input, _)) = bag.finding {
            is_quiet = false;
            keep(target.name, &input);
        }
    }
    if is_quiet { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Keeps an input where libFuzzer would keep it.
fn keep(name: &str, input: &[u8]) {
    let folder = Path::new(FINDINGS).join(name);
    let path = folder.join(format!("found-{:016x}", stdx::crc64(0, input)));
    let kept = sys::file::create_folders(&folder).and_then(|()| sys::file::replace(&path, input));
    match kept {
        Ok(()) => println!("{:<16} the input is in {}", "", path.display()),
        Err(error) => println!("{:<16} {error}; the input: {}", "", input.escape_ascii()),
    }
}
