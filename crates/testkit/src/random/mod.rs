//! Random commands, made from phrases: what a user could type, with few keys and odd values, so that they meet.
//!
//! *The phrases.* A word in capitals of one letter (and the likes of `K2`) stands for something made up, see
//! [`Random::word`]; any other word for itself. `(a|b c)` is one of these, `[a|b]` one of these or nothing, and `+`
//! after either, or after a word, repeats it one to four times. `*` repeats it as often as the last such number said.

mod phrases;

use stdx::Prng;

pub use phrases::Family;

/// Makes commands. The same seed makes the same ones.
pub struct Random {
    prng: Prng,
    families: Vec<Family>,
    /// Scores and increments are whole numbers, and times are far away or near but never malformed.
    is_plain: bool,
    last_count: u64,
}

impl Random {
    /// Commands of `families` with anything in them, much of it wrong.
    pub fn odd(seed: u64, families: &[Family]) -> Random {
        Random { prng: Prng::new(seed), families: families.into(), is_plain: false, last_count: 1 }
    }

    /// Commands of `families` most of which work, with numbers that every version prints in one way.
    pub fn plain(seed: u64, families: &[Family]) -> Random {
        Random { is_plain: true, ..Random::odd(seed, families) }
    }

    /// The next command.
    pub fn command(&mut self) -> Vec<Vec<u8>> {
        // Now and then all begins anew.
        if self.prng.chance(1, 300) {
            return vec![self.one(&["FLUSHDB", "FLUSHALL"]).as_bytes().to_vec()];
        }
        let family = *self.one(&self.families.clone());
        let phrase = *self.one(family.phrases());
        let mut words = Vec::new();
        self.expand(phrase, &mut words);
        words
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.prng.below(n)
    }

