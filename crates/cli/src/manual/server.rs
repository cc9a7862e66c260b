//! Pages out of a server's COMMAND DOCS, in either protocol; for older servers out of COMMAND.

use client::Value;
use command::syntax::{Argument, Kind};

use super::Page;

/// The pages of a COMMAND DOCS reply.
pub(super) fn pages(reply: &Value) -> Vec<Page> {
    let mut pages = Vec::new();
    for (name, facts) in pairs(reply) {
        add(&mut pages, &name.text(), facts);
    }
    pages
}

fn add(pages: &mut Vec<Page>, name: &str, facts: &Value) {
    let facts = pairs(facts);
    let fact = |name: &str| facts.iter().find(|(key, _)| key.text() == name).map(|(_, it)| *it);
    let text = |name: &str| fact(name).map(Value::text);
    let arguments = fact("arguments").map(arguments).unwrap_or_default();
    pages.push(Page {
        summary: text("summary").unwrap_or_default(),
        since: text("since"),
        group: text("group").unwrap_or_default(),
        ..Page::new(name, arguments)
    });
    for (child, facts) in fact("subcommands").map(pairs).unwrap_or_default() {
        // Some servers say `config|set`, some only `set`.
        let child = child.text();
        let child = child.rsplit('|').next().unwrap_or_default();
        add(pages, &format!("{name}|{child}"), facts);
    }
}

fn arguments(reply: &Value) -> Vec<Argument> {
    items(reply).iter().map(argument).collect()
}

fn argument(reply: &Value) -> Argument {
    let mut argument = Argument {
        name: String::new(),
        kind: Kind::String,
        token: None,
        key_spec: None,
        optional: false,
        multiple: false,
        multiple_token: false,
        inside: Vec::new(),
    };
    let mut shown = None;
    for (name, value) in pairs(reply) {
        match name.text().as_str() {
            "name" => argument.name = value.text(),
            "display_text" => shown = Some(value.text()),
            "token" => argument.token = Some(value.text()),
            "type" => argument.kind = kind(&value.text()),
            "arguments" => argument.inside = arguments(value),
            "flags" => {
                for flag in items(value) {
                    match flag.text().as_str() {
                        "optional" => argument.optional = true,
                        "multiple" => argument.multiple = true,
                        "multiple_token" => argument.multiple_token = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    argument.name = shown.unwrap_or(argument.name);
    argument
}

fn kind(name: &str) -> Kind {
    let kinds = [
        Kind::Integer,
        Kind::Double,
        Kind::Key,
        Kind::Pattern,
        Kind::UnixTime,
        Kind::PureToken,
        Kind::OneOf,
        Kind::Block,
    ];
    kinds.into_iter().find(|kind| kind.name() == name).unwrap_or(Kind::String)
}

/// Pages of commands that a server only counts the words of.
pub(super) fn pages_of_older(reply: &Value) -> Vec<Page> {
    items(reply).iter().filter_map(page_of_older).collect()
}

fn page_of_older(row: &Value) -> Option<Page> {
    let Value::Array(facts) = row else { return None };
    let (name, arity, first_key) = match &facts[..] {
        [name, Value::Int(arity), _, Value::Int(first_key), ..] => (name.text(), arity, first_key),
        _ => return None,
    };
    let mut count = arity.unsigned_abs().saturating_sub(1) as usize;
    let mut syntax = String::new();
    if *first_key == 1 {
        syntax.push_str("key ");
        count = count.saturating_sub(1);
    }
    syntax.push_str(&"arg ".repeat(count));
    if *arity < 0 {
        syntax.push_str("...options...");
    }
    Some(Page {
        summary: "Help not available".to_owned(),
        since: Some("Not known".to_owned()),
        group: "generic".to_owned(),
        syntax,
        ..Page::new(&name, Vec::new())
    })
}

/// Names and values of a map, which RESP2 writes as a flat array.
fn pairs(value: &Value) -> Vec<(&Value, &Value)> {
    match value {
        Value::Map(pairs) => pairs.iter().map(|(key, value)| (key, value)).collect(),
        Value::Array(items) => items.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect(),
        _ => Vec::new(),
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(items: &[&str]) -> Value {
        Value::Array(items.iter().map(|text| Value::Bulk((*text).into())).collect())
    }

    #[test]
    fn a_page_is_read_from_flat_arrays() {
        let key = row(&["name", "key", "type", "key", "display_text", "the-key"]);
        let mut facts = vec![Value::Bulk(b"summary".to_vec()), Value::Bulk(b"Says.".to_vec())];
        facts.extend([Value::Bulk(b"arguments".to_vec()), Value::Array(vec![key])]);
        let reply = Value::Array(vec![Value::Bulk(b"say".to_vec()), Value::Array(facts)]);
        let pages = pages(&reply);
        assert_eq!(pages[0].full_name(), "SAY");
        assert_eq!((pages[0].summary.as_str(), pages[0].syntax.as_str()), ("Says.", "the-key"));
    }

    #[test]
    fn an_older_server_tells_how_many_words() {
        let row = Value::Array(vec![
            Value::Bulk(b"mod.x".to_vec()),
            Value::Int(-3),
            Value::Array(vec![]),
            Value::Int(1),
        ]);
        let pages = pages_of_older(&Value::Array(vec![row]));
        assert_eq!(pages[0].syntax, "key arg ...options...");
    }
}
