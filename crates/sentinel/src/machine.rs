//! How the world speaks to a Sentinel: events go to their owners, then the groups they concern make a round.

use crate::agree;
use crate::clock::Tilt;
use crate::greet;
use crate::group::GroupId;
use crate::hello::Hello;
use crate::links::{Asked, Heard, LinkId, User};
use crate::meet;
use crate::news::News;
use crate::refresh;
use crate::sentinel::Sentinel;
use resp::Value;
use std::io::IoSlice;
use std::rc::Rc;
use stdx::{Instant, Now};
use world::{ConnId, Effect, Event, Exit, Level, Machine};

impl Machine for Sentinel {
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        self.look_at_clock(now);
        if !self.links.handle_input(conn, bytes, self.clock.now()) {
            self.client_input(conn, bytes);
        }
        self.settle();
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        self.look_at_clock(now);
        let ours = self.clock.now();
        match event {
            Event::Accepted { conn, peer, local } => self.client_accepted(conn, peer, local),
            Event::Closed { conn, reason } => {
                if !self.links.handle_closed(conn, ours) {
                    self.client_closed(conn, &reason);
                }
            }
            Event::Dialed { ticket, conn, local, .. } => {
                if !self.links.handle_dialed(ticket, conn, &local, ours, &self.ledger) {
                    self.effects.push_back(Effect::Hangup { conn, after_sending: false });
                }
            }
            Event::DialFailed { ticket, .. } => {
                self.links.handle_dial_failed(ticket, ours);
            }
            Event::DiskDone { ticket, result } => {
                let worked = result.is_ok();
                if !self.kept(ticket, result) {
                    self.looked(ticket, worked);
                }
            }
            Event::Listened { ticket: _, result } => self.listened(result),
            Event::Signal(signal) => self.signalled(signal),
            Event::Resolved { ticket, result } => match (self.lookups.remove(&ticket), result) {
                (Some(host), Ok(ip)) => self.names.learn(&host, ip),
                (Some(host), Err(_)) => {
                    self.log(Level::Warning, format!("Failed to resolve hostname '{host}'"));
                }
                (None, _) => {}
            },
            Event::Started { ticket, pid } => self.script_started(ticket, pid),
            Event::Ended { ticket, outcome } => self.script_ended(ticket, outcome),
            // Nothing of the kind is asked for.
            Event::WorkDone { .. } | Event::OpenFiles { .. } => {}
        }
        self.settle();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.look_at_clock(now);
        self.links.handle_timeout(self.clock.now(), &self.ledger);
        self.make_rounds();
        self.tend_clients();
        self.scripts.handle_timeout(self.clock.now());
        self.settle();
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front().or_else(|| self.links.poll_effect())
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let all = [
            self.links.poll_timeout(),
            self.next_round(),
            self.keeper.poll_timeout(),
            self.clients.poll_timeout(),
            self.scripts.poll_timeout(),
        ];
        let ours = all.into_iter().flatten().min();
        let ours = ours.map(|at| self.clock.to_world(at));
        Some(ours.map_or(self.clock.heartbeat(), |at| at.min(self.clock.heartbeat())))
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        self.links.poll_ready().or_else(|| self.clients.poll_ready())
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        match self.clients.pending(conn, slices) {
            Some(count) => count,
            None => self.links.pending(conn, slices),
        }
    }

    fn sent(&mut self, _now: Now, conn: ConnId, count: usize) -> bool {
        match self.links.sent(conn, count) {
            Some(more) => more,
            None => self.client_sent(conn, count),
        }
    }

    fn idle(&mut self, _now: Now, _budget_us: u64) -> bool {
        false
    }
}

impl Sentinel {
    fn look_at_clock(&mut self, now: Now) {
        let tilt = match self.clock.look(now) {
            Some(Tilt::Begins { paused_ms }) => {
                let text = format!(
                    "The process stood still for {paused_ms} ms: nothing that was due counts as late"
                );
                self.log(Level::Notice, text);
                ("+tilt", "#tilt mode entered")
            }
            Some(Tilt::Ends) => ("-tilt", "#tilt mode exited"),
            None => return,
        };
        let (name, text) = (tilt.0, tilt.1.to_owned());
        self.news.push_back(News::Event { level: Level::Warning, name, text, group: None });
    }

    /// Everything that follows from what has just happened: what the links heard, the rounds of the groups that it
    /// concerns, the state onto the disk, and the news out.
    pub(crate) fn settle(&mut self) {
        while let Some(heard) = self.links.poll_heard() {
            self.hear(heard);
        }
        self.resolve_names();
        self.tell_news();
        self.tend_scripts();
        // What has become of scripts is news, but is told to no script.
        self.tell_news();
        self.keep();
        self.release();
        self.bury();
    }

    /// Who uses a link.
    fn users(&self, link: LinkId) -> Vec<User> {
        self.links.users(link)
    }

