//! LATENCY's memory: spikes above `latency-monitor-threshold`, by event, the last 160 of each.

use std::collections::BTreeMap;
use stdx::WallTime;

/// How many samples an event keeps.
const SAMPLES_MAX: usize = 160;

/// One event's spikes.
#[derive(Debug, Default)]
pub(crate) struct Spikes {
    /// Unix seconds and milliseconds, oldest first. One a second: the worst of that second.
    pub(crate) samples: Vec<(u64, u64)>,
    /// The worst since the last reset, in milliseconds.
    pub(crate) worst_ms: u64,
}

/// All events that ever spiked.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    events: BTreeMap<&'static str, Spikes>,
}

impl Latency {
    /// Notes a spike.
    pub(crate) fn sample(&mut self, event: &'static str, at: WallTime, ms: u64) {
        let spikes = self.events.entry(event).or_default();
        spikes.worst_ms = spikes.worst_ms.max(ms);
        match spikes.samples.last_mut() {
            Some((second, worst)) if *second == at.secs() => *worst = (*worst).max(ms),
            _ => {
                if spikes.samples.len() == SAMPLES_MAX {
                    spikes.samples.remove(0);
                }
                spikes.samples.push((at.secs(), ms));
            }
        }
    }

    /// Every event with its spikes.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&'static str, &Spikes)> {
        self.events.iter().map(|(name, spikes)| (*name, spikes))
    }

    /// One event's spikes.
    pub(crate) fn event(&self, name: &[u8]) -> Option<(&'static str, &Spikes)> {
        self.events().find(|(it, _)| it.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Forgets an event, or all of them; how many were forgotten.
    pub(crate) fn reset(&mut self, name: Option<&[u8]>) -> usize {
        let before = self.events.len();
        self.events.retain(|event, _| {
            name.is_some_and(|name| !event.as_bytes().eq_ignore_ascii_case(name))
        });
        before - self.events.len()
    }
}
