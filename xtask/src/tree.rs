//! The files of the repository, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Text files by path relative to the root, with `/` on every system; other files by their size.
pub(crate) struct Tree {
    pub(crate) root: PathBuf,
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) sizes: BTreeMap<String, u64>,
}

/// Folders that are not ours to judge.
const SKIPPED: &[&str] = &["target", ".git", "out", "vendor"];

/// Files whose text some rule looks at.
const TEXTS: &[&str] = &["rs", "md", "toml"];

impl Tree {
    /// The repository that this program was built from.
    pub(crate) fn of_workspace() -> Tree {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the root");
        let mut tree =
            Tree { root: root.to_owned(), texts: BTreeMap::new(), sizes: BTreeMap::new() };
        tree.read(root);
        tree
    }

    /// A made-up repository.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        let texts = files.iter().map(|(path, text)| (path.to_string(), text.to_string()));
        Tree { root: PathBuf::new(), texts: texts.collect(), sizes: BTreeMap::new() }
    }

    fn read(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("the kind of an entry");
            if kind.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    self.read(&path);
                }
                continue;
            }
            let relative = path.strip_prefix(&self.root).expect("below the root");
            let relative = relative.to_string_lossy().replace('\\', "/");
            self.sizes.insert(relative.clone(), entry.metadata().map_or(0, |data| data.len()));
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if TEXTS.contains(&extension.as_str()) {
                // A file that vanishes while we look, such as an editor's, is none of ours.
                let text = std::fs::read(&path).unwrap_or_default();
                self.texts.insert(relative, String::from_utf8_lossy(&text).into_owned());
            }
        }
    }

    /// The files whose path ends so.
    pub(crate) fn ending(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .filter(move |(path, _)| path.ends_with(end))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// True if `path` is a file or a folder of the repository.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        let names = || self.sizes.keys().chain(self.texts.keys());
        path.is_empty() || names().any(|name| name == path || name.starts_with(&inside))
    }
}
