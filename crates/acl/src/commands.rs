//! Which commands a selector lets a user run, and the rules that say so.
//!
//! # Design
//! Rules are applied in the order in which they are given, each to a set of commands; the set is what is asked, the
//! rules are what is shown and saved. They are kept as they were written, but for those that a later one makes void:
//! a rule about a command takes the place of earlier ones about it and its subcommands, one about a category of
//! earlier ones about that category. Applied anew, what is kept makes the same set.

use crate::catalog::{Catalog, Named, category};
use crate::rule::RuleError;
use command::Categories;
use std::collections::BTreeMap;

/// Some commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// Everything, what comes later included.
    all: bool,
    /// The rules below begin with all commands; otherwise with none.
    begins_with_all: bool,
    /// A bit for every command's number.
    bits: Vec<u64>,
    /// Commands that are allowed with some first words only.
    first_words: BTreeMap<u16, Vec<Vec<u8>>>,
    kept: Vec<Rule>,
}

/// A rule, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allows: bool,
    /// `get`, `config|get`, `select|0` or `@read`.
    what: Vec<u8>,
}

impl Commands {
    /// No command.
    pub const NONE: Commands = Commands {
        all: false,
        begins_with_all: false,
        bits: Vec::new(),
        first_words: BTreeMap::new(),
        kept: Vec::new(),
    };

    /// `+@all` or `-@all`: everything that was said before is void.
    pub(crate) fn set_all(&mut self, allows: bool, catalog: &Catalog) {
        let word = if allows { u64::MAX } else { 0 };
        *self = Commands {
            all: allows,
            begins_with_all: allows,
            bits: vec![word; catalog.len().div_ceil(64)],
            ..Commands::NONE
        };
    }

    /// True where every command is allowed, those that come later included.
    pub(crate) fn is_all(&self) -> bool {
        self.all
    }

    /// Reads a rule that begins with `+` or `-`, other than those about `@all`.
    pub(crate) fn apply(&mut self, rule: &[u8], catalog: &Catalog) -> Result<(), RuleError> {
        let (allows, what) = match rule {
            [b'+', what @ ..] => (true, what),
            [b'-', what @ ..] => (false, what),
            _ => return Err(RuleError::Syntax),
        };
        if let [b'@', name @ ..] = what {
            let category = category(name).ok_or(RuleError::Unknown)?;
            self.set_category(category, allows, catalog);
        } else if let (true, Some(bar)) = (allows, what.iter().rposition(|&byte| byte == b'|')) {
            self.allow_part(&what[..bar], &what[bar + 1..], catalog)?;
        } else {
            match catalog.find(what).ok_or(RuleError::Unknown)? {
                Named::Here(number) => self.set_command(number, allows, catalog),
                Named::Later => {}
            }
        }
        self.keep(allows, what);
        Ok(())
    }

    /// `+command|word`: a subcommand, or a command with just this first word.
    fn allow_part(
        &mut self,
        container: &[u8],
        word: &[u8],
        catalog: &Catalog,
    ) -> Result<(), RuleError> {
        let Named::Here(number) = catalog.find(container).ok_or(RuleError::Unknown)? else {
            return if word.is_empty() { Err(RuleError::Syntax) } else { Ok(()) };
        };
        let entry = catalog.entry(number);
        if entry.is_subcommand {
            return Err(RuleError::BehindSubcommand);
        }
        if word.is_empty() {
            return Err(RuleError::Syntax);
        }
        if entry.subcommands.is_empty() {
            let words = self.first_words.entry(number).or_default();
            if !words.iter().any(|it| it.eq_ignore_ascii_case(word)) {
                words.push(word.to_vec());
            }
            return Ok(());
        }
        let name = [container, b"|", word].concat();
        match catalog.find(&name).ok_or(RuleError::Unknown)? {
            Named::Here(number) => self.set_command(number, true, catalog),
            Named::Later => {}
        }
        Ok(())
    }

    fn set_category(&mut self, category: Categories, allows: bool, catalog: &Catalog) {
        for (number, entry) in catalog.entries() {
            if entry.categories.has(category) {
                self.set_command(number, allows, catalog);
            }
        }
    }

    /// A command, with all its subcommands.
    fn set_command(&mut self, number: u16, allows: bool, catalog: &Catalog) {
        self.set_bit(number, allows);
        self.first_words.remove(&number);
        for sub in &catalog.entry(number).subcommands {
            self.set_bit(*sub, allows);
        }
    }

