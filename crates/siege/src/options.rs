//! What the user asked for.

use crate::attacks;

/// How to call the program.
pub const USAGE: &str = "\
usage: regent-siege --bin PATH [--seconds N] [--seed N] [--only ATTACK]... [--latency told]

  --bin PATH        the regent binary to besiege
  --seconds N       how long the hostile clients are there (60)
  --seed N          what they choose from (1)
  --only ATTACK     this attack, instead of all; may be repeated
  --latency told    report latencies without judging them: for builds and machines that are not fit to be measured";

/// The choices.
#[derive(Clone, Debug)]
pub struct Options {
    /// Our binary.
    pub bin: String,
    /// How long hostile clients are there.
    pub seconds: u64,
    /// What they choose from.
    pub seed: u64,
    /// The names of the attacks; empty for all.
    pub only: Vec<String>,
    /// Whether latencies have a bound.
    pub judges_latency: bool,
}

impl Options {
    /// The options among `words`; none where they cannot be understood.
    pub fn read(mut words: impl Iterator<Item = String>) -> Option<Options> {
        let mut options = Options {
            bin: String::new(),
            seconds: 60,
            seed: 1,
            only: Vec::new(),
            judges_latency: true,
        };
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word.as_str() {
                "--bin" => options.bin = value,
                "--seconds" => options.seconds = value.parse().ok()?,
                "--seed" => options.seed = value.parse().ok()?,
                "--only" => {
                    attacks::ALL.iter().find(|attack| attack.name == value)?;
                    options.only.push(value);
                }
                "--latency" if value == "told" => options.judges_latency = false,
                _ => return None,
            }
        }
        (!options.bin.is_empty()).then_some(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let read = |line: &str| Options::read(line.split(' ').map(str::to_owned));
        let options = read("--seconds 5 --bin x --only deaf --only greetings --latency told");
        let options = options.expect("these are options");
        assert_eq!((options.seconds, options.bin.as_str(), options.seed), (5, "x", 1));
        assert_eq!(
            (options.only, options.judges_latency),
            (vec!["deaf".into(), "greetings".into()], false)
        );
        for line in
            ["--seconds 5", "--bin x --only nosuch", "--bin x --seconds", "--bin x --latency x"]
        {
            assert!(read(line).is_none(), "{line}");
        }
    }
}
