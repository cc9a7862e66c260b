//! How a script failed: what its caller is told.

use crate::allowance::{Allowance, NO_MEMORY};
use crate::engine::Done;
use crate::interpreter::{text_of, to_nul};
use crate::lifted::Problem;
use command::Proto;
use mlua::Value;
use std::collections::BTreeMap;

/// What a script failed with.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    pub(crate) text: Vec<u8>,
    place: Option<(Vec<u8>, Vec<u8>)>,
    /// It was counted where it came about.
    counted: bool,
}

/// How often the text of an error is copied on its way to the client and into the statistics.
const COPIES: usize = 8;

/// What an error that a script has raised says.
pub(crate) fn failure(problem: &Value, allowance: &Allowance) -> Failure {
    // What there is no memory for is told in fewer words.
    let bounded = |text: &[u8], or: &'static str| {
        let text = to_nul(text);
        if allowance.has(COPIES * text.len()) { text.to_vec() } else { or.into() }
    };
    let Value::Table(table) = problem else {
        let text = bounded(&text_of(problem).unwrap_or_default(), NO_MEMORY);
        return Failure { text: [b"ERR ".as_slice(), &text].concat(), ..Failure::default() };
    };
    let field = |name: &str, or| {
        table.raw_get::<Value>(name).ok().and_then(|it| Some(bounded(&text_of(&it)?, or)))
    };
    let counted = table.raw_get::<Value>("ignore_error_stats_update");
    Failure {
        text: field("err", "ERR not enough memory")
            .unwrap_or_else(|| b"ERR unknown error".to_vec()),
        place: field("source", "?").zip(field("line", "?")),
        counted: matches!(counted, Ok(Value::Boolean(true))),
    }
}

impl Failure {
    /// The reply; it tells where the script was.
    pub(crate) fn told_of(self, name: &str) -> Done {
        let mut text = self.text;
        if let Some((source, line)) = self.place {
            let script = [b" script: ", name.as_bytes(), b", on ", &source, b":", &line, b"."];
            text.extend(script.concat());
        }
        failed(text, self.counted)
    }
}

/// The reply where what a script has returned could not be written.
pub(crate) fn unwritten(name: &str, death: Option<&str>, problem: &Problem) -> Done {
    let why = death.map_or(problem.text(), str::as_bytes);
    Failure { text: [b"ERR ", why].concat(), ..Failure::default() }.told_of(name)
}

/// The reply where a script has ended without an error of its own: there was no memory left.
pub(crate) fn broken(name: &str, problem: &[u8]) -> Done {
    let problem = &problem[..problem.len().min(100)];
    let script = if name.is_empty() { "" } else { " " };
    let text = [b"ERR Error running script", script.as_bytes(), name.as_bytes(), b", ", problem];
    failed(text.concat(), false)
}

fn failed(text: Vec<u8>, counted: bool) -> Done {
    let mut reply = Vec::new();
    command::Writer::new(&mut reply, Proto::Resp2).error(&text);
    let mut errors = BTreeMap::new();
    if !counted {
        count(&mut errors, &text);
    }
    Done { reply, failed: true, errors }
}

/// The longest code that errors are counted by, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// Counts an error by its code.
pub(crate) fn count(errors: &mut BTreeMap<Vec<u8>, u64>, text: &[u8]) {
    let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    let code = &code[..code.len().min(CODE_BYTES_MAX)];
    match errors.get_mut(code) {
        Some(count) => *count += 1,
        None => {
            errors.insert(code.to_vec(), 1);
        }
    }
}
