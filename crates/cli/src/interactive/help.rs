//! `help`, `help COMMAND`, `help @group`, and the hints as the command line can ask for them.

use config::words;
use sys::ErrorText;

use crate::exit::{Result, fail};
use crate::issue::is;
use crate::manual::{Manual, Page};
use crate::screen;
use crate::session::Session;

/// What `help` prints, from a manual that is loaded for it.
pub(crate) fn print_help(session: &mut Session, topic: &[Vec<u8>]) -> Result<()> {
    let manual = match topic {
        [] => Manual::default(),
        _ => Manual::load(session)?,
    };
    print(&manual, topic);
    Ok(())
}

pub(super) fn print(manual: &Manual, topic: &[Vec<u8>]) {
    let mut text = String::new();
    match topic {
        [] => return screen::print(general()),
        [group, ..] if group.starts_with(b"@") => {
            let offered = manual.pages.iter().filter(|page| page.is_offered);
            let of_group = offered.filter(|page| is(&group[1..], &page.group));
            text.extend(of_group.map(|page| describe(page, false)));
        }
        words => {
            let begins = |page: &&Page| {
                words.len() <= page.words.len()
                    && words.iter().zip(&page.words).all(|(word, name)| is(word, name))
            };
            let found = manual.pages.iter().filter(|page| page.is_offered).filter(begins);
            text.extend(found.map(|page| describe(page, true)));
        }
    }
    screen::print(text + "\r\n");
}

fn describe(page: &Page, has_group: bool) -> String {
    let paint = |code: &str, text: &str| match screen::refuses_colors() {
        true => text.to_owned(),
        false => format!("\x1b[{code}m{text}\x1b[0m"),
    };
    let name = paint("1", &page.full_name());
    let mut text = format!("\r\n  {name} {}\r\n", paint("90", &page.syntax));
    let mut line = |label: &str, value: &str| {
        text += &format!("  {} {value}\r\n", paint("33", label));
    };
    line("summary:", &page.summary);
    if let Some(since) = &page.since {
        line("since:", since);
    }
    if has_group {
        line("group:", &page.group);
    }
    text
}

fn general() -> String {
    format!(
        "redis-cli {}\n\
         What there is help for:\n\
         \x20     \"help @<group>\" lists the commands of a group\n\
         \x20     \"help <command>\" explains a command\n\
         \x20     \"help <tab>\" goes through all commands and groups\n\
         \x20     \"quit\" leaves\n\
         \n\
         What you may prefer:\n\
         \x20     \":set hints\" shows arguments while you type\n\
         \x20     \":set nohints\" does not\n\
         Lines in ~/.redisclirc are read at the start\n",
        node::REDIS_VERSION
    )
}

/// `--test_hint`: what would be hinted behind `input`.
pub(crate) fn print_hint(session: &mut Session, input: &[u8]) -> Result<u8> {
    let manual = Manual::load(session)?;
    let hint = manual.hint(&String::from_utf8_lossy(input));
    screen::print(format!("{}\n", hint.unwrap_or_else(|| "(null)".to_owned())));
    Ok(0)
}

/// `--test_hint_file`: lines of an input and the hint that is wanted, both quoted.
pub(crate) fn check_hints(session: &mut Session, path: &str) -> Result<u8> {
    let text = match sys::file::slurp(path) {
        Ok(text) => text,
        Err(error) => return fail(format!("Can't open file '{path}': {}", error.text())),
    };
    let manual = Manual::load(session)?;
    let (mut passed, mut failed) = (0u32, 0u32);
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")) {
        let words = words::split(line).unwrap_or_default();
        let text = |at: usize| words.get(at).map(|word| String::from_utf8_lossy(word).into_owned());
        let Some(input) = text(0) else { continue };
        let Some(want) = text(1) else {
            sys::complain!("Missing expected hint for input '{input}'");
            return Ok(255);
        };
        let hint = manual.hint(&input);
        if session.options.is_verbose {
            let hint = hint.as_deref().unwrap_or_default();
            screen::print(format!("Input: '{input}', Expected: '{want}', Hint: '{hint}'\n"));
        }
        if hint.as_deref().map(str::trim_end) == Some(&want) {
            passed += 1;
        } else {
            let hint = hint.unwrap_or_default();
            sys::complain!("Test case '{input}' FAILED: expected '{want}', got '{hint}'");
            failed += 1;
        }
    }
    let verdict = if failed == 0 { "SUCCESS" } else { "FAILURE" };
    screen::print(format!("{verdict}: {passed}/{} passed\n", passed + failed));
    Ok(failed.min(255) as u8)
}
