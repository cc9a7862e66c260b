//! Formatting is rustfmt's business, and checked like any other rule.

use crate::tree::Tree;
use std::process::Command;

/// Complains of files that `cargo fmt` would change.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["fmt", "--all", "--check", "--", "-l"])
        .current_dir(&tree.root)
        .output();
    match output {
        Err(error) => vec![format!("cargo fmt does not run: {error}")],
        Ok(output) if output.status.success() => Vec::new(),
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            said.lines().map(|line| format!("cargo fmt would change {line}")).collect()
        }
    }
}
