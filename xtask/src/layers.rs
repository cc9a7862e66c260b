//! The layer table of ARCHITECTURE.md against what each crate imports.

use crate::tree::Tree;
use std::collections::BTreeMap;

struct Row<'a> {
    layer: u32,
    may_import: Vec<&'a str>,
}

/// A crate imports nothing but what its row names, every crate has a row, and rows name lower layers only (or their
/// own, where it was there before).
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let Some(document) = tree.texts.get("ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md is missing".to_owned()];
    };
    let rows = rows(document);
    let mut complaints = Vec::new();
    for (name, row) in &rows {
        for import in &row.may_import {
            match rows.get(import) {
                None => complaints.push(format!("ARCHITECTURE.md: `{import}` has no row")),
                Some(other) if other.layer > row.layer => {
                    complaints.push(format!("ARCHITECTURE.md: `{name}` lies below `{import}`"))
                }
                Some(_) => {}
            }
        }
    }
    let manifests = tree.ending("/Cargo.toml").filter(|(path, _)| path.starts_with("crates/"));
    for (path, manifest) in manifests {
        let name = path.split('/').nth(1).unwrap_or_default();
        let Some(row) = rows.get(name) else {
            complaints.push(format!("`{name}` has no row in ARCHITECTURE.md"));
            continue;
        };
        for import in imports(manifest).filter(|import| rows.contains_key(import)) {
            if !row.may_import.contains(&import) {
                complaints.push(format!("`{name}` may not import `{import}`; see ARCHITECTURE.md"));
            }
        }
    }
    complaints
}

/// The rows `| layer | crate | may import |`, by crate.
fn rows(document: &str) -> BTreeMap<&str, Row<'_>> {
    let mut rows = BTreeMap::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [layer, name, may_import] = cells[..] else { continue };
        if let Ok(layer) = layer.parse() {
            rows.insert(name, Row { layer, may_import: may_import.split_whitespace().collect() });
        }
    }
    rows
}

/// The names under `[dependencies]`. What tests import is their own business.
fn imports(manifest: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    manifest.lines().filter_map(move |line| {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
            return None;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        (inside && !name.is_empty() && !name.starts_with('#')).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "| layer | crate | may import |\n| --- | --- | --- |\n\
                         | 0 | low | |\n| 1 | high | low |\n| 1 | other | low |\n";

    #[test]
    fn a_planted_edge_is_found() {
        let manifest = "[package]\nname = \"high\"\n[dependencies]\nlow.workspace = true\n\
                        memchr = \"2\"\nother.workspace = true\n[dev-dependencies]\nother = \"1\"\n";
        let tree = Tree::of(&[("ARCHITECTURE.md", TABLE), ("crates/high/Cargo.toml", manifest)]);
        assert_eq!(check(&tree), ["`high` may not import `other`; see ARCHITECTURE.md"]);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let tree = Tree::of(&[("ARCHITECTURE.md", TABLE), ("crates/new/Cargo.toml", "")]);
        assert_eq!(check(&tree), ["`new` has no row in ARCHITECTURE.md"]);
    }

    #[test]
    fn a_row_that_points_up_is_found() {
        let table = "| 0 | low | high |\n| 1 | high | |\n";
        let tree = Tree::of(&[("ARCHITECTURE.md", table)]);
        assert_eq!(check(&tree), ["ARCHITECTURE.md: `low` lies below `high`"]);
    }
}