    fn set_bit(&mut self, number: u16, allows: bool) {
        let (word, bit) = (usize::from(number) / 64, 1 << (number % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if allows {
            self.bits[word] |= bit;
        } else {
            self.bits[word] &= !bit;
            self.all = false;
        }
    }

    /// Remembers a rule, and forgets those that it makes void.
    fn keep(&mut self, allows: bool, what: &[u8]) {
        let what = what.to_ascii_lowercase();
        self.kept.retain(|it| {
            let rest = it.what.strip_prefix(what.as_slice());
            !rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'|')
        });
        self.kept.push(Rule { allows, what });
    }

    /// Whether the command of this number may be run, where `first` is the first word behind its name.
    pub(crate) fn allow(&self, number: u16, first: Option<&[u8]>) -> bool {
        let word = self.bits.get(usize::from(number) / 64).copied().unwrap_or_default();
        if self.all || word & 1 << (number % 64) != 0 {
            return true;
        }
        let (Some(words), Some(first)) = (self.first_words.get(&number), first) else {
            return false;
        };
        words.iter().any(|it| it.eq_ignore_ascii_case(first))
    }

    /// The rules that make this of nothing, with blanks between them.
    pub(crate) fn describe(&self) -> Vec<u8> {
        let mut text: Vec<u8> =
            if self.begins_with_all { b"+@all".into() } else { b"-@all".into() };
        for Rule { allows, what } in &self.kept {
            text.extend_from_slice(if *allows { b" +" } else { b" -" });
            text.extend_from_slice(what);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tests::catalog;
    use proptest::prelude::*;

    fn made_of(rules: &str) -> Result<Commands, RuleError> {
        let catalog = catalog();
        let mut commands = Commands::NONE;
        for rule in rules.split_whitespace() {
            match rule {
                "+@all" => commands.set_all(true, &catalog),
                "-@all" => commands.set_all(false, &catalog),
                rule => commands.apply(rule.as_bytes(), &catalog)?,
            }
        }
        Ok(commands)
    }

    fn text(commands: &Commands) -> String {
        String::from_utf8(commands.describe()).expect("text")
    }

    #[test]
    fn rules_are_shown_without_those_that_are_void() {
        for (rules, want) in [
            ("", "-@all"),
            ("+get -@all", "-@all"),
            ("+@all -config|get +@all", "+@all"),
            ("+GET +get", "-@all +get"),
            ("+get -set +set -get", "-@all +set -get"),
            ("+config|get +config|set +config", "-@all +config"),
            ("+config +config|get -config|set +config", "-@all +config"),
            ("+@read +@fast +@write +@fast +@READ", "-@all +@write +@fast +@read"),
            ("+@all -@read +@read", "+@all +@read"),
            ("+select|0 +select|0 +select", "-@all +select"),
            ("+select|0", "-@all +select|0"),
            ("+xadd -xinfo|stream +xinfo|Stream", "-@all +xadd +xinfo|stream"),
        ] {
            assert_eq!(made_of(rules).map(|it| text(&it)).as_deref(), Ok(want), "{rules}");
        }
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for (rule, error) in [
            ("+nothing", RuleError::Unknown),
            ("-config|nothing", RuleError::Unknown),
            ("+config|nothing", RuleError::Unknown),
            ("+@nothing", RuleError::Unknown),
            ("-select|0", RuleError::Unknown),
            ("+get|a|b", RuleError::Unknown),
            ("+config|get|dir", RuleError::BehindSubcommand),
            ("+select|", RuleError::Syntax),
            ("+xadd|", RuleError::Syntax),
        ] {
            assert_eq!(made_of(rule), Err(error), "{rule}");
        }
    }

    #[test]
    fn the_set_follows_the_rules_in_order() {
        for (rules, allowed, denied) in [
            ("+get", &[0][..], &[1, 10, 11][..]),
            ("+config", &[10, 11, 12], &[0]),
            ("+config -config|set", &[10, 11], &[12]),
            ("+config|get", &[11], &[10, 12]),
            ("+@all -@write", &[0, 10], &[1, 2]),
            ("+@all -set +set", &[0, 1], &[]),
        ] {
            let commands = made_of(rules).expect("rules");
            allowed.iter().for_each(|it| assert!(commands.allow(*it, None), "{rules} {it}"));
            denied.iter().for_each(|it| assert!(!commands.allow(*it, None), "{rules} {it}"));
        }
        let select = made_of("+select|0").expect("a first word");
        assert!(select.allow(6, Some(b"0")) && !select.allow(6, Some(b"1")));
        assert!(!made_of("+select|0 -select").expect("rules").allow(6, Some(b"0")));
        assert!(made_of("+@all").expect("rules").is_all());
        assert!(!made_of("+@all -get +get").expect("rules").is_all());
    }

    proptest! {
        #[test]
        fn what_is_shown_makes_the_same_set(rules in proptest::collection::vec(
            proptest::sample::select(vec![
                "+@all", "-@all", "+get", "-get", "+@read", "-@read", "+@write", "+config", "-config",
                "+config|get", "-config|set", "+select|0", "+select|1", "+select", "-select", "-@slow", "+xadd",
            ]), 0..12,
        )) {
            let first = made_of(&rules.join(" ")).expect("rules");
            let again = made_of(&text(&first)).expect("rules");
            prop_assert_eq!(text(&first), text(&again));
            for number in 0..13 {
                for word in [None, Some(&b"0"[..]), Some(&b"1"[..])] {
                    prop_assert_eq!(first.allow(number, word), again.allow(number, word), "{:?}", rules);
                }
            }
        }
    }
}
