//! SIGTERM reaches the machine through the loop. Alone in its process, because signals have no other address.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod support;

use std::sync::mpsc;
use std::time::Duration;

use shell::{CpuLists, Log, LogTarget, Options};
use support::Echo;
use sys::signal::{self, Kind};
use world::Exit;

#[test]
fn a_signal_is_an_event() {
    for kind in [Kind::Terminate, Kind::Interrupt] {
        let mut machine = Echo::new(mpsc::channel().0);
        let log = Log::new(LogTarget { file: Some("/dev/null".into()), syslog: false });
        let sender = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            signal::send(std::process::id(), kind).expect("one may signal oneself");
        });
        let exit = shell::run(
            &mut machine,
            Options { log, signals: true, supervised: false, cpus: CpuLists::default() },
        )
        .expect("the loop runs");
        assert_eq!(exit, Exit::Status(15));
        sender.join().expect("it was sent");
    }
}
