//! The configuration file seen from outside: files that Redis shipped, and files that Redis's Sentinel writes.

mod peer;

use config::{CommandLine, Config, Host, LoadError};
use sentinel::state::{Saved, directives, recover};

/// A folder as [`config::load`] wants it.
struct Folder<'a> {
    path: &'a str,
}

impl Host for Folder<'_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = std::fs::read(format!("{}/{path}", self.path));
        bytes.map(|bytes| recover(&bytes).into_owned()).map_err(|error| error.to_string())
    }

    fn glob(&mut self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn change_dir(&mut self, path: &str) -> Result<String, String> {
        Ok(path.to_owned())
    }
}

/// What `s.conf` in the folder says.
fn load(path: &str) -> Result<(Config, Saved), LoadError> {
    let args = ["s.conf", "--sentinel"].map(|arg| arg.as_bytes().to_vec());
    let config = config::load(&CommandLine::parse(&args), &mut Folder { path })?;
    let (saved, _) = directives::read(&config.sentinel, &mut |path| path.starts_with("/bin/"))?;
    Ok((config, saved))
}

/// The files that Redis shipped are not ours to ship; where they are at hand, every one of them must load.
#[test]
fn stock_files_load_unmodified() {
    let Ok(samples) = std::env::var("REGENT_COMPAT_DIR") else {
        eprintln!("skipped: REGENT_COMPAT_DIR is not set");
        return;
    };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    for version in ["3.0", "3.2", "4.0", "6.2", "7.0", "7.2"] {
        let sample = format!("{samples}/conf/sentinel-{version}.conf");
        std::fs::copy(sample, scratch.path().join("s.conf")).expect("a sample");
        let (config, saved) = load(&scratch.path().to_string_lossy())
            .unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!(config.values.integer("port"), 26379);
        assert_eq!(saved.groups.len(), 1);
        let group = &saved.groups[0];
        assert_eq!((group.name.as_str(), group.quorum), ("mymaster", 2));
        assert_eq!((group.host.as_str(), group.port), ("127.0.0.1", 6379));
    }
}
