//! Links in documents lead to files and headings that are there.

use crate::tree::Tree;

/// Complains of links between documents that lead nowhere. Addresses on the web are taken on trust.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.ending(".md") {
        let mut in_code = false;
        for (at, line) in text.lines().enumerate() {
            in_code ^= line.trim_start().starts_with("```");
            if in_code {
                continue;
            }
            for target in links(line).filter(|target| !leads_somewhere(tree, path, target)) {
                complaints.push(format!("{path}:{}: `{target}` is not there", at + 1));
            }
        }
    }
    complaints
}

/// What stands in the round brackets behind square ones.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { from.to_owned() } else { resolve(from, file) };
    if !tree.has(&path) {
        return false;
    }
    let Some(text) = tree.texts.get(&path).filter(|_| !heading.is_empty()) else { return true };
    text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading)
}

/// The path of `file` as seen from the document `from`.
fn resolve(from: &str, file: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// What a heading is called in a link: lower case, blanks as dashes, no punctuation.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            _ if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_nowhere_is_found() {
        let tree = Tree::of(&[
            ("README.md", "[a](docs/a.md) [b](docs/a.md#two-words) [c](https://x.y) [d](docs)\n"),
            (
                "docs/a.md",
                "# Two words!\n[up](../README.md) [no](b.md) [no](#none)\n```\n[x](y)\n```\n",
            ),
        ]);
        assert_eq!(
            check(&tree),
            ["docs/a.md:2: `b.md` is not there", "docs/a.md:2: `#none` is not there"]
        );
    }
}