    fn hear(&mut self, heard: Heard) {
        let tilted = self.clock.is_tilted();
        match heard {
            Heard::Connected(link) | Heard::Lost(link) => self.look_at_users(link),
            Heard::Pong(link, error) => {
                for user in self.users(link) {
                    self.with(user.group, |group, cx| {
                        refresh::pong(group, cx, user.instance, error.as_deref());
                    });
                }
                self.look_at_users(link);
            }
            Heard::Info(link, text) => {
                let text: Rc<[u8]> = text.into();
                for user in self.users(link) {
                    self.with(user.group, |group, cx| {
                        refresh::refresh(group, cx, user.instance, &text, tilted);
                    });
                }
                self.look_at_users(link);
            }
            Heard::Hello(message) => {
                self.hear_hello(&message);
            }
            Heard::Refused(link, text) => self.refused(link, &text),
            Heard::Reply(asked, value) => self.answered(asked, &value),
            Heard::Unanswered(asked) => self.unanswered(asked),
        }
    }

    fn look_at_users(&mut self, link: LinkId) {
        for user in self.users(link) {
            self.look_at(user.group);
        }
    }

    /// A hello, over whatever way it came. False: it is about nothing that we watch.
    pub(crate) fn hear_hello(&mut self, message: &[u8]) -> bool {
        let Some(hello) = Hello::parse(message) else { return false };
        let Some(&id) = self.by_name.get(&hello.group) else { return false };
        let everywhere = self.with(id, |group, cx| meet::meet(group, cx, &hello)).flatten();
        if let Some(everywhere) = everywhere {
            let others: Vec<GroupId> = self.groups.keys().copied().filter(|it| *it != id).collect();
            for other in others {
                self.with(other, |group, cx| meet::note_elsewhere(group, cx, &everywhere));
            }
        }
        self.look_at(id);
        true
    }

    fn answered(&mut self, asked: Asked, value: &Value) {
        match asked {
            Asked::Hello { group, instance } => {
                if value.is_error() {
                    self.with(group, |group, cx| greet::refused(group, cx, instance));
                    self.look_at(group);
                }
            }
            Asked::IsDown { group, peer, primary, asked } => {
                self.with(group, |group, cx| {
                    agree::handle_answer(group, cx, peer, primary, asked, value);
                });
                self.look_at(group);
            }
            Asked::Reconfigured { group, instance } => {
                self.with(group, |group, cx| {
                    crate::orders::heard(group, instance, value, cx);
                });
            }
            Asked::Trial { trial } => self.trial_answered(trial, Some(value)),
            Asked::Auth | Asked::Ping | Asked::Info | Asked::Nothing => {}
        }
    }

    fn unanswered(&mut self, asked: Asked) {
        if let Asked::Trial { trial } = asked {
            self.trial_answered(trial, None);
        }
    }

    /// Our credentials are not good there: said at once, and not when a failover needs them.
    fn refused(&mut self, link: LinkId, text: &str) {
        for user in self.users(link) {
            self.with(user.group, |group, cx| {
                let Some(about) = group.instance(user.instance) else {
                    return;
                };
                let more = format!(" {text}");
                cx.event(Level::Warning, "+auth-refused", group, about, &more);
            });
        }
    }

    /// Asks for the addresses of names that are not known, or not known to be good any more.
    fn resolve_names(&mut self) {
        while let Some(host) = self.links.poll_lookup() {
            if self.names.wants(&host, self.clock.now()) {
                let ticket = self.ticket();
                self.lookups.insert(ticket, host.clone());
                self.effects.push_back(Effect::Resolve { ticket, host });
            }
        }
    }

    /// Tells what there is to tell: at once, or when the disk has what it rests on.
    fn tell_news(&mut self) {
        while let Some(news) = self.news.pop_front() {
            match news {
                News::Event { level, name, text, group } => {
                    self.emit(Effect::Log { level, text: format!("{name} {text}") });
                    if level > Level::Debug {
                        self.publish(name.as_bytes(), text.as_bytes());
                    }
                    let script = group
                        .filter(|_| level == Level::Warning)
                        .and_then(|id| self.groups.get(&id))
                        .map(|group| group.settings.notification_script.clone())
                        .unwrap_or_default();
                    if !script.is_empty() {
                        self.queue_script(script, vec![name.to_owned(), text]);
                    }
                }
                News::Line { level, text } => self.emit(Effect::Log { level, text }),
                News::Reconfigure { group, arguments } => {
                    let script = self.groups.get(&group);
                    let script = script.map(|it| it.settings.client_reconfig_script.clone());
                    self.queue_script(script.unwrap_or_default(), arguments);
                }
                News::Crash => {
                    let text = "Sentinel CRASH because of SENTINEL simulate-failure".to_owned();
                    self.emit(Effect::Log { level: Level::Warning, text });
                    self.emit(Effect::Exit(Exit::Status(99)));
                }
                News::Exit(exit) => self.emit(Effect::Exit(exit)),
            }
        }
    }

    /// An effect that others see: it waits for the disk, and for its turn.
    pub(crate) fn emit(&mut self, effect: Effect) {
        if let Effect::Log { level, .. } = &effect
            && !self.clients.is_logged(*level)
        {
            return;
        }
        if let Some(effect) = self.held.pass(&self.ledger, effect) {
            self.effects.push_back(effect);
        }
    }

    /// What waited for the disk and need not any more goes out.
    fn release(&mut self) {
        if !self.ledger.take_settled() {
            return;
        }
        while let Some(effect) = self.held.next(&self.ledger) {
            self.effects.push_back(effect);
        }
        self.links.release(&self.ledger);
        self.clients.release(&self.ledger);
    }
}
