//! Functions in Rust for scripts, with the complaints that Lua itself would make.

use crate::allowance::Allowance;
use crate::interpreter::{Spelled, text_of};
use crate::raised::Raised;
use mlua::{Function, Lua, MultiValue, Result, Value};

/// How deep tables may nest that are written or read here: each level takes some of the few thousand values that may be
/// held outside of Lua.
pub(crate) const NESTING_MAX: usize = 1000;

/// How many results a function may return, for the same reason.
pub(crate) const RESULTS_MAX: usize = 4000;

/// Why a function fails: what a script is told.
#[derive(Debug)]
pub(crate) struct Problem(Vec<u8>);

impl Problem {
    /// As an error of the function that the script has called.
    pub(crate) fn raised(&self, lua: &Lua) -> mlua::Error {
        Raised::text(lua, &self.0)
    }

    /// What a script is told.
    pub(crate) fn text(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Problem {
    fn from(text: &str) -> Problem {
        Problem(text.into())
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Problem {
        Problem(text.into_bytes())
    }
}

impl From<mlua::Error> for Problem {
    fn from(error: mlua::Error) -> Problem {
        Problem(crate::interpreter::first_line(&error))
    }
}

/// What a function returns.
pub(crate) type Outcome = std::result::Result<Vec<Value>, Problem>;

/// The arguments of a function, with the complaints that Lua makes of them.
pub(crate) struct Arguments<'a> {
    lua: &'a Lua,
    allowance: Allowance,
    name: &'static str,
    values: Vec<Value>,
}

impl Arguments<'_> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The one at `index`, from 0; nil where there is none.
    pub(crate) fn get(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Nil)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Value> {
        self.values.iter()
    }

    /// Lua's complaint of the one at `index`.
    pub(crate) fn wrong(&self, index: usize, what: &str) -> Problem {
        format!("bad argument #{} to '{}' ({what})", index + 1, self.name).into()
    }

    /// A string takes time by its length, whatever is done with it.
    fn look_at(&self, index: usize) -> std::result::Result<(), Problem> {
        match self.get(index) {
            Value::String(text) => self.allowance.work_on(self.lua, text.as_bytes().len()),
            _ => Ok(()),
        }
    }

    fn expected(&self, index: usize, what: &str) -> Problem {
        let got = match self.values.get(index) {
            None => "no value",
            Some(Value::Integer(_)) => "number",
            Some(Value::LightUserData(_)) => "userdata",
            Some(value) => value.type_name(),
        };
        self.wrong(index, &format!("{what} expected, got {got}"))
    }

    /// A number, or a text that spells one.
    pub(crate) fn number(&self, index: usize) -> std::result::Result<f64, Problem> {
        self.look_at(index)?;
        number(self.get(index)).ok_or_else(|| self.expected(index, "number"))
    }

    /// A whole number; the fraction is dropped.
    pub(crate) fn integer(&self, index: usize) -> std::result::Result<i64, Problem> {
        self.number(index).map(|it| it as i64)
    }

    /// A whole number, or nothing.
    pub(crate) fn integer_or(
        &self,
        index: usize,
        default: i64,
    ) -> std::result::Result<i64, Problem> {
        if self.get(index).is_nil() { Ok(default) } else { self.integer(index) }
    }

    /// A text, or a number as one.
    pub(crate) fn text(&self, index: usize) -> std::result::Result<Spelled, Problem> {
        self.look_at(index)?;
        text_of(self.get(index)).ok_or_else(|| self.expected(index, "string"))
    }
}

/// A number, or a text that spells one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(integer) => Some(*integer as f64),
        Value::Number(number) => Some(*number),
        Value::String(text) => {
            let text = text.as_bytes();
            let text = text.trim_ascii();
            let hex = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"));
            match hex {
                Some(hex) => {
                    let digits = std::str::from_utf8(hex).ok()?;
                    u64::from_str_radix(digits, 16).ok().map(|it| it as f64)
                }
                None => std::str::from_utf8(text).ok()?.parse().ok(),
            }
        }
        _ => None,
    }
}

/// A function that Lua can call.
pub(crate) fn function(
    lua: &Lua,
    name: &'static str,
    run: impl Fn(&Lua, &Arguments) -> Outcome + 'static,
) -> Result<Function> {
    lua.create_function(move |lua, values: MultiValue| {
        let values = values.into_iter().collect();
        let arguments = Arguments { lua, allowance: Allowance::of(lua), name, values };
        match run(lua, &arguments) {
            Ok(values) if values.len() <= RESULTS_MAX => Ok(MultiValue::from_iter(values)),
            Ok(_) => Err(Raised::text(lua, b"too many results")),
            Err(problem) => Err(problem.raised(lua)),
        }
    })
}
