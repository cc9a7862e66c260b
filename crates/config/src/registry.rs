//! Every parameter by its name, whichever spelling, and the values that are set now.

use crate::value::{OutputLimits, SavePoint, Source};
use crate::{Events, Kind, Param, Value, tables};
use std::sync::Arc;

/// Which row a parameter is, counted over all tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(u16);

/// All rows, found by name.
#[derive(Debug)]
pub struct Registry {
    params: Vec<&'static Param>,
    /// Sorted by name; aliases have entries of their own.
    names: Vec<(&'static str, ParamId)>,
}

impl Registry {
    fn new() -> Registry {
        let params: Vec<&'static Param> = tables::all().collect();
        let mut names = Vec::with_capacity(params.len() * 2);
        for (at, param) in params.iter().enumerate() {
            let id = ParamId(u16::try_from(at).expect("there are a few hundred rows"));
            names.extend([Some(param.name), param.alias].into_iter().flatten().map(|n| (n, id)));
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0].0 != pair[1].0), "two rows share a name");
        Registry { params, names }
    }

    /// The row called `name`, by either of its names, in any case.
    pub fn find(&self, name: &[u8]) -> Option<ParamId> {
        let name = name.to_ascii_lowercase();
        let at = self.names.binary_search_by(|(known, _)| known.as_bytes().cmp(&name)).ok()?;
        Some(self.names[at].1)
    }

    /// The row itself.
    pub fn param(&self, id: ParamId) -> &'static Param {
        self.params[usize::from(id.0)]
    }

    /// Every row, in the order of the tables.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<> {
        (0..self.params.len() as u16).map(ParamId)
    }
}

/// What every parameter is set to. Reading by name is for the moment when something has changed: owners copy what
/// they need into a struct of their own, and the hot paths read that.
#[derive(Clone, Debug)]
pub struct Values {
    registry: Arc<Registry>,
    values: Vec<Value>,
}

impl Default for Values {
    fn default() -> Values {
        Values::new()
    }
}

impl Values {
    /// Every parameter at its default.
    pub fn new() -> Values {
        let registry = Arc::new(Registry::new());
        let values = registry.params.iter().map(|param| default_of(param)).collect();
        Values { registry, values }
    }

    /// The rows behind the values.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The value of a row.
    pub fn get(&self, id: ParamId) -> &Value {
        &self.values[usize::from(id.0)]
    }

    /// Sets without asking anybody, and gives back what was there.
    pub fn replace(&mut self, id: ParamId, value: Value) -> Value {
        std::mem::replace(&mut self.values[usize::from(id.0)], value)
    }

    /// Reads `words` and sets `name` to them, for tests and for owners whose value has changed by other means than
    /// CONFIG SET: REPLICAOF, the working folder.
    pub fn set(&mut self, name: &str, words: &[&str]) -> Result<(), crate::Refusal> {
        let id = self.id(name);
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let value = Value::parse(self.registry.param(id), &words, self.get(id))?;
        self.replace(id, value);
        Ok(())
    }

    /// True while the row has its default.
    pub fn is_default(&self, id: ParamId) -> bool {
        *self.get(id) == default_of(self.registry.param(id))
    }

    /// The value called `name`.
    ///
    /// # Panics
    /// Where no row has that name: the caller's spelling is wrong, as its first test will show. So for all getters
    /// below, which panic as well where the row is of another kind.
    pub fn value(&self, name: &str) -> &Value {
        self.get(self.id(name))
    }

