//! Finding Sentinels and asking them. A server does not know where its Sentinels listen, but they say hello there
//! every two seconds.

use std::time::Duration;

use client::Value;

use super::member::{Address, Opinion, View};
use super::probe::{Prober, Trouble};
use crate::number;
use crate::sentinel::field;
use crate::session::reason;

/// Between two hellos of a Sentinel there are two seconds.
const HELLO_MAX: Duration = Duration::from_millis(2500);

/// One of the Sentinels that watch the server at `address`, with the name that it knows its primary by; the others are
/// known to it.
pub(super) fn listen(prober: &Prober, address: &Address) -> Option<(Address, String)> {
    let mut client = prober.connect(address).ok()?;
    let list = client.command(&["CLIENT", "LIST"]).ok()?.text();
    if !has_sentinels(&list) {
        return None;
    }
    client.send(&["SUBSCRIBE", "__sentinel__:hello"]).ok()?;
    let begun = sys::clock::nanos();
    loop {
        let waited = Duration::from_nanos(sys::clock::nanos() - begun);
        let left = HELLO_MAX.checked_sub(waited)?;
        // The least that can be waited for is not nothing, which would mean for ever.
        let message = client.receive_within(left.max(Duration::from_millis(1))).ok()?;
        if let Some(Value::Array(items)) = message
            && let [kind, _, text] = &items[..]
            && kind.as_bytes() == Some(b"message")
            && let Some(hello) = hello(&text.text())
        {
            return Some(hello);
        }
    }
}

/// True if a Sentinel has a connection for commands here.
fn has_sentinels(list: &str) -> bool {
    let is_one = |part: &str| part.starts_with("name=sentinel-") && part.ends_with("-cmd");
    list.lines().any(|line| line.split(' ').any(is_one))
}

/// `ip,port,run id,epoch,name,ip of the primary,port of it,its epoch`
fn hello(text: &str) -> Option<(Address, String)> {
    let parts: Vec<&str> = text.split(',').collect();
    let [host, port, _, _, name, ..] = parts[..] else { return None };
    Some(((host.to_owned(), port.parse().ok()?), name.to_owned()))
}

/// The names of all primaries that a Sentinel watches.
pub(super) fn names(prober: &Prober, sentinel: &Address) -> Vec<String> {
    let reply = prober
        .connect(sentinel)
        .ok()
        .and_then(|mut client| client.command(&["SENTINEL", "MASTERS"]).ok());
    let Some(Value::Array(rows)) = reply else { return Vec::new() };
    rows.iter().filter_map(|row| field(row, "name")).collect()
}

/// What a Sentinel thinks of the primary called `name`, and which other Sentinels it knows.
pub(super) fn view(prober: &Prober, sentinel: &Address, name: &str) -> (View, Vec<Address>) {
    let (opinion, others) = match ask(prober, sentinel, name) {
        Ok((opinion, others)) => (Ok(opinion), others),
        Err(reason) => (Err(reason), Vec::new()),
    };
    (View { sentinel: sentinel.clone(), name: name.to_owned(), opinion }, others)
}

fn ask(prober: &Prober, sentinel: &Address, name: &str) -> Result<(Opinion, Vec<Address>), String> {
    let mut client = prober.connect(sentinel).map_err(Trouble::reason)?;
    let mut rows = |what: &str| match client.command(&["SENTINEL", what, name]) {
        Ok(Value::Array(rows)) => Ok(rows),
        Ok(Value::Error(text)) => Err(String::from_utf8_lossy(&text).into_owned()),
        Ok(_) => Err("an answer of another kind".to_owned()),
        Err(error) => Err(reason(&error)),
    };
    let primary = Value::Array(rows("MASTER")?);
    let replicas = rows("REPLICAS")?;
    let others = rows("SENTINELS")?;
    let integer =
        |name: &str| number::integer(field(&primary, name).unwrap_or_default().as_bytes());
    let opinion = Opinion {
        primary: address(&primary).ok_or("an answer without an address")?,
        flags: flags(&primary),
        epoch: integer("config-epoch"),
        quorum: integer("quorum"),
        other_sentinels: integer("num-other-sentinels"),
        failover: field(&primary, "failover-state").filter(|state| state != "no-failover"),
        replicas: replicas.iter().filter_map(|row| Some((address(row)?, flags(row)))).collect(),
    };
    Ok((opinion, others.iter().filter_map(address).collect()))
}

fn address(row: &Value) -> Option<Address> {
    Some((field(row, "ip")?, field(row, "port")?.parse().ok()?))
}

fn flags(row: &Value) -> Vec<String> {
    let flags = field(row, "flags").unwrap_or_default();
    flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_tells_where_a_sentinel_listens() {
        let text = "127.0.0.1,26379,abcdef,3,mymaster,127.0.0.1,6379,3";
        let want = (("127.0.0.1".to_owned(), 26379), "mymaster".to_owned());
        assert_eq!(hello(text), Some(want));
        assert_eq!(hello("nonsense"), None);
        assert!(has_sentinels("id=1 name= x\nid=2 name=sentinel-abc-cmd x\n"));
        assert!(!has_sentinels("id=2 name=sentinel-abc-pubsub x\n"));
    }
}
