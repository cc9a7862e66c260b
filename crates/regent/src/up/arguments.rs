//! What may be said to `regent up`.

use std::path::PathBuf;

/// Read arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) replicas: usize,
    pub(super) sentinels: usize,
    /// The first server's port, the others behind it; Sentinels from 20,000 above. None: whatever is free.
    pub(super) port: Option<u16>,
    pub(super) password: String,
    pub(super) down_after_ms: u64,
    pub(super) keys: u64,
    /// Where to keep files; none: a temporary folder that is removed in the end.
    pub(super) folder: Option<PathBuf>,
    /// Who dies is started again.
    pub(super) restart: bool,
    /// Kill the master and show what happens, then end.
    pub(super) demo: bool,
    /// End once everything was shown.
    pub(super) once: bool,
}

const HELP: &str = "\
Usage: regent up [options]

Starts a self-healing group on this machine: a master, its replicas, and Sentinels that watch them. Loads some keys,
shows them arriving, and then who is what, until Ctrl-C.

  --replicas <count>     replicas of the master (2)
  --sentinels <count>    Sentinels (3); none for a group that does not heal
  --port <port>          the master's, replicas behind it, Sentinels from 20000 above (free ports)
  --dir <folder>         where files are kept; the next start goes on from there (a temporary folder)
  --password <word>      what clients, replicas and Sentinels have to say (none)
  --down-after <ms>      how long an instance may be silent before it counts as down (1000)
  --keys <count>         how many keys to load at first (100000)
  --no-restart           leave a member that died dead, instead of starting it again after three seconds
  --demo                 write a counter, kill the master, show the failover and what was lost, and end
  --once                 end once everything is up and was shown
";

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments {
            replicas: 2,
            sentinels: 3,
            port: None,
            password: String::new(),
            down_after_ms: 1000,
            keys: 100_000,
            folder: None,
            restart: true,
            demo: false,
            once: false,
        }
    }
}

/// Reads them; otherwise what to tell the user.
pub(super) fn parse(words: &[Vec<u8>]) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    let mut words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--no-restart" => arguments.restart = false,
            "--demo" => arguments.demo = true,
            "--once" => arguments.once = true,
            "--help" | "-h" => return Err(HELP.to_owned()),
            _ => {
                let value = words.next().ok_or_else(|| {
                    let known = HELP.contains(&format!("  {word} <"));
                    let what = if known { "what value?" } else { "unknown argument" };
                    format!("{word}: {what}\n\n{HELP}")
                })?;
                set(&mut arguments, &word, &value)?;
            }
        }
    }
    Ok(arguments)
}

fn set(arguments: &mut Arguments, word: &str, value: &str) -> Result<(), String> {
    let number = |max: u64| {
        let number = value.parse::<u64>().ok().filter(|number| *number <= max);
        number.ok_or_else(|| format!("{word}: not a number up to {max}: '{value}'\n\n{HELP}"))
    };
    match word {
        "--replicas" => arguments.replicas = number(50)? as usize,
        "--sentinels" => arguments.sentinels = number(50)? as usize,
        "--keys" => arguments.keys = number(1_000_000_000)?,
        "--down-after" => arguments.down_after_ms = number(3_600_000)?.max(1),
        "--port" => arguments.port = Some(number(45_000)? as u16),
        "--password" => arguments.password = value.to_owned(),
        "--dir" => arguments.folder = Some(PathBuf::from(value)),
        _ => return Err(format!("unknown argument: {word}\n\n{HELP}")),
    }
    Ok(())
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
        let line = "--replicas 3 --sentinels 5 --port 7000 --password x --down-after 500 --keys 10 --dir /x \
                    --no-restart --demo --once";
        let want = Arguments {
            replicas: 3,
            sentinels: 5,
            port: Some(7000),
            password: "x".to_owned(),
            down_after_ms: 500,
            keys: 10,
            folder: Some(PathBuf::from("/x")),
            restart: false,
            demo: true,
            once: true,
        };
        assert_eq!(parse_line(line), Ok(want));
        assert_eq!(parse_line(""), Ok(Arguments::default()));
        for wrong in ["--keys", "--keys x", "--replicas 51", "--dir", "dance", "dance 1", "--help"]
        {
            assert!(parse_line(wrong).is_err_and(|text| text.contains("Usage")), "{wrong}");
        }
    }
}
