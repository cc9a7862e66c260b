//! `--sentinel NAME`: the server to talk to is the one that Sentinels call the primary of that name, now and after
//! every failover.

use std::time::Duration;

use client::{Client, Value};

use crate::modes::pause;
use crate::session::Session;

/// How long a Sentinel may take to answer before the next one is asked.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// A failover is not done at one moment: for a while the new primary may still say that it is a replica.
const DEMOTIONS_MAX: u32 = 100;
const DEMOTION_PAUSE_US: u64 = 100_000;

impl Session {
    /// Sets the place to where the primary is now. Nothing to do where no name was given.
    pub(crate) fn find_primary(&mut self) -> Result<(), String> {
        let Some(name) = self.options.sentinel.clone() else { return Ok(()) };
        if self.sentinels.is_empty() {
            let place = &self.options.place;
            self.sentinels.push((place.host.clone(), place.port));
        }
        let mut reasons = Vec::new();
        for at in 0..self.sentinels.len() {
            let (host, port) = self.sentinels[at].clone();
            match ask(&host, port, &name) {
                Ok((primary, others)) => {
                    (self.options.place.host, self.options.place.port) = primary;
                    for other in others {
                        if !self.sentinels.contains(&other) {
                            self.sentinels.push(other);
                        }
                    }
                    // The one that answered is asked first the next time.
                    self.sentinels[..=at].rotate_right(1);
                    return Ok(());
                }
                Err(reason) => reasons.push(format!("{host}:{port}: {reason}")),
            }
        }
        Err(format!("No Sentinel tells where {name} is:\n  {}", reasons.join("\n  ")))
    }

    /// True if a server that was the primary is none any more; the request was not executed and can be sent again to
    /// its successor.
    pub(crate) fn was_demoted(&mut self, reply: &Value) -> bool {
        let is_refusal = matches!(reply, Value::Error(text) if text.starts_with(b"READONLY "));
        if self.options.sentinel.is_none() || !is_refusal || self.demotions >= DEMOTIONS_MAX {
            self.demotions = 0;
            return false;
        }
        self.demotions += 1;
        pause(DEMOTION_PAUSE_US);
        true
    }
}

type Address = (String, u16);

/// Where the primary is, and which other Sentinels watch it.
fn ask(host: &str, port: u16, name: &str) -> Result<(Address, Vec<Address>), String> {
    let mut client = Client::connect_within((host, port), ANSWER_MAX)
        .map_err(|it| crate::session::reason(&it))?;
    let mut say = |words: &[&str]| client.command(words).map_err(|it| crate::session::reason(&it));
    let primary = match say(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name])? {
        Value::Array(items) => match &items[..] {
            [host, port] => (host.text(), port.text().parse().unwrap_or_default()),
            _ => return Err("an answer without an address".to_owned()),
        },
        Value::Error(text) => return Err(String::from_utf8_lossy(&text).into_owned()),
        _ => {
            let names = match say(&["SENTINEL", "MASTERS"]) {
                Ok(Value::Array(rows)) => {
                    rows.iter().filter_map(|row| field(row, "name")).collect()
                }
                _ => Vec::new(),
            };
            return Err(unknown(name, names));
        }
    };
    let others = match say(&["SENTINEL", "SENTINELS", name]) {
        Ok(Value::Array(rows)) => rows.iter().filter_map(address).collect(),
        _ => Vec::new(),
    };
    Ok((primary, others))
}

/// That a Sentinel does not know a name, and which ones it does.
fn unknown(name: &str, mut names: Vec<String>) -> String {
    names.sort();
    match names.is_empty() {
        true => format!("it knows no {name}"),
        false => format!("it knows no {name}, but {}", names.join(", ")),
    }
}

/// The address in a row of names and values.
fn address(row: &Value) -> Option<Address> {
    let field = |name: &str| field(row, name);
    Some((field("ip")?, field("port")?.parse().ok()?))
}

/// A value by name in a row, which is a flat array or a map.
pub(crate) fn field(row: &Value, name: &str) -> Option<String> {
    match row {
        Value::Array(items) => {
            let pair = items.chunks_exact(2).find(|pair| pair[0].text() == name)?;
            Some(pair[1].text())
        }
        Value::Map(pairs) => {
            let (_, value) = pairs.iter().find(|(key, _)| key.text() == name)?;
            Some(value.text())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_name() {
        let bulk = |text: &str| Value::Bulk(text.into());
        let row = Value::Array(["ip", "1.2.3.4", "port", "5"].map(bulk).to_vec());
        assert_eq!(address(&row), Some(("1.2.3.4".to_owned(), 5)));
        assert_eq!(address(&Value::Array(vec![])), None);
        let names = ["b", "a"].map(str::to_owned).to_vec();
        assert_eq!(unknown("x", names), "it knows no x, but a, b");
        assert_eq!(unknown("x", Vec::new()), "it knows no x");
    }
}
