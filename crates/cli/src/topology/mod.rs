//! `--topology`: the whole tree of replication as seen from any of its members, and what Sentinels think of it.
//!
//! `probe` asks one server, `discover` goes from one to all, `sentinels` finds and asks those; `text`, `json` and `dot`
//! draw what was found.

mod discover;
mod dot;
mod json;
mod member;
mod probe;
mod sentinels;
mod text;

use crate::exit::{Result, fail};
use crate::modes::pause;
use crate::options::Drawing;
use crate::screen;
use crate::session::{Patience, Session};

use discover::Discovery;
use member::Topology;
use probe::Prober;

/// Draws once, or every `-i` seconds until Ctrl-C (or `-r` times).
pub(crate) fn run(session: &mut Session, drawing: Drawing) -> Result<u8> {
    let options = &session.options;
    let place = &options.place;
    if place.socket.is_some() {
        return fail("--topology needs a host and a port: others must find the server too");
    }
    let asked = (place.host.clone(), place.port);
    let prober = Prober { user: place.user.clone(), password: place.password.clone() };
    let mut patience = Patience::begin();
    let mut discovery = Discovery::new(prober, asked, options.sentinel.clone());
    let mut times =
        if options.interval_us > 0 && options.repeat == 1 { -1 } else { options.repeat };
    while times != 0 {
        let topology = discovery.run().or_else(fail)?;
        show(&topology, drawing, options.interval_us > 0);
        times = if times < 0 { times } else { times - 1 };
        // Ctrl-C shall not have to wait for the end of a long pause.
        let mut left_us = if times == 0 { 0 } else { options.interval_us };
        while left_us > 0 && !patience.is_over() {
            let step_us = left_us.min(100_000);
            pause(step_us);
            left_us -= step_us;
        }
        if patience.is_over() {
            break;
        }
    }
    Ok(0)
}

fn show(topology: &Topology, drawing: Drawing, is_live: bool) {
    let is_screen = is_live && drawing == Drawing::Text && screen::is_terminal();
    let has_colors = screen::is_terminal() && screen::has_colors();
    let text = match drawing {
        Drawing::Text => text::draw(topology, has_colors),
        // Each drawing of a live series is one line, so that a script can read them one by one.
        Drawing::Json => json::draw(topology, is_live),
        Drawing::Dot => dot::draw(topology),
    };
    match is_screen {
        // Over the last drawing, without the flicker of an empty screen.
        true => screen::print(format!("\x1b[H{}\x1b[J", text.replace('\n', "\x1b[K\n"))),
        false if is_live && drawing == Drawing::Text => screen::print(text + "\n"),
        false => screen::print(text),
    }
}