    fn one<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.prng.below(among.len() as u64) as usize]
    }

    fn expand(&mut self, phrase: &str, words: &mut Vec<Vec<u8>>) {
        for item in split(phrase, ' ') {
            let (item, times) = match item.as_bytes().last() {
                Some(b'+') if item.len() > 1 => (&item[..item.len() - 1], 1 + self.prng.below(4)),
                Some(b'*') if item.len() > 1 => (&item[..item.len() - 1], self.last_count),
                _ => (item, 1),
            };
            let inner = item.get(1..item.len().saturating_sub(1)).unwrap_or_default();
            for _ in 0..times {
                match item.as_bytes().first() {
                    Some(b'[') if self.prng.chance(2, 3) => {}
                    Some(b'(' | b'[') => {
                        let choice = *self.one(&split(inner, '|'));
                        self.expand(choice, words);
                    }
                    _ => self.word(item, words),
                }
            }
        }
    }

    /// What a word of a phrase stands for.
    fn word(&mut self, word: &str, words: &mut Vec<Vec<u8>>) {
        let made = match word {
            "K" => format!("k{}", self.prng.below(6)),
            // How many keys, and the keys.
            "KS" => {
                self.last_count = 1 + self.prng.below(3);
                words.push(self.last_count.to_string().into());
                for _ in 0..self.last_count {
                    let key = format!("k{}", self.prng.below(6));
                    words.push(key.into());
                }
                return;
            }
            "F" => format!("f{}", self.prng.below(5)),
            "V" => self.value(),
            "M" => self.member(),
            "I" => self.between(-8, 8).to_string(),
            "C" => self.prng.below(5).to_string(),
            "N" => self.number(),
            "S" => self.score(),
            "B" => format!("{}{}", self.one(&["", "", "("]).to_owned(), self.score()),
            "L" => match self.prng.below(4) {
                0 => (*self.one(&["-", "+"])).to_owned(),
                1 => format!("[{}", self.between(0, 20)),
                _ => format!("{}{}", self.one(&["[", "("]).to_owned(), self.letter()),
            },
            "T" => self.time(1),
            "P" => self.time(1000),
            // A longitude, a latitude, and how far it is from somewhere.
            "X" => self.degrees(180),
            "Y" => self.degrees(85),
            "D" => self.distance(),
            // A sorting key pattern and the like are literal; a glob is one of these.
            "G" => (*self.one(&["*", "k?", "k[1-3]", "f[^1]*", "x*", "[a-c]*"])).to_owned(),
            word => word.to_owned(),
        };
        words.push(made.into_bytes());
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        least + self.prng.below((most - least + 1) as u64) as i64
    }

    fn letter(&mut self) -> char {
        char::from(b'a' + self.prng.below(10) as u8)
    }

    fn value(&mut self) -> String {
        let odd = ["", " 1", "01", "1e3", "3.5", "-0", "+1", "hello world", "9223372036854775807"];
        match self.prng.below(6) {
            0 => (*self.one(&odd)).to_owned(),
            1 => "x".repeat(self.prng.below(100) as usize),
            2 => self.letter().to_string(),
            _ => self.between(-200, 200).to_string(),
        }
    }

    fn member(&mut self) -> String {
        match self.prng.below(10) {
            0 => "y".repeat(60 + self.prng.below(10) as usize),
            1 => self.between(-(1 << 60), 1 << 60).to_string(),
            2 => (*self.one(&["007", "-0", "1.5", "+1", ""])).to_owned(),
            3..6 => self.letter().to_string(),
            _ => self.between(-20, 20).to_string(),
        }
    }

    fn number(&mut self) -> String {
        if self.is_plain {
            return self.between(-9, 9).to_string();
        }
        let odd =
            ["0", "abc", "", "9223372036854775807", "-9223372036854775808", "2.5", "0.1", "nan"];
        match self.prng.below(3) {
            0 => (*self.one(&odd)).to_owned(),
            _ => self.between(-100, 100).to_string(),
        }
    }

    /// A score. Not `-0`: whether a small set that grows keeps its sign is not the same in all versions.
    fn score(&mut self) -> String {
        match self.prng.below(8) {
            0 if !self.is_plain => (*self.one(&["inf", "-inf", "1e3", "x", "nan"])).to_owned(),
            1..3 if !self.is_plain => format!("{}.25", self.between(-20, 20)),
            _ => self.between(-9, 9).to_string(),
        }
    }

    /// Degrees with six digits behind the point, often near those of others.
    fn degrees(&mut self, most: i64) -> String {
        let most = if self.prng.chance(1, 2) { 3 } else { most - 1 };
        let whole = self.between(-most, most);
        format!("{whole}.{:06}", self.prng.below(1_000_000))
    }

    fn distance(&mut self) -> String {
        let most = *self.one(&[1, 10, 100, 1000, 30_000]);
        format!("{}.{}", self.prng.below(most), self.prng.below(1000))
    }

    /// A span of time: long, or so short that it ends during the test, in units of a thousandth of `unit` seconds.
    fn time(&mut self, unit: u64) -> String {
        let odd = ["0", "-1", "abc", "9223372036854775807", ""];
        match self.prng.below(4) {
            0 if !self.is_plain => (*self.one(&odd)).to_owned(),
            1 if self.is_plain && unit > 1 => (1 + self.prng.below(40)).to_string(),
            _ => ((100 + self.prng.below(1000)) * unit).to_string(),
        }
    }
}

/// Cuts at `mark` outside of brackets.
fn split(phrase: &str, mark: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut depth) = (0, 0);
    for (at, letter) in phrase.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            letter if letter == mark && depth == 0 => {
                parts.push(&phrase[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&phrase[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_become_commands() {
        let mut random = Random::odd(1, &[Family::Strings]);
        let mut words = Vec::new();
        random.expand("SET K (NX|EX 9) x+ [[a]]", &mut words);
        let text: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
        assert_eq!((&*text[0], &text[1][..1]), ("SET", "k"));
        assert!(text[2] == "NX" || (text[2] == "EX" && text[3] == "9"), "{text:?}");
        assert!(text.contains(&"x".into()), "{text:?}");
        words.clear();
        random.expand("ZUNION KS WEIGHTS 1*", &mut words);
        let keys: usize = String::from_utf8_lossy(&words[1]).parse().expect("a number");
        assert_eq!(words.len(), 3 + 2 * keys);
    }

    #[test]
    fn the_same_seed_makes_the_same_commands() {
        let run = |seed| {
            let mut random = Random::plain(seed, Family::ALL);
            (0..100).map(|_| random.command()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
