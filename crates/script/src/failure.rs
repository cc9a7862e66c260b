//! How a script failed: what its caller is told.

use crate::engine::Done;
use crate::interpreter::{text_of, to_nul};
use command::Proto;
use mlua::Value;

/// What a script failed with.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    pub(crate) text: Vec<u8>,
    place: Option<(Vec<u8>, Vec<u8>)>,
    /// It was counted where it came about.
    counted: bool,
}

/// What an error that a script has raised says.
pub(crate) fn failure(problem: &Value) -> Failure {
    let Value::Table(table) = problem else {
        let text = text_of(problem).unwrap_or_default();
        return Failure {
            text: [b"ERR ".as_slice(), to_nul(&text)].concat(),
            ..Failure::default()
        };
    };
    let field = |name: &str| {
        table.raw_get::<Value>(name).ok().and_then(|it| Some(to_nul(&text_of(&it)?).to_vec()))
    };
    let counted = table.raw_get::<Value>("ignore_error_stats_update");
    Failure {
        text: field("err").unwrap_or_else(|| b"ERR unknown error".to_vec()),
        place: field("source").zip(field("line")),
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
    Done { reply, failed: true, errors: if counted { Vec::new() } else { vec![text] } }
}
