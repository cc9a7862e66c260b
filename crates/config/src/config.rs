//! A server's configuration: the values, where they came from, and the mechanics of CONFIG GET and CONFIG SET.

use crate::load::SentinelLine;
use crate::{Included, Mutability, Param, ParamId, Refusal, Value, Values};
use std::collections::BTreeSet;
use std::fmt;
use stdx::glob;

/// Everything that configuration says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What every parameter is set to.
    pub values: Values,
    /// What the program was called as: `{title}` in `proc-title-template`.
    pub program: String,
    /// The file that CONFIG REWRITE writes, as given; whoever loads makes it absolute before the folder changes.
    pub file: Option<String>,
    /// `rename-command` lines, in order: old name, new name or nothing.
    pub renames: Vec<(Vec<u8>, Vec<u8>)>,
    /// `user` lines, in order, one for each user: a name, and rules.
    pub users: Vec<Vec<Vec<u8>>>,
    /// What files set that the file includes.
    pub included: Included,
    /// `sentinel` lines, in order; empty unless the program is a Sentinel.
    pub sentinel: Vec<SentinelLine>,
    /// The program is a Sentinel.
    pub is_sentinel: bool,
}

/// Who asks for a change, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// The client is on this machine.
    pub is_local: bool,
    /// The dataset is being read.
    pub is_loading: bool,
}

/// Why CONFIG SET is refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// There is no parameter of this name.
    Unknown(Vec<u8>),
    /// One of the parameters cannot be set while the dataset is being read.
    Loading,
    /// This parameter is to blame; the name has the spelling that was given, or that of the row.
    Failed { name: Vec<u8>, reason: Refusal },
}

impl SetError {
    /// A parameter whose owner could not put the new value into effect.
    pub fn failed(param: &Param, reason: impl Into<Refusal>) -> SetError {
        SetError::Failed { name: param.name.into(), reason: reason.into() }
    }

    /// The error reply without its dash.
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        match self {
            SetError::Unknown(name) => {
                text.extend(b"ERR Unknown option or number of arguments for CONFIG SET - '");
                text.extend(name);
                text.push(b'\'');
            }
            SetError::Loading => text.extend(b"LOADING Redis is loading the dataset in memory"),
            SetError::Failed { name, reason } => {
                text.extend(b"ERR CONFIG SET failed (possibly related to argument '");
                text.extend(name);
                text.extend(b"') - ");
                text.extend(reason.as_bytes());
            }
        }
        text
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

/// New values that have been checked and not yet been put in place, or old ones to go back to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Staged {
    changes: Vec<(ParamId, Value)>,
}

