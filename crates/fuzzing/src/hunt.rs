//! Reads a corpus and inputs made of it for a while, and keeps what a target complains about.

use crate::bounds::{self, Cost};
use crate::{Target, mutate};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use stdx::Prng;

/// An input that is read for longer than this hangs.
const HANGS_AFTER_MS: u64 = 60_000;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After so many inputs besides the corpus.
    Inputs(u64),
    /// After so many seconds.
    Seconds(u64),
}

/// What came of a hunt.
#[derive(Clone, Debug, Default)]
pub struct Bag {
    /// How many inputs were read.
    pub inputs: u64,
    /// The most that an input did cost, by memory and by time.
    pub most: Cost,
    /// The first input that the target complained about, and what it said.
    pub finding: Option<(Vec<u8>, String)>,
}

/// The inputs of a folder, by their names; none where there is no such folder.
pub fn corpus_of(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Reads the corpus, then inputs made of it, until it is time to stop or the target complains.
pub fn hunt(target: &Target, corpus: &[Vec<u8>], seed: u64, until: Until) -> Bag {
    let mut bag = Bag::default();
    let mut prng = Prng::new(seed);
    let started = sys::clock::instant();
    let watch = Watch::start(target.name);
    for input in corpus {
        if !one(target, input, &watch, &mut bag) {
            return bag;
        }
    }
    let mut made = 0;
    loop {
        let is_over = match until {
            Until::Inputs(count) => made >= count,
            Until::Seconds(secs) => sys::clock::instant().ms_since(started) >= secs * 1000,
        };
        if is_over {
            return bag;
        }
        let input = mutate::mutate(&mut prng, corpus, target.words, target.len_max);
        made += 1;
        if !one(target, &input, &watch, &mut bag) {
            return bag;
        }
    }
}

/// Reads one input; false where the target complains.
fn one(target: &Target, input: &[u8], watch: &Watch, bag: &mut Bag) -> bool {
    watch.begin(input);
    bag.inputs += 1;
    let outcome = catch_unwind(AssertUnwindSafe(|| bounds::check(target, input)));
    watch.end();
    match outcome {
        Ok(cost) => {
            bag.most.bytes = bag.most.bytes.max(cost.bytes);
            bag.most.ms = bag.most.ms.max(cost.ms);
            true
        }
        Err(payload) => {
            let text = payload
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            bag.finding = Some((input.to_vec(), text.unwrap_or_default()));
            false
        }
    }
}

/// Looks from another thread whether an input is still being read, since one that hangs comes to no end by itself.
struct Watch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// When the input began, in milliseconds; 0 where none is being read, `u64::MAX` at the end.
    since_ms: AtomicU64,
    input: Mutex<Vec<u8>>,
}

impl Watch {
    fn start(name: &'static str) -> Watch {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        let look = move || {
            loop {
                std::thread::park_timeout(std::time::Duration::from_millis(500));
                let since = own.since_ms.load(Ordering::Acquire);
                let now = sys::clock::nanos() / 1_000_000;
                if since == u64::MAX {
                    return;
                }
                if since > 0 && now.saturating_sub(since) > HANGS_AFTER_MS {
                    let input = own.input.lock().unwrap_or_else(PoisonError::into_inner);
                    eprintln!("{name} hangs at this input: {}", input.escape_ascii());
                    std::process::abort();
                }
            }
        };
        // Without a watch it is still a hunt.
        let _ = sys::thread::spawn("watch", look);
        Watch { shared }
    }

    fn begin(&self, input: &[u8]) {
        let mut shown = self.shared.input.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clear();
        shown.extend_from_slice(input);
        drop(shown);
        self.shared.since_ms.store(sys::clock::nanos() / 1_000_000, Ordering::Release);
    }

    fn end(&self) {
        self.shared.since_ms.store(0, Ordering::Release);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.since_ms.store(u64::MAX, Ordering::Release);
    }
}
