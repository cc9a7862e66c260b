//! Errors that functions in Rust raise. Lua knows only errors that are mlua's own; what a script is to see travels
//! inside of one.

use mlua::{Lua, Value};
use std::fmt;

/// What a script is to see.
#[derive(Debug)]
pub(crate) enum Raised {
    Value(Value),
    Text(Vec<u8>),
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raised::Value(value) => f.write_str(value.type_name()),
            Raised::Text(text) => write!(f, "{}", text.escape_ascii()),
        }
    }
}

impl std::error::Error for Raised {}

impl Raised {
    /// Any value, as `error(value)`.
    pub(crate) fn value(value: Value) -> mlua::Error {
        mlua::Error::external(Raised::Value(value))
    }

    /// A text, with the place from which the function was called before it.
    pub(crate) fn text(lua: &Lua, text: &[u8]) -> mlua::Error {
        let place = lua.inspect_stack(1, |debug| {
            let source = debug.source();
            let line = debug.current_line().filter(|line| *line > 0)?;
            source.short_src.map(|source| format!("{source}:{line}: "))
        });
        let place = place.flatten().unwrap_or_default();
        mlua::Error::external(Raised::Text([place.as_bytes(), text].concat()))
    }
}

/// What a script is to see of an error that it has caught.
pub(crate) fn unveil(problem: Value) -> Raisable {
    let Value::Error(error) = &problem else { return Raisable::Value(problem) };
    match error.downcast_ref::<Raised>() {
        Some(Raised::Value(value)) => Raisable::Value(value.clone()),
        Some(Raised::Text(text)) => Raisable::Text(text.clone()),
        None => Raisable::Text(crate::interpreter::first_line(error)),
    }
}

/// A value, or a text that becomes one.
pub(crate) enum Raisable {
    Value(Value),
    Text(Vec<u8>),
}

impl mlua::IntoLua for Raisable {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        match self {
            Raisable::Value(value) => Ok(value),
            Raisable::Text(text) => Ok(Value::String(lua.create_string(text)?)),
        }
    }
}
