//! Threads at the edges: they do what would hold the loop, and never decide.

use crate::cpus::Cpus;
use std::io;
use std::time::Duration;

/// A thread that was started here.
pub type Handle = std::thread::JoinHandle<()>;

/// Starts a thread. `name` shows in `top -H`; signals go to the threads that were there before.
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<Handle> {
    spawn_on(&Cpus::default(), name, run)
}

/// Starts a thread that keeps to these processors, where the system knows them.
pub fn spawn_on(
    cpus: &Cpus,
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> io::Result<Handle> {
    let cpus = cpus.clone();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        crate::signal::block_all();
        crate::schedule::stand_back();
        // Whoever named processors that are not there is served by the others.
        let _ = cpus.bind();
        let _counted = crate::memory::count_this_thread();
        run();
    })
}

/// Runs `run` on every job at the same time, each on a thread of its own that stands back for nobody, and waits for
/// all of them. The results are in the order of the jobs. Where a thread does not start, the error says which, once
/// those before it have ended; `abandon` is called first, to make them end.
pub fn together<J: Send, R: Send>(
    name: &str,
    jobs: Vec<J>,
    run: impl Fn(J) -> R + Sync,
    abandon: impl FnOnce(),
) -> Result<Vec<R>, (usize, io::Error)> {
    std::thread::scope(|scope| {
        let (mut threads, mut failed) = (Vec::new(), None);
        for (at, job) in jobs.into_iter().enumerate() {
            let run = &run;
            let builder = std::thread::Builder::new().name(format!("{name}-{at}"));
            match builder.spawn_scoped(scope, move || run(job)) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    abandon();
                    failed = Some((at, error));
                    break;
                }
            }
        }
        let results = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        let results = results.collect();
        failed.map_or(Ok(results), Err)
    })
}

/// Holds the calling thread.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_run_together_and_answer_in_order() {
        // Each waits for the other, so one after the other would never end.
        let meeting = std::sync::Barrier::new(2);
        let run = |job: u32| {
            meeting.wait();
            job * 10
        };
        let results = together("job", vec![1, 2], run, || ());
        assert_eq!(results.map_err(|(at, _)| at), Ok(vec![10, 20]));
    }
}
