//! Temporary files that killed processes have left behind: removed at the start, so that a crash loop does not fill the
//! disk.
//!
//! Several servers may share a folder, and some of them may run in another container, where processes have other numbers.
//! So a file is removed only if everything speaks for it: its name is one that we give, no process of the number in the
//! name runs, it was not written to for a while, and nobody has it open for writing.

use std::path::{Path, PathBuf};

use config::Config;
use sys::file::{self, File};
use sys::process;

use super::say::Say;

/// What was written to so lately may be about to get its name.
const AGE_SECS_MIN: u64 = 60;

/// Removes what is left of others in the folder of the data, and beside the files that are written anew as a whole.
pub(crate) fn remove(say: &Say, config: &Config) {
    let mut removed = Vec::new();
    let here = file::absolute(".");
    removed.extend(remove_in(&here, snapshot_pid));
    let values = &config.values;
    let replaced = [config.file.clone().unwrap_or_default(), values.text("aclfile")];
    for path in replaced.iter().filter(|path| !path.is_empty()).map(file::absolute) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { continue };
        let name = name.to_string_lossy().into_owned();
        removed.extend(remove_in(folder, |it| replaced_pid(&name, it)));
    }
    for path in removed {
        say.notice(&format!("Removed {}, which a process left behind", path.display()));
    }
}

fn remove_in(folder: &Path, pid_of: impl Fn(&str) -> Option<u32>) -> Vec<PathBuf> {
    let files = file::list(folder).unwrap_or_default();
    let ours = files.iter().filter_map(|(name, _)| Some((folder.join(name), pid_of(name)?)));
    ours.filter(|(path, pid)| is_left_behind(path, *pid) && file::remove(path).is_ok())
        .map(|(path, _)| path)
        .collect()
}

fn is_left_behind(path: &Path, pid: u32) -> bool {
    if pid == sys::facts::pid() || process::is_running(pid) {
        return false;
    }
    File::open(path)
        .is_ok_and(|file| file.age_secs().is_ok_and(|age| age >= AGE_SECS_MIN) && file.claim())
}

/// The process in the name of a snapshot that is not whole: `temp-PID-RUNID-NUMBER.rdb`.
fn snapshot_pid(name: &str) -> Option<u32> {
    let words: Vec<&str> = name.strip_prefix("temp-")?.strip_suffix(".rdb")?.split('-').collect();
    let [pid, run_id, number] = words[..] else { return None };
    let is_run_id = run_id.len() == 40 && run_id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_run_id && number.parse::<u64>().is_ok()).then(|| pid.parse().ok()).flatten()
}

/// The process in the name of what was to become the file `name`: `NAME-PID.tmp`.
fn replaced_pid(name: &str, temporary: &str) -> Option<u32> {
    let pid = temporary.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(".tmp")?;
    pid.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_give_are_ours() {
        let id = "a1".repeat(20);
        for (name, want) in [
            (format!("temp-7-{id}-1.rdb"), Some(7)),
            (format!("temp-7-{id}-x.rdb"), None),
            (format!("temp-x-{id}-1.rdb"), None),
            (format!("temp-7-{id}.rdb"), None),
            ("temp-7.rdb".to_owned(), None),
            ("temp-1700000000.7.rdb".to_owned(), None),
            ("dump.rdb".to_owned(), None),
        ] {
            assert_eq!(snapshot_pid(&name), want, "{name}");
        }
        assert_eq!(replaced_pid("a.conf", "a.conf-12.tmp"), Some(12));
        for other in ["a.conf", "a.conf-x.tmp", "b.conf-12.tmp", "a.conf-12.tmp.bak"] {
            assert_eq!(replaced_pid("a.conf", other), None, "{other}");
        }
    }
}
