//! A topology for programs.

use serde_json::{Value, json};

use super::member::{Server, State, Topology, View, written};

/// One object: on one line, or indented.
pub(super) fn draw(topology: &Topology, is_one_line: bool) -> String {
    let value = json!({
        "trees": topology.trees.iter().map(server).collect::<Vec<_>>(),
        "sentinels": topology.views.iter().map(view).collect::<Vec<_>>(),
    });
    match is_one_line {
        true => format!("{value}\n"),
        false => format!("{value:#}\n"),
    }
}

fn server(server: &Server) -> Value {
    let mut value = json!({
        "address": written(&server.address),
        "role": server.role(),
        "replicas": server.replicas.iter().map(self::server).collect::<Vec<_>>(),
    });
    match &server.state {
        State::Reached(facts) => {
            value["version"] = json!(facts.version);
            value["run_id"] = json!(facts.run_id);
            value["replication_id"] = json!(facts.history);
            value["offset"] = json!(facts.offset);
            if let Some(upstream) = &facts.upstream {
                value["upstream"] = json!({
                    "address": written(&upstream.address),
                    "link": if upstream.is_up { "up" } else { "down" },
                    "synchronizing": upstream.is_syncing,
                });
            }
        }
        State::Unreachable(reason) => value["reason"] = json!(reason),
    }
    if let Some(report) = &server.report {
        value["state"] = json!(report.state);
        value["lag_bytes"] = json!(report.lag_bytes);
        value["lag_seconds"] = json!(report.lag_secs);
    }
    value
}

fn view(view: &View) -> Value {
    let mut value = json!({ "address": written(&view.sentinel), "name": view.name });
    match &view.opinion {
        Ok(opinion) => {
            value["primary"] = json!(written(&opinion.primary));
            value["flags"] = json!(opinion.flags);
            value["epoch"] = json!(opinion.epoch);
            value["quorum"] = json!(opinion.quorum);
            value["other_sentinels"] = json!(opinion.other_sentinels);
            value["failover"] = json!(opinion.failover);
            let replicas = opinion
                .replicas
                .iter()
                .map(|(address, flags)| json!({ "address": written(address), "flags": flags }));
            value["replicas"] = json!(replicas.collect::<Vec<_>>());
        }
        Err(reason) => value["reason"] = json!(reason),
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_find_the_tree_and_the_opinions() {
        let text = draw(&super::super::text::tests::example(), true);
        assert_eq!(text.lines().count(), 1);
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value["trees"][0]["replicas"][0]["replicas"][0]["address"], "h:3");
        assert_eq!(value["trees"][0]["replicas"][1]["role"], "unreachable");
        assert_eq!(value["sentinels"][1]["primary"], "h:2");
    }
}