impl Staged {
    /// The parameters that get another value, in the order given.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + '_ {
        self.changes.iter().map(|(id, _)| *id)
    }

    /// The value that is waiting for `name`, which may be either spelling.
    pub fn value(&self, values: &Values, name: &str) -> Option<&Value> {
        let wanted = values.registry().find(name.as_bytes())?;
        self.changes.iter().find(|(id, _)| *id == wanted).map(|(_, value)| value)
    }

    /// True where every parameter already has the value asked for.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Config {
    /// The row called `name`, by either spelling.
    pub fn param(&self, name: &[u8]) -> Option<&'static Param> {
        let registry = self.values.registry();
        registry.find(name).map(|id| registry.param(id))
    }

    /// CONFIG GET: each parameter that one of the patterns names, once, with its value. An exact name is shown as
    /// it was typed; a pattern shows both spellings where both match.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let registry = self.values.registry();
        let mut shown: Vec<(Vec<u8>, ParamId)> = Vec::new();
        // By any spelling: there may be as many patterns as a request has words.
        let mut seen = BTreeSet::new();
        let mut show = |name: &[u8], id| {
            if seen.insert(name.to_ascii_lowercase()) {
                shown.push((name.to_vec(), id));
            }
        };
        for pattern in patterns {
            if !pattern.iter().any(|byte| b"[*?".contains(byte)) {
                if let Some(id) = registry.find(pattern) {
                    show(pattern, id);
                }
                continue;
            }
            for id in registry.ids() {
                let param = registry.param(id);
                for name in [Some(param.name), param.alias].into_iter().flatten() {
                    if !param.hidden && glob::matches_ignoring_case(pattern, name.as_bytes()) {
                        show(name.as_bytes(), id);
                    }
                }
            }
        }
        let value = |id| self.values.get(id).text(registry.param(id));
        shown.into_iter().map(|(name, id)| (name, value(id))).collect()
    }

    /// The first half of CONFIG SET: looks up, checks and reads all pairs of name and value, or refuses them all.
    /// What comes back is passed to [`Config::swap`] once the owners agree.
    pub fn stage(&self, pairs: &[(&[u8], &[u8])], asker: Asker) -> Result<Staged, SetError> {
        let ids = self.find_changeable(pairs, asker)?;
        let mut staged = Staged::default();
        for (id, (name, text)) in ids.into_iter().zip(pairs) {
            let param = self.values.registry().param(id);
            let failed = |reason| SetError::Failed { name: name.to_ascii_lowercase(), reason };
            let words: Vec<Vec<u8>> = match param.kind.takes_several() {
                true => text.split(|&byte| byte == b' ').map(<[u8]>::to_vec).collect(),
                false => vec![text.to_vec()],
            };
            let value = Value::parse(param, &words, self.values.get(id)).map_err(failed)?;
            if value == *self.values.get(id) && !param.always_applied {
                continue;
            }
            let switches_on = value != crate::registry::default_of(param);
            if let Some(feature) = param.later.filter(|_| switches_on) {
                return Err(failed(format!("{feature} is not in this version of Regent").into()));
            }
            staged.changes.push((id, value));
        }
        Ok(staged)
    }

    /// Looks all names up before any value is read, and says what is wrong in Redis's order of precedence: a
    /// parameter that is refused while loading first, then the first name that is wrong.
    fn find_changeable(
        &self,
        pairs: &[(&[u8], &[u8])],
        asker: Asker,
    ) -> Result<Vec<ParamId>, SetError> {
        let registry = self.values.registry();
        let mut ids = Vec::with_capacity(pairs.len());
        for (name, _) in pairs {
            let failed = |reason: &'static str| {
                Err(SetError::Failed { name: name.to_vec(), reason: reason.into() })
            };
            let Some(id) = registry.find(name) else {
                return Err(SetError::Unknown(name.to_vec()));
            };
            let param = registry.param(id);
            match param.mutability {
                Mutability::Immutable => return failed("can't set immutable config"),
                Mutability::Protected if !self.allows("enable-protected-configs", asker) => {
                    return failed("can't set protected config");
                }
                _ => {}
            }
            if asker.is_loading && param.not_while_loading {
                return Err(SetError::Loading);
            }
            if ids.contains(&id) {
                return failed("duplicate parameter");
            }
            ids.push(id);
        }
        Ok(ids)
    }

    /// Whether a parameter of the family `enable-...` (no, yes, local) lets this client.
    pub fn allows(&self, name: &str, asker: Asker) -> bool {
        match self.values.choice(name) {
            "yes" => true,
            "local" => asker.is_local,
            _ => false,
        }
    }

    /// Puts staged values in place and gives back those that were there, so that swapping again undoes it.
    #[must_use = "what was there is needed to go back"]
    pub fn swap(&mut self, staged: Staged) -> Staged {
        let changes = staged
            .changes
            .into_iter()
            .map(|(id, value)| (id, self.values.replace(id, value)))
            .collect();
        Staged { changes }
    }

    /// CONFIG SET where every owner can answer at once: swaps the new values in, then calls `apply` with each
    /// changed row. If one refuses, the old values come back, `apply` is called again for those that had agreed,
    /// and the refusal is the answer.
    pub fn set(
        &mut self,
        pairs: &[(&[u8], &[u8])],
        asker: Asker,
        mut apply: impl FnMut(&Values, &Param) -> Result<(), Refusal>,
    ) -> Result<(), SetError> {
        let staged = self.stage(pairs, asker)?;
        let params: Vec<_> = staged.ids().map(|id| self.values.registry().param(id)).collect();
        let before = self.swap(staged);
        for (at, param) in params.iter().enumerate() {
            if let Err(reason) = apply(&self.values, param) {
                let _ = self.swap(before);
                for applied in &params[..at] {
                    // The value was in effect a moment ago; an owner that now refuses it has said so in the log.
                    let _ = apply(&self.values, applied);
                }
                return Err(SetError::failed(param, reason));
            }
        }
        Ok(())
    }

    /// The rows set to switch on what this version does not have, for one warning at startup.
    pub fn switched_on_too_early(&self) -> Vec<&'static Param> {
        let registry = self.values.registry();
        registry
            .ids()
            .filter(|id| registry.param(*id).later.is_some() && !self.values.is_default(*id))
            .map(|id| registry.param(id))
            .collect()
    }

    /// That warning, if there is anything to warn of.
    pub fn warning(&self) -> Option<String> {
        let names: Vec<String> = self
            .switched_on_too_early()
            .iter()
            .filter_map(|param| Some(format!("{} ({})", param.name, param.later?)))
            .collect();
        if names.is_empty() {
            return None;
        }
        Some(format!(
            "WARNING: these settings belong to features that this version of Regent does not have; \
             they are kept and have no effect: {}",
            names.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair<'a> = (&'a [u8], &'a [u8]);

    fn pairs<'a>(words: &[&'a str]) -> Vec<Pair<'a>> {
        words.chunks(2).map(|pair| (pair[0].as_bytes(), pair[1].as_bytes())).collect()
    }

    fn get(config: &Config, patterns: &[&str]) -> Vec<(String, String)> {
        let patterns: Vec<&[u8]> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
        let text = |bytes| String::from_utf8(bytes).expect("text");
        config.get(&patterns).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn names(config: &Config, patterns: &[&str]) -> Vec<String> {
        get(config, patterns).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn get_shows_each_spelling_once() {
        let config = Config::default();
        assert_eq!(names(&config, &["*of"]), ["replicaof", "slaveof"]);
        assert_eq!(names(&config, &["slaveof", "*of"]), ["slaveof", "replicaof"]);
        assert_eq!(names(&config, &["MAXMEMORY", "maxmemory"]), ["MAXMEMORY"]);
        assert_eq!(names(&config, &["nothing", "no*thing"]), [""; 0]);
        assert!(names(&config, &["*"]).len() > 190);
        assert!(!names(&config, &["*"]).contains(&"key-load-delay".to_owned()));
        assert_eq!(names(&config, &["key-load-delay"]), ["key-load-delay"]);
        assert_eq!(get(&config, &["unixsocketperm"]), [("unixsocketperm".into(), "0".into())]);
    }

    #[test]
    fn set_is_all_or_nothing() {
        let mut config = Config::default();
        for (words, want) in [
            (
                &["maxmemory", "1", "nobody", "x"][..],
                "ERR Unknown option or number of arguments for CONFIG SET - 'nobody'",
            ),
            (
                &["maxmemory", "1", "maxmemory-clients", "200%", "hz", "x"],
                "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - \
                 percentage argument must be less or equal to 100",
            ),
            (
                &["min-slaves-to-write", "1", "min-replicas-to-write", "2"],
                "ERR CONFIG SET failed (possibly related to argument 'min-replicas-to-write') - \
                 duplicate parameter",
            ),
            (
                &["Slave-priority", "x"],
                "ERR CONFIG SET failed (possibly related to argument 'slave-priority') - \
                 argument couldn't be parsed into an integer",
            ),
            (
                &["DAEMONIZE", "yes"],
                "ERR CONFIG SET failed (possibly related to argument 'DAEMONIZE') - \
                 can't set immutable config",
            ),
            (
                &["dir", "/tmp"],
                "ERR CONFIG SET failed (possibly related to argument 'dir') - \
                 can't set protected config",
            ),
            (
                &["appendonly", "yes"],
                "ERR CONFIG SET failed (possibly related to argument 'appendonly') - \
                 AOF is not in this version of Regent",
            ),
        ] {
            let error = config.set(&pairs(words), Asker::default(), |_, _| Ok(()));
            assert_eq!(error.expect_err("refused").to_string(), want);
            assert_eq!(config.values.memory("maxmemory"), 0);
        }
        let words = ["maxmemory", "1kb", "save", "900 1 300 10", "appendonly", "no"];
        let mut applied = Vec::new();
        let result = config.set(&pairs(&words), Asker::default(), |values, param| {
            applied.push((param.name, values.memory("maxmemory")));
            Ok(())
        });
        assert_eq!(result, Ok(()));
        assert_eq!(
            applied,
            [("maxmemory", 1024), ("save", 1024)],
            "what does not change is not applied"
        );
        assert_eq!(get(&config, &["save"])[0].1, "900 1 300 10");
    }

    #[test]
    fn an_owner_s_refusal_takes_everything_back() {
        let mut config = Config::default();
        let words = ["maxmemory", "100", "port", "1", "hz", "20"];
        let mut calls = Vec::new();
        let result = config.set(&pairs(&words), Asker::default(), |values, param| {
            calls.push((param.name, values.memory("maxmemory")));
            match param.name {
                "port" => Err("Unable to listen on this port. Check server logs.".into()),
                _ => Ok(()),
            }
        });
        let error = result.expect_err("the port is taken");
        assert!(
            error
                .to_string()
                .ends_with("'port') - Unable to listen on this port. Check server logs.")
        );
        assert_eq!(calls, [("maxmemory", 100), ("port", 100), ("maxmemory", 0)]);
        assert_eq!(config.values.integer("port"), 6379);
    }

    #[test]
    fn protection_and_loading_are_the_asker_s_business() {
        let mut config = Config::default();
        config.values.set("enable-protected-configs", &["local"]).expect("a word");
        let dir = pairs(&["dir", "/tmp"]);
        assert!(config.stage(&dir, Asker::default()).is_err());
        assert!(config.stage(&dir, Asker { is_local: true, is_loading: false }).is_ok());
        let error = config.stage(&dir, Asker { is_local: true, is_loading: true });
        assert_eq!(error, Err(SetError::Loading));
    }

    #[test]
    fn settings_of_later_features_are_named() {
        let mut config = Config::default();
        assert_eq!(config.warning(), None);
        config.values.set("appendonly", &["yes"]).expect("a word");
        config.values.set("appendfilename", &["a.aof"]).expect("a name");
        let warning = config.warning().expect("a warning");
        assert!(warning.ends_with("no effect: appendonly (AOF)"), "{warning}");
    }
}
