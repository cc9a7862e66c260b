//! What stands before the cursor: where we are connected, and in which state.

use crate::modes::Debugger;
use crate::session::Session;

pub(super) fn text(session: &Session) -> String {
    if session.link.is_none() {
        return "not connected> ".to_owned();
    }
    if session.debugger == Debugger::Running {
        return "lua debugger> ".to_owned();
    }
    let place = &session.options.place;
    let mut text = match &place.socket {
        Some(path) => format!("redis {path}"),
        None if place.host.contains(':') => format!("[{}]:{}", place.host, place.port),
        None => format!("{}:{}", place.host, place.port),
    };
    if session.db != 0 {
        text += &format!("[{}]", session.db);
    }
    if session.db_before_multi.is_some() {
        text += "(TX)";
    }
    if session.is_subscribed {
        text += "(subscribed mode)";
    }
    text + "> "
}
