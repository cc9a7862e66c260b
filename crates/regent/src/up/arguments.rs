//! What may be said to `regent up`.

use std::path::PathBuf;

/// Read arguments. What is none was not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) replicas: Option<usize>,
    pub(super) sentinels: Option<usize>,
    /// The first server's port, the others behind it; Sentinels from 20,000 above. None: whatever is free.
    pub(super) port: Option<u16>,
    pub(super) password: Option<String>,
    pub(super) down_after_ms: Option<u64>,
    pub(super) keys: Option<u64>,
    /// Where to keep files; none: a temporary folder that is removed in the end.
    pub(super) folder: Option<PathBuf>,
    /// A member that died stays dead.
    pub(super) no_restart: bool,
    /// Kill the master and show what happens, then end.
    pub(super) demo: bool,
    /// End once everything was shown.
    pub(super) once: bool,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Run(Arguments),
    Help,
    /// A sentence.
    Wrong(String),
}

pub(super) const USAGE: &str = "Usage: regent up [options]   (regent up --help lists them)";

pub(super) const HELP: &str = "\
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
  --help                 this text

At the end every server saves its data. One that cannot (a full disk) is asked again, then left running and named, and
the status is 1. A second Ctrl-C leaves the members to themselves.
";

impl Arguments {
    pub(super) fn replicas(&self) -> usize {
        self.replicas.unwrap_or(2)
    }

    pub(super) fn sentinels(&self) -> usize {
        self.sentinels.unwrap_or(3)
    }

    pub(super) fn password(&self) -> &str {
        self.password.as_deref().unwrap_or_default()
    }

    pub(super) fn down_after_ms(&self) -> u64 {
        self.down_after_ms.unwrap_or(1000)
    }

    pub(super) fn keys(&self) -> u64 {
        self.keys.unwrap_or(100_000)
    }

    /// The options that make a new group, and say nothing to one that is there.
    pub(super) fn only_for_a_new_group(&self) -> Vec<&'static str> {
        let all = [
            ("--replicas", self.replicas.is_some()),
            ("--sentinels", self.sentinels.is_some()),
            ("--port", self.port.is_some()),
            ("--down-after", self.down_after_ms.is_some()),
            ("--keys", self.keys.is_some()),
        ];
        all.into_iter().filter_map(|(name, is_said)| is_said.then_some(name)).collect()
    }
}

/// Reads them.
pub(super) fn parse(words: &[Vec<u8>]) -> Asked {
    match read(words) {
        Ok(Some(arguments)) => Asked::Run(arguments),
        Ok(None) => Asked::Help,
        Err(what) => Asked::Wrong(what),
    }
}

/// None where help is asked for.
fn read(words: &[Vec<u8>]) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments::default();
    let mut words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--no-restart" => arguments.no_restart = true,
            "--demo" => arguments.demo = true,
            "--once" => arguments.once = true,
            "--help" | "-h" => return Ok(None),
            _ if !HELP.contains(&format!("  {word} <")) => {
                return Err(format!("unknown argument: {word}"));
            }
            _ => {
                let value = words.next().ok_or_else(|| format!("{word}: what value?"))?;
                set(&mut arguments, &word, &value)?;
            }
        }
    }
    if arguments.demo && (arguments.replicas() == 0 || arguments.sentinels() == 0) {
        return Err("--demo needs a replica and Sentinels".to_owned());
    }
    let last_port = |first: u16, count: usize| u64::from(first) + count as u64;
    if let Some(first) = arguments.port {
        let above = u64::from(super::group::ABOVE);
        let end = last_port(first, arguments.replicas())
            .max(above + last_port(first, arguments.sentinels()));
        if end > u64::from(u16::MAX) {
            return Err(format!(
                "--port: there is no port {end}, which the last member would have"
            ));
        }
    }
    Ok(Some(arguments))
}

fn set(arguments: &mut Arguments, word: &str, value: &str) -> Result<(), String> {
    let number = |min: u64, max: u64| {
        let number = value.parse::<u64>().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| format!("{word}: not a number from {min} to {max}: '{value}'"))
    };
    match word {
        "--replicas" => arguments.replicas = Some(number(0, 50)? as usize),
        "--sentinels" => arguments.sentinels = Some(number(0, 50)? as usize),
        "--keys" => arguments.keys = Some(number(0, 1_000_000_000)?),
        "--down-after" => arguments.down_after_ms = Some(number(1, 3_600_000)?),
        "--port" => arguments.port = Some(number(1, 45_500)? as u16),
        "--password" => arguments.password = Some(value.to_owned()),
        "--dir" => arguments.folder = Some(PathBuf::from(value)),
        _ => return Err(format!("unknown argument: {word}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Asked {
        let words: Vec<Vec<u8>> = line.split_whitespace().map(|word| word.into()).collect();
        parse(&words)
    }

    #[test]
    fn arguments_are_read_or_explained() {
        let line = "--replicas 3 --sentinels 5 --port 7000 --password x --down-after 500 --keys 10 --dir /x \
                    --no-restart --demo --once";
        let want = Arguments {
            replicas: Some(3),
            sentinels: Some(5),
            port: Some(7000),
            password: Some("x".to_owned()),
            down_after_ms: Some(500),
            keys: Some(10),
            folder: Some(PathBuf::from("/x")),
            no_restart: true,
            demo: true,
            once: true,
        };
        assert_eq!(parse_line(line), Asked::Run(want));
        assert_eq!(parse_line(""), Asked::Run(Arguments::default()));
        assert_eq!(parse_line("--once --help"), Asked::Help);
        for wrong in [
            "--keys",
            "--keys x",
            "--replicas 51",
            "--dir",
            "dance",
            "dance 1",
            "--port 0",
            "--down-after 0",
            "--demo --replicas 0",
            "--demo --sentinels 0",
            "--port 45500 --sentinels 50",
        ] {
            let Asked::Wrong(what) = parse_line(wrong) else { panic!("{wrong} is taken") };
            assert_eq!(what.lines().count(), 1, "{what}");
        }
    }
}
