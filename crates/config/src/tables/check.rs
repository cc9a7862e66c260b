//! Rules that a single value has to keep beyond its kind.

use crate::Value;
use crate::title::is_template;

fn text(value: &Value) -> &[u8] {
    match value {
        Value::Text(text) => text,
        _ => &[],
    }
}

/// A name without folders; a server must not be talked into writing elsewhere.
fn is_base_name(name: &[u8]) -> bool {
    !name.contains(&b'/') && !name.contains(&b'\\')
}

pub(super) fn snapshot_name(value: &Value) -> Result<(), &'static str> {
    if is_base_name(text(value)) {
        return Ok(());
    }
    Err("dbfilename can't be a path, just a filename")
}

pub(super) fn log_name(value: &Value) -> Result<(), &'static str> {
    match text(value) {
        [] => Err("appendfilename can't be empty"),
        name if is_base_name(name) => Ok(()),
        _ => Err("appendfilename can't be a path, just a filename"),
    }
}

pub(super) fn log_folder(value: &Value) -> Result<(), &'static str> {
    match text(value) {
        [] => Err("appenddirname can't be empty"),
        name if is_base_name(name) => Ok(()),
        _ => Err("appenddirname can't be a path, just a dirname"),
    }
}

/// To save and not to save exclude each other; bits by position in the list of the row.
pub(super) fn shutdown_words(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Choices(bits) if bits & 0b110 == 0b110 => {
            Err("shutdown options SAVE and NOSAVE can't be used simultaneously")
        }
        _ => Ok(()),
    }
}

pub(super) fn title_template(value: &Value) -> Result<(), &'static str> {
    if std::str::from_utf8(text(value)).is_ok_and(is_template) {
        return Ok(());
    }
    Err("template format is invalid or contains unknown variables")
}

pub(super) fn host_name(value: &Value) -> Result<(), &'static str> {
    let name = text(value);
    if name.len() >= 256 {
        return Err("Hostnames must be less than 256 characters");
    }
    if name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        return Ok(());
    }
    Err("Hostnames may only contain alphanumeric characters, hyphens or dots")
}

/// The name is written into a file whose fields are separated by these.
pub(super) fn node_name(value: &Value) -> Result<(), &'static str> {
    let is_fit = |byte: &u8| !b"!#$%&()*+:;<>?@[]^{|}~".contains(byte);
    if text(value).iter().all(is_fit) {
        return Ok(());
    }
    Err("Announced human node name contained invalid character")
}
