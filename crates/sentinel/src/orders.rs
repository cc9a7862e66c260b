//! What we tell servers to do: whom to follow.

use crate::address::Address;
use crate::group::{Group, InstanceId};
use crate::links::Asked;
use crate::news::Cx;
use resp::Value;
use world::Level;

/// Tells a replica to follow nobody. False where there is no connection.
pub(crate) fn follow_nobody(group: &Group, replica: InstanceId, cx: &mut Cx<'_>) -> bool {
    order(group, replica, "NO", "ONE", cx)
}

/// Tells the primary, which calls itself a replica, to be what it should be. False where there is no connection.
pub(crate) fn lead_again(group: &Group, cx: &mut Cx<'_>) -> bool {
    order(group, group.primary.id, "NO", "ONE", cx)
}

/// Tells a replica to follow the instance at `target`. False where there is no connection.
pub(crate) fn follow(
    group: &Group,
    replica: InstanceId,
    target: &Address,
    cx: &mut Cx<'_>,
) -> bool {
    let host = cx.names.announced(&target.host);
    order(group, replica, &host, &target.port.to_string(), cx)
}

/// One transaction: the new role, the configuration file that remembers it, and an end to the connections of its
/// clients, so that they ask who the primary is.
fn order(group: &Group, instance: InstanceId, host: &str, port: &str, cx: &mut Cx<'_>) -> bool {
    let link = group.instance(instance).expect("orders go to servers").link;
    let requests: [&[&[u8]]; 6] = [
        &[b"MULTI"],
        &[b"SLAVEOF", host.as_bytes(), port.as_bytes()],
        &[b"CONFIG", b"REWRITE"],
        &[b"CLIENT", b"KILL", b"TYPE", b"normal"],
        &[b"CLIENT", b"KILL", b"TYPE", b"pubsub"],
        &[b"EXEC"],
    ];
    let last = requests.len() - 1;
    requests.iter().enumerate().all(|(at, words)| {
        let asked = match at {
            at if at == last => Asked::Reconfigured { group: group.id, instance },
            _ => Asked::Nothing,
        };
        cx.links.send(link, words, asked, cx.ledger)
    })
}

/// The transaction has been answered. What it did is seen in INFO; what it could not do is said here.
pub(crate) fn heard(group: &Group, replica: InstanceId, reply: &Value, cx: &mut Cx<'_>) {
    let Some(replica) = group.replica(replica) else { return };
    let errors: Vec<String> = match reply {
        Value::Array(items) => items.iter().filter(|it| it.is_error()).map(Value::text).collect(),
        other if other.is_error() => vec![other.text()],
        _ => Vec::new(),
    };
    for error in errors {
        let text = format!("{} answered an order with: {error}", replica.it.name);
        cx.log(Level::Verbose, text);
    }
}