    /// A `yes` or `no`.
    pub fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Flag(yes) => *yes,
            other => wrong_kind(name, other),
        }
    }

    /// An integer, or permissions.
    pub fn integer(&self, name: &str) -> i64 {
        match self.value(name) {
            Value::Integer(n) => *n,
            other => wrong_kind(name, other),
        }
    }

    /// An integer whose row admits none below zero, or bytes.
    pub fn count(&self, name: &str) -> u64 {
        match self.value(name) {
            Value::Integer(n) => u64::try_from(*n).expect("the row admits no negative numbers"),
            Value::Memory(bytes) => *bytes,
            other => wrong_kind(name, other),
        }
    }

    /// Bytes; a share of `maxmemory` is worked out, and is zero where `maxmemory` is.
    pub fn memory(&self, name: &str) -> u64 {
        match self.value(name) {
            Value::Memory(bytes) => *bytes,
            Value::Percent(share) => {
                (u128::from(self.memory("maxmemory")) * u128::from(*share) / 100) as u64
            }
            other => wrong_kind(name, other),
        }
    }

    /// One word of the row's list.
    pub fn choice(&self, name: &str) -> &'static str {
        match self.value(name) {
            Value::Choice(word) => word,
            other => wrong_kind(name, other),
        }
    }

    /// True if `word` is among the words chosen of the row's list.
    pub fn chooses(&self, name: &str, word: &str) -> bool {
        let id = self.id(name);
        self.get(id).chosen(self.registry.param(id)).contains(&word)
    }

    /// Any bytes; empty where there is none.
    pub fn bytes(&self, name: &str) -> &[u8] {
        match self.value(name) {
            Value::Text(text) => text,
            other => wrong_kind(name, other),
        }
    }

    /// As text, for paths and addresses; what is not UTF-8 is replaced.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.bytes(name)).into_owned()
    }

    /// When to save.
    pub fn save_points(&self) -> &[SavePoint] {
        match self.value("save") {
            Value::SavePoints(points) => points,
            other => wrong_kind("save", other),
        }
    }

    /// How far the output of a connection may grow.
    pub fn output_limits(&self) -> OutputLimits {
        match self.value("client-output-buffer-limit") {
            Value::OutputLimits(limits) => *limits,
            other => wrong_kind("client-output-buffer-limit", other),
        }
    }

    /// Where to listen; a leading `-` marks an address that may be missing.
    pub fn addresses(&self) -> &[String] {
        match self.value("bind") {
            Value::Addresses(addresses) => addresses,
            other => wrong_kind("bind", other),
        }
    }

    /// The scores for masters, replicas and background work.
    pub fn oom_scores(&self) -> [i32; 3] {
        match self.value("oom-score-adj-values") {
            Value::OomScores(scores) => *scores,
            other => wrong_kind("oom-score-adj-values", other),
        }
    }

    /// Which keyspace events are published.
    pub fn events(&self) -> Events {
        match self.value("notify-keyspace-events") {
            Value::Events(events) => *events,
            other => wrong_kind("notify-keyspace-events", other),
        }
    }

    /// The percentiles that INFO shows of latencies.
    pub fn percentiles(&self) -> &[f64] {
        match self.value("latency-tracking-info-percentiles") {
            Value::Percentiles(shares) => shares,
            other => wrong_kind("latency-tracking-info-percentiles", other),
        }
    }

    /// The master, if this server is a replica.
    pub fn source(&self) -> Option<&Source> {
        match self.value("replicaof") {
            Value::Source(source) => source.as_ref(),
            other => wrong_kind("replicaof", other),
        }
    }

    /// Whether an address is plainly our own. Names are not resolved for it: what slips through is refused by the
    /// handshake, which would find its own run id.
    pub fn is_own_address(&self, host: &str, port: u16) -> bool {
        if u64::from(port) != self.count("port") {
            return false;
        }
        let mut bound = self.addresses().iter().map(|it| it.trim_start_matches('-'));
        let everywhere = bound.clone().any(|it| it == "*");
        let loopback = matches!(host, "127.0.0.1" | "localhost" | "::1");
        let listens_there = bound.clone().any(|it| it == host) || loopback && everywhere;
        listens_there || loopback && bound.any(|it| it == "127.0.0.1" || it == "::1")
    }

    /// Records that this server has another master, or none.
    pub fn set_source(&mut self, source: Option<Source>) {
        self.replace(self.id("replicaof"), Value::Source(source));
    }

    fn id(&self, name: &str) -> ParamId {
        match self.registry.find(name.as_bytes()) {
            Some(id) => id,
            None => panic!("no parameter is called {name}"),
        }
    }
}

/// The default as a value; the row's text is read as a file's would be.
pub(crate) fn default_of(param: &Param) -> Value {
    let mut words = crate::words::split(param.default.as_bytes()).expect("defaults have no quotes");
    if words.is_empty() && !param.kind.takes_several() {
        words.push(Vec::new());
    }
    if let crate::Kind::Source = param.kind {
        return Value::Source(None);
    }
    if let Kind::Text | Kind::OptionalText | Kind::Password | Kind::Folder = param.kind {
        return Value::Text(param.default.into());
    }
    let nothing = Value::OutputLimits(OutputLimits::default());
    match Value::parse(param, &words, &nothing) {
        Ok(value) => value,
        Err(refusal) => panic!("the default of {} is wrong: {refusal}", param.name),
    }
}

fn wrong_kind(name: &str, value: &Value) -> ! {
    panic!("{name} is of another kind: {value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_find_the_row_in_any_case() {
        let values = Values::new();
        let registry = values.registry();
        let id = registry.find(b"SLAVE-priority").expect("an alias");
        assert_eq!(registry.param(id).name, "replica-priority");
        assert_eq!(registry.find(b"replica-priority"), Some(id));
        assert_eq!(registry.find(b"no-such-thing"), None);
        assert_eq!(values.integer("slave-priority"), 100);
    }

    #[test]
    fn every_row_has_a_sentence() {
        for param in tables::all() {
            assert!(param.doc.len() > 15 && param.doc.ends_with('.'), "{}", param.name);
            assert!(param.doc.len() < 160, "{}", param.name);
        }
    }

    #[test]
    fn a_share_of_no_limit_is_no_limit() {
        let mut values = Values::new();
        values.set("maxmemory-clients", &["10%"]).expect("a share");
        assert_eq!(values.memory("maxmemory-clients"), 0);
        values.set("maxmemory", &["200mb"]).expect("a size");
        assert_eq!(values.memory("maxmemory-clients"), 20 << 20);
    }
}
