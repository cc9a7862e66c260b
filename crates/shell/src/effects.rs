//! What the machine asks for, carried out.

use std::time::Duration;

use world::{Effect, Event, Exit, Machine};

use crate::dial;
use crate::listen::Wanted;
use crate::turn::Loop;

impl<M: Machine> Loop<'_, M> {
    /// Takes all effects; some ends the process.
    pub(crate) fn carry_out(&mut self) -> Option<Exit> {
        while let Some(effect) = self.machine.poll_effect() {
            let exit = self.carry_out_one(effect);
            if exit.is_some() {
                return exit;
            }
        }
        self.io.conns.release();
        None
    }

    fn carry_out_one(&mut self, effect: Effect) -> Option<Exit> {
        match effect {
            Effect::Hangup { conn, after_sending } => {
                self.io.hangup(self.machine, conn, after_sending);
            }
            Effect::Reading { conn, on } => self.io.set_reading(conn, on),
            // A connection that is gone or broken will say so itself.
            Effect::NoDelay { conn, on } => {
                let _ = self.io.conns.get(conn).map(|conn| conn.stream.set_nodelay(on));
            }
            Effect::KeepAlive { conn, secs } => {
                let _ = self.io.conns.get(conn).map(|conn| conn.stream.set_keepalive(secs));
            }
            Effect::Dial(dial) => {
                let (machine, now) = (&mut *self.machine, self.now);
                self.dialer.dial(machine, now, &mut self.io, &self.poller, &self.inbox, dial);
            }
            Effect::CancelDial(ticket) => self.dialer.cancel(&mut self.io, ticket),
            Effect::Listen { ticket, addresses, port, unix, backlog } => {
                let wanted = Wanted { addresses, port, unix, backlog };
                let result = self.listeners.replace(&self.poller, &self.log, wanted);
                self.machine.handle_event(self.now, Event::Listened { ticket, result });
            }
            Effect::Disk { ticket, op } => self.disk.run(ticket, op),
            Effect::Offload { ticket, work } => self.pool.run(ticket, work),
            Effect::Resolve { ticket, host } => {
                dial::resolve(self.machine, self.now, &self.inbox, ticket, host);
            }
            Effect::Run { ticket, program, arguments } => {
                let (machine, now) = (&mut *self.machine, self.now);
                self.children.run(machine, now, &self.inbox, ticket, &program, &arguments);
            }
            Effect::Kill { ticket } => self.children.kill(ticket),
            Effect::Log { level, text } => self.log.write(level, &text),
            Effect::LogRole(role) => self.log.set_role(role),
            Effect::Title(title) => sys::title::set(&title),
            Effect::Supervisor(text) => {
                if self.supervised {
                    sys::process::notify_systemd(&text);
                }
            }
            Effect::Stall { ms } => sys::thread::sleep(Duration::from_millis(ms)),
            Effect::OpenFiles { ticket, wanted } => {
                let limit = sys::limits::raise_open_files(wanted);
                self.machine.handle_event(self.now, Event::OpenFiles { ticket, limit });
            }
            Effect::Exit(exit) => return Some(exit),
        }
        None
    }
}
