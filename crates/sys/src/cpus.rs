//! Which processors a thread may use.

use std::io;

/// A list of processors: `0-7:2,9` is each second one from 0 to 7, and 9.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpus {
    numbers: Vec<usize>,
}

/// The largest number that the system's own sets have room for.
const NUMBER_MAX: usize = 1023;

impl Cpus {
    /// Reads a list. None: it is none.
    pub fn parse(list: &str) -> Option<Cpus> {
        let mut numbers = Vec::new();
        for range in list.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let (range, step) = match range.split_once(':') {
                Some((range, step)) => (range, number(step)?),
                None => (range, 1),
            };
            let (first, last) = match range.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(range)?, number(range)?),
            };
            if step == 0 || last < first {
                return None;
            }
            numbers.extend((first..=last).step_by(step));
        }
        Some(Cpus { numbers })
    }

    /// The calling thread keeps to these from now on; to all where none are named.
    pub fn bind(&self) -> io::Result<()> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        bind(&self.numbers)
    }
}

fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok().filter(|number| *number <= NUMBER_MAX)
}

#[cfg(target_os = "linux")]
fn bind(numbers: &[usize]) -> io::Result<()> {
    // SAFETY: a `cpu_set_t` is numbers only; every number is within it; the call reads it while it is alive.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        for number in numbers {
            libc::CPU_SET(*number, &mut set);
        }
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn bind(_numbers: &[usize]) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_taskset_reads_them() {
        let cases: &[(&str, Option<&[usize]>)] = &[
            ("", Some(&[])),
            ("0,2,4", Some(&[0, 2, 4])),
            ("0-3", Some(&[0, 1, 2, 3])),
            ("1,10-13:2, 5", Some(&[1, 10, 12, 5])),
            ("3-1", None),
            ("0-4:0", None),
            ("x", None),
            ("5000", None),
        ];
        for (list, want) in cases {
            let got = Cpus::parse(list).map(|cpus| cpus.numbers);
            assert_eq!(got.as_deref(), *want, "{list}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_keeps_to_its_processors() {
        let thread = std::thread::spawn(|| {
            Cpus::parse("0").expect("a list").bind().expect("there is a first processor");
            // SAFETY: plain call.
            unsafe { libc::sched_getcpu() }
        });
        assert_eq!(thread.join().expect("it ends"), 0);
        assert!(Cpus::parse("1000").expect("a list").bind().is_err());
        Cpus::default().bind().expect("anywhere");
    }
}
