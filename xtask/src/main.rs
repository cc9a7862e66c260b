//! What the house asks of itself: `cargo xtask tidy`, and the same as tests, so that `cargo test` is the whole truth.
//!
//! Each rule is a function from the files of the repository to a list of complaints, with a test of its own that
//! breaks the rule on purpose.

mod documents;
mod format;
mod functions;
mod layers;
mod sources;
mod tree;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use tree::Tree;

/// From the files to complaints, each a line that begins with the place.
type Rule = fn(&Tree) -> Vec<String>;

/// The rules, by name.
const RULES: &[(&str, Rule)] = &[
    ("layers", layers::check),
    ("sources", sources::check),
    ("functions", functions::check),
    ("documents", documents::check),
    ("format", format::check),
];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy(),
        Some("fuzz") => fuzz(),
        Some("siege") => siege(),
        Some("sizes") => {
            print!("{}", functions::report(&Tree::of_workspace()));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!(
                "usage: cargo xtask tidy | sizes | fuzz [--seconds N] [--seed N] [target ...]\n\
                 \x20                 | siege [--seconds N] [--seed N] [--only ATTACK]... [--bin PATH]"
            );
            ExitCode::FAILURE
        }
    }
}

/// Lets the targets of `crates/fuzzing` read inputs for a while, by the compiler at hand.
fn fuzz() -> ExitCode {
    let words = ["run", "--quiet", "--package", "fuzzing", "--bin", "regent-fuzz", "--"];
    exit_code(cargo(&words, std::env::args_os().skip(2)))
}

/// Besieges a server and a Sentinel (`crates/siege`), built for release unless `--bin` names others.
fn siege() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().skip(2).collect();
    if !words.iter().any(|word| word == "--bin") {
        if !cargo(&["build", "--release", "--package", "regent"], []) {
            return ExitCode::FAILURE;
        }
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        words.push("--bin".into());
        words.push(Path::new(&target).join("release/regent").into());
    }
    let run = ["run", "--release", "--quiet", "--package", "siege", "--bin", "regent-siege", "--"];
    exit_code(cargo(&run, words))
}

/// Runs cargo with `words` and then `more`; true where it succeeds.
fn cargo(words: &[&str], more: impl IntoIterator<Item = OsString>) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = std::process::Command::new(cargo).args(words).args(more).status();
    match status {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cargo cannot be run: {error}");
            false
        }
    }
}

fn exit_code(succeeded: bool) -> ExitCode {
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tidy() -> ExitCode {
    let tree = Tree::of_workspace();
    let complaints: Vec<String> = RULES.iter().flat_map(|(_, check)| check(&tree)).collect();
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_kept(rule: &str) {
        let (_, check) = RULES.iter().find(|(name, _)| *name == rule).expect("a rule");
        let complaints = check(&Tree::of_workspace());
        assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    }

    #[test]
    fn every_crate_imports_what_its_layer_may() {
        assert_kept("layers");
    }

    #[test]
    fn every_source_file_keeps_the_rules() {
        assert_kept("sources");
    }

    #[test]
    fn no_function_creeps_over_a_screen() {
        assert_kept("functions");
    }

    #[test]
    fn every_link_in_the_documents_leads_somewhere() {
        assert_kept("documents");
    }

    #[test]
    fn every_file_is_formatted() {
        assert_kept("format");
    }
}
