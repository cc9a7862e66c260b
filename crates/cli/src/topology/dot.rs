//! A topology as a graph for Graphviz: `redis-cli --topology --dot | dot -Tsvg`.

use super::member::{Server, Topology, written};
use crate::screen;

/// The graph. Arrows go the way of the data; those of Sentinels are dashed.
pub(super) fn draw(topology: &Topology) -> String {
    let mut text = String::from("digraph topology {\n  rankdir=LR;\n  node [shape=box];\n");
    for server in topology.trees.iter().flat_map(Server::all) {
        push_server(&mut text, server);
    }
    for view in &topology.views {
        let sentinel = quoted(&written(&view.sentinel));
        let label = quoted(&format!("{}\nSentinel", written(&view.sentinel)));
        text += &format!("  {sentinel} [shape=ellipse, label={label}];\n");
        if let Ok(opinion) = &view.opinion {
            let primary = quoted(&written(&opinion.primary));
            let label = quoted(&format!("{} epoch {}", view.name, opinion.epoch));
            text += &format!("  {sentinel} -> {primary} [style=dashed, label={label}];\n");
        }
    }
    text + "}\n"
}

fn push_server(text: &mut String, server: &Server) {
    let address = written(&server.address);
    let label = match server.facts() {
        Some(facts) => format!("{address}\n{}\noffset {}", server.role(), facts.offset),
        None => format!("{address}\n{}", server.role()),
    };
    let color = match server.role() {
        "primary" => "green",
        "replica" => "black",
        _ => "red",
    };
    text.push_str(&format!("  {} [label={}, color={color}];\n", quoted(&address), quoted(&label)));
    for replica in &server.replicas {
        let (from, to) = (quoted(&address), quoted(&written(&replica.address)));
        let label = match &replica.report {
            Some(report) => format!("{}, {}", report.state, screen::bytes(report.lag_bytes)),
            None => "not listed".to_owned(),
        };
        text.push_str(&format!("  {from} -> {to} [label={}];\n", quoted(&label)));
    }
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_is_a_node_and_every_link_an_arrow() {
        let text = draw(&super::super::text::tests::example());
        for line in [
            "\"h:1\" [label=\"h:1\\nprimary\\noffset 9\", color=green];",
            "\"h:2\" -> \"h:3\" [label=\"online, 5B\"];",
            "\"h:4\" [label=\"h:4\\nunreachable\", color=red];",
            "\"h:91\" -> \"h:1\" [style=dashed, label=\"m epoch 1\"];",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
