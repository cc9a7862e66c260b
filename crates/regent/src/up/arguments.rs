//! What may be said to `regent up`.

use std::path::PathBuf;

/// Read arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) replicas: usize,
    pub(super) keys: u64,
    /// Where to keep files; none: a temporary folder that is removed in the end.
    pub(super) folder: Option<PathBuf>,
    /// End once everything was shown.
    pub(super) once: bool,
}

const HELP: &str = "\
Usage: regent up [--replicas <count>] [--keys <count>] [--dir <folder>] [--once]

Starts a master and its replicas (2) on free local ports, loads keys (100000) into the master, shows them arriving,
and runs until Ctrl-C, or until that was shown with --once.
";

/// Reads them; otherwise what to tell the user.
pub(super) fn parse(words: &[Vec<u8>]) -> Result<Arguments, String> {
    let mut arguments = Arguments { replicas: 2, keys: 100_000, folder: None, once: false };
    let mut words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
    while let Some(word) = words.next() {
        let mut value = |max: u64| {
            let text = words.next().unwrap_or_default();
            let number = text.parse::<u64>().ok().filter(|number| *number <= max);
            number.ok_or_else(|| format!("{word}: not a number up to {max}: '{text}'\n\n{HELP}"))
        };
        match word.as_str() {
            "--replicas" => arguments.replicas = value(50)? as usize,
            "--keys" => arguments.keys = value(1_000_000_000)?,
            "--once" => arguments.once = true,
            "--dir" => match words.next() {
                Some(folder) => arguments.folder = Some(PathBuf::from(folder)),
                None => return Err(format!("--dir: which folder?\n\n{HELP}")),
            },
            "--help" | "-h" => return Err(HELP.to_owned()),
            _ => return Err(format!("unknown argument: {word}\n\n{HELP}")),
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Arguments, String> {
        let words: Vec<Vec<u8>> = line.split_whitespace().map(|word| word.into()).collect();
        parse(&words)
    }

    #[test]
    fn arguments_are_read_or_explained() {
        let all = parse_line("--replicas 3 --keys 10 --dir /x --once").expect("all are known");
        assert_eq!((all.replicas, all.keys, all.once), (3, 10, true));
        assert_eq!(all.folder, Some(PathBuf::from("/x")));
        assert_eq!(parse_line("").map(|it| it.replicas), Ok(2));
        for wrong in ["--keys", "--keys x", "--replicas 51", "--dir", "dance", "--help"] {
            assert!(parse_line(wrong).is_err_and(|text| text.contains("Usage")), "{wrong}");
        }
    }
}
