//! `--stat`: a line of figures each second.

use client::Value;

use super::{insist, pause};
use crate::exit::{Result, fail};
use crate::screen;
use crate::session::Session;

const HEAD: &str = "\
------- data ------ --------------------- load -------------------- - child -
keys       mem      clients blocked requests            connections          
";

/// How often the head is repeated.
const LINES: u64 = 20;

pub(super) fn run(session: &mut Session) -> Result<u8> {
    let interval_us = match session.options.interval_us {
        0 => 1_000_000,
        given => given,
    };
    let mut requests_before = 0;
    for line in 0.. {
        let info = match insist(session, &["INFO"])? {
            Value::Error(text) => {
                return fail(format!("ERROR: {}", String::from_utf8_lossy(&text)));
            }
            reply => reply.text(),
        };
        if line % LINES == 0 {
            screen::print(HEAD);
        }
        screen::print(figures(&info, &mut requests_before));
        pause(interval_us);
    }
    Ok(0)
}

fn figures(info: &str, requests_before: &mut i64) -> String {
    let number = |name: &str| {
        let value = client::field(info, name).map(|text| crate::number::integer(text.as_bytes()));
        value.unwrap_or(i64::MIN)
    };
    let keys: i64 = (0..20)
        .filter_map(|db| client::field(info, &format!("db{db}"))?.strip_prefix("keys="))
        .map(|text| crate::number::integer(text.as_bytes()))
        .sum();
    let memory = screen::bytes(number("used_memory"));
    let requests = number("total_commands_processed");
    let more = if *requests_before == 0 { 0 } else { requests - *requests_before };
    *requests_before = requests;
    let running = |name: &str| client::field(info, name).is_some_and(|text| text != "0");
    let child = match (
        running("rdb_bgsave_in_progress"),
        running("aof_rewrite_in_progress"),
        running("loading"),
    ) {
        (true, false, false) => "SAVE",
        (false, true, false) => "AOF",
        (true, true, false) => "SAVE+AOF",
        (false, false, true) => "LOAD",
        _ => "",
    };
    format!(
        "{keys:<11}{memory:<8} {:<8}{:<8}{:<19} {:<12}{child}\n",
        number("connected_clients"),
        number("blocked_clients"),
        format!("{requests} (+{more})"),
        number("total_connections_received"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_in_their_columns() {
        let info = "connected_clients:1\r\nblocked_clients:0\r\nused_memory:2048\r\n\
                    total_commands_processed:7\r\ntotal_connections_received:3\r\n\
                    rdb_bgsave_in_progress:1\r\ndb0:keys=5,expires=0\r\ndb3:keys=1,expires=0\r\n";
        let mut before = 4;
        let line = figures(info, &mut before);
        assert_eq!(
            line,
            "6          2.00K    1       0       7 (+3)              3           SAVE\n"
        );
        assert_eq!(before, 7);
    }
}
