//! What the program does instead of sending one command: each mode in its file, each with an end of its own.

mod bigkeys;
mod debugger;
mod eval;
mod hotkeys;
mod intrinsic;
mod latency;
mod lru;
mod pipe;
mod replica;
mod scan;
mod spectrum;
mod stat;
mod sync;

use std::io;

use client::Value;

use crate::connect::Manner;
use crate::exit::{Exit, Result, fail};
use crate::session::{Session, reason};

pub(crate) use debugger::Debugger;
pub(crate) use replica::Request;

/// Runs the mode that the options ask for; none if they ask for a command or a prompt.
pub(crate) fn run(session: &mut Session) -> Option<Result<u8>> {
    let modes = session.options.modes.clone();
    if modes.is_cluster_manager {
        return Some(fail("The cluster manager is not in this version of Regent"));
    }
    if let Some(drawing) = modes.topology {
        return Some(crate::topology::run(session, drawing));
    }
    if let Some(secs) = modes.intrinsic_latency_secs
        && !needs_connection(session)
    {
        return Some(intrinsic::run(secs));
    }
    if let Some(input) = modes.hint_for {
        return Some(crate::interactive::print_hint(session, &input));
    }
    if let Some(path) = modes.hint_suite {
        return Some(crate::interactive::check_hints(session, &path));
    }
    if !needs_connection(session) {
        return None;
    }
    Some(session.must_connect().and_then(|()| connected(session)))
}

fn needs_connection(session: &Session) -> bool {
    let it = &session.options.modes;
    it.is_latency
        || it.is_latency_spectrum
        || it.is_replica
        || it.rdb.is_some()
        || it.is_pipe
        || it.is_bigkeys
        || it.memkeys_samples.is_some()
        || it.is_hotkeys
        || it.is_stat
        || it.is_scan
        || it.lru_test_keys.is_some()
        || it.script.is_some()
}

/// The first of the modes that was asked for.
fn connected(session: &mut Session) -> Result<u8> {
    let modes = session.options.modes.clone();
    if modes.is_latency {
        latency::run(session)
    } else if modes.is_latency_spectrum {
        spectrum::run(session)
    } else if modes.is_replica {
        replica::run(session)
    } else if let Some(rdb) = modes.rdb {
        sync::fetch(session, &rdb)
    } else if modes.is_pipe {
        pipe::run(session)
    } else if modes.is_bigkeys {
        bigkeys::run(session, bigkeys::Measure::Length)
    } else if let Some(samples) = modes.memkeys_samples {
        bigkeys::run(session, bigkeys::Measure::Memory { samples })
    } else if modes.is_hotkeys {
        hotkeys::run(session)
    } else if modes.is_stat {
        stat::run(session)
    } else if modes.is_scan {
        scan::run(session)
    } else if let Some(keys) = modes.lru_test_keys {
        lru::run(session, keys)
    } else {
        eval::run(session, &modes.script.unwrap_or_default())
    }
}

/// Waits for so many microseconds.
pub(crate) fn pause(us: u64) {
    sys::thread::sleep(std::time::Duration::from_micros(us));
}

/// A request; where the connection is lost it is made again, as often as it takes.
fn insist(session: &mut Session, words: &[&str]) -> Result<Value> {
    let mut tries = 0;
    loop {
        if session.link.is_none() {
            tries += 1;
            crate::screen::print(format!("\r\x1b[0KReconnecting... {tries}\r"));
            session.connect(Manner::Quiet)?;
            pause(1_000_000);
            continue;
        }
        match session.ask(words) {
            Ok(reply) => {
                if tries > 0 {
                    crate::screen::print("\r\x1b[0K");
                }
                return Ok(reply);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return fail(format!("Error: {}", reason(&error)));
            }
            Err(_) => session.link = None,
        }
    }
}

/// The number of keys.
fn count_keys(session: &mut Session) -> Result<i64> {
    match session.must_ask(&["DBSIZE"])? {
        Value::Int(count) => Ok(count),
        Value::Error(text) => {
            fail(format!("Couldn't determine DBSIZE: {}", String::from_utf8_lossy(&text)))
        }
        _ => fail("Non INTEGER response from DBSIZE!"),
    }
}

/// One step of SCAN with the options' pattern and count: the next cursor and the keys.
fn scan_step(session: &mut Session, cursor: &mut u64) -> Result<Vec<Vec<u8>>> {
    let mut words = vec![b"SCAN".to_vec(), cursor.to_string().into_bytes()];
    if let Some(pattern) = &session.options.pattern {
        words.extend([b"MATCH".to_vec(), pattern.clone()]);
    }
    words.extend([b"COUNT".to_vec(), session.options.count.to_string().into_bytes()]);
    let items = match session.must_ask(&words)? {
        Value::Array(items) => items,
        Value::Error(text) => {
            return fail(format!("SCAN error: {}", String::from_utf8_lossy(&text)));
        }
        _ => return fail("Non ARRAY response from SCAN!"),
    };
    let Ok([next, keys]) = <[Value; 2]>::try_from(items) else {
        return fail("Invalid element count from SCAN!");
    };
    let (Value::Bulk(next), Value::Array(keys)) = (next, keys) else {
        return fail("Invalid element count from SCAN!");
    };
    *cursor = String::from_utf8_lossy(&next).parse().or(Err(Exit(1)))?;
    Ok(keys.into_iter().filter_map(|key| key.as_bytes().map(<[u8]>::to_vec)).collect())
}
