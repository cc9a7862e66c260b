//! How long functions and files are.
//!
//! There is no limit: a table or a state machine may be long for a good reason, and a rule would only cut it in odd
//! places. But nobody decides to write 71 lines. A function that has just crept over a screen is sent back; its
//! author either finds the two lines or, having looked, makes it as long as it needs to be.

use crate::tree::Tree;

/// What fits a screen.
const SCREEN: usize = 70;

struct Function<'a> {
    path: &'a str,
    line: usize,
    name: &'a str,
    length: usize,
}

/// Complains of functions one or two lines longer than a screen.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    functions(tree)
        .filter(|function| (SCREEN + 1..=SCREEN + 2).contains(&function.length))
        .map(|Function { path, line, name, length }| {
            format!("{path}:{line}: `{name}` crept to {length} lines; a screen has {SCREEN}")
        })
        .collect()
}

/// The ten longest files and functions.
pub(crate) fn report(tree: &Tree) -> String {
    let mut text = String::new();
    let mut files: Vec<(usize, &str)> =
        tree.ending(".rs").map(|(path, text)| (text.lines().count(), path)).collect();
    files.sort_unstable_by(|a, b| b.cmp(a));
    for (lines, path) in files.iter().take(10) {
        text += &format!("{lines:6} {path}\n");
    }
    let mut longest: Vec<Function<'_>> = functions(tree).collect();
    longest.sort_unstable_by_key(|function| std::cmp::Reverse(function.length));
    for Function { path, line, name, length } in longest.iter().take(10) {
        text += &format!("{length:6} {path}:{line} {name}\n");
    }
    text
}

fn functions(tree: &Tree) -> impl Iterator<Item = Function<'_>> {
    tree.ending(".rs").flat_map(|(path, text)| functions_of(path, text))
}

/// Reads what rustfmt has formatted: a function ends at the first `}` that is indented as its first line.
fn functions_of<'a>(path: &'a str, text: &'a str) -> Vec<Function<'a>> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let Some(name) = name_of(code) else { continue };
        let is_end = |line: &&str| {
            line.split_at_checked(indent)
                .is_some_and(|(before, code)| code.starts_with('}') && before.trim().is_empty())
        };
        let is_bodiless = code.ends_with(';') || code.ends_with('}');
        let length = match lines[at..].iter().position(is_end) {
            Some(end) if !is_bodiless => end + 1,
            _ => 1,
        };
        found.push(Function { path, line: at + 1, name, length });
    }
    found
}

/// The name of the function that this line begins, if it begins one.
fn name_of(code: &str) -> Option<&str> {
    let (before, behind) = code.split_once("fn ")?;
    let is_head = before
        .split_whitespace()
        .all(|word| word.starts_with("pub") || ["const", "async", "unsafe"].contains(&word));
    let name = behind.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (is_head && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_crept_is_found() {
        for (body, want) in [(68, 0), (69, 1), (70, 1), (71, 0)] {
            let body = "    x();\n".repeat(body);
            let text = format!("//! B.\nfn short() {{}}\npub(crate) fn long() {{\n{body}}}\n");
            let tree = Tree::of(&[("a.rs", &text)]);
            assert_eq!(check(&tree).len(), want, "{} lines", text.lines().count());
        }
    }
}
