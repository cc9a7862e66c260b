//! What every source file owes its reader.

use crate::tree::Tree;

/// Crates that may say `unsafe`, each time with its argument.
const UNSAFE_CRATES: &[&str] = &["crates/sys/", "crates/ds/", "crates/store/"];

/// Leftovers of work in progress. Spelled in halves, so that this file does not find itself.
const LEFTOVERS: &[&str] = &[
    concat!("to", "do!("),
    concat!("db", "g!("),
    concat!("FIX", "ME"),
    concat!("unimplemen", "ted!("),
];

/// Programs whose output may be closed or full, where the standard library's macros panic.
const PROGRAMS: &[&str] =
    &["crates/regent/src/", "crates/cli/src/", "crates/benchmark/src/", "crates/siege/src/"];

/// Larger files belong elsewhere; test data is made, not stored.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A sentence on the door, arguments for `unsafe`, no leftovers, no orphans, no blobs.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.ending(".rs") {
        if !text.starts_with("//! ") {
            complaints.push(format!("{path}:1: does not begin with `//!` and what it is for"));
        }
        for (at, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", at + 1);
            for leftover in LEFTOVERS.iter().filter(|leftover| line.contains(*leftover)) {
                complaints.push(format!("{place}: `{leftover}` is left over"));
            }
        }
        complaints.extend(unsafe_without_argument(path, text));
        complaints.extend(panicking_print(path, text));
        complaints.extend(transcript_missing(tree, path, text));
        complaints.extend(orphan(tree, path));
    }
    for (path, size) in tree.sizes.iter().filter(|(_, size)| **size > FILE_BYTES_MAX) {
        complaints.push(format!("{path}: {size} bytes do not belong into the repository"));
    }
    complaints
}

fn panicking_print(path: &str, text: &str) -> Vec<String> {
    if !PROGRAMS.iter().any(|program| path.starts_with(program)) {
        return Vec::new();
    }
    let prints = |line: &str| ["print!(", "println!("].iter().any(|name| line.contains(name));
    let lines = text.lines().enumerate().filter(|(_, line)| prints(line));
    lines
        .map(|(at, _)| format!("{path}:{}: panics where output is closed; see sys::output", at + 1))
        .collect()
}

fn unsafe_without_argument(path: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let is_unsafe = [concat!("un", "safe {"), concat!("un", "safe impl")];
        if !is_unsafe.iter().any(|word| code.contains(word)) {
            continue;
        }
        if !UNSAFE_CRATES.iter().any(|home| path.starts_with(home)) {
            complaints.push(format!("{path}:{}: unsafe code belongs to sys, ds and store", at + 1));
        }
        // The argument stands above the block or above the statement that holds it.
        let above = lines[..at].iter().rev().take(12);
        let mut near = above.take_while(|line| !line.trim().is_empty() && line.trim() != "}");
        if !line.contains("SAFETY:") && !near.any(|line| line.contains("SAFETY:")) {
            complaints.push(format!("{path}:{}: unsafe without a `// SAFETY:`", at + 1));
        }
    }
    complaints
}

/// A comment that says why Redis's behaviour is odd names the transcript that shows it.
fn transcript_missing(tree: &Tree, path: &str, text: &str) -> Vec<String> {
    let mentions = text.split("transcript ").skip(1);
    mentions
        .filter_map(|rest| {
            rest.split([' ', '.', '\n', ',']).next().filter(|name| name.contains('/'))
        })
        .map(|name| format!("tests/transcripts/{name}.txt"))
        .filter(|file| !tree.has(file))
        .map(|file| format!("{path}: {file} is not there"))
        .collect()
}

/// A file that no `mod` names is compiled by nobody.
fn orphan(tree: &Tree, path: &str) -> Option<String> {
    let (folder, file) = path.rsplit_once('/')?;
    let is_root = |name: &str| matches!(name, "lib.rs" | "main.rs" | "build.rs");
    let (home, module) = match file {
        _ if is_root(file) => return None,
        "mod.rs" => folder.rsplit_once('/')?,
        _ => (folder, file.strip_suffix(".rs")?),
    };
    // Each file in these folders is a program of its own.
    if ["/tests", "/bin", "/examples", "/benches", "/fuzz_targets"]
        .iter()
        .any(|end| home.ends_with(end))
    {
        return None;
    }
    let parents = ["mod.rs", "lib.rs", "main.rs"].map(|name| format!("{home}/{name}"));
    let named = [format!("mod {module};"), format!("mod r#{module};"), format!("/{file}\"")];
    let is_named = parents.iter().filter_map(|parent| tree.texts.get(parent)).any(|text| {
        let mut lines = text.lines().map(str::trim);
        lines.any(|line| named.iter().any(|name| line.ends_with(name) || line.contains(&named[2])))
    });
    (!is_named).then(|| format!("{path}: no `mod {module};` names this file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text), ("crates/a/src/lib.rs", "//! A.\nmod b;\n")]))
    }

    #[test]
    fn broken_rules_are_found() {
        let good = "//! B.\n";
        assert_eq!(complaints("crates/a/src/b.rs", good), [""; 0]);
        for (path, text, want) in [
            ("crates/a/src/b.rs", "fn b() {}\n", "does not begin"),
            ("crates/a/src/b.rs", concat!("//! B.\n// FIX", "ME: later\n"), "left over"),
            ("crates/a/src/c.rs", good, "no `mod c;`"),
            ("crates/a/src/b.rs", "//! B.\nfn b() { unsafe { c() } }\n", "belongs to"),
            ("crates/ds/src/lib.rs", "//! B.\nfn b() { unsafe { c() } }\n", "SAFETY"),
            ("crates/cli/src/lib.rs", "//! B.\nfn b() { println!(); }\n", "panics where"),
            (
                "crates/a/src/b.rs",
                concat!("//! B, see trans", "cript sets/spop.\n"),
                "is not there",
            ),
        ] {
            let found = complaints(path, text);
            assert!(found.iter().any(|complaint| complaint.contains(want)), "{text}: {found:?}");
        }
        let argued = "//! B.\n// SAFETY: nobody else looks.\nunsafe { c() }\n";
        assert_eq!(complaints("crates/ds/src/lib.rs", argued), [""; 0]);
    }
}
