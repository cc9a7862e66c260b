//! What `redis-check-rdb` says about a file: its fields, its size, and where it is damaged.
//!
//! The words and their order are those tools look for. The check builds every value as loading would, so a file that
//! passes can be loaded.

use stdx::WallTime;

use crate::corrupt::{Corrupt, Damage};
use crate::decode::{Checksum, Decoder, Doing, Item, Options};
use crate::format;

/// A check under way.
pub struct Check {
    decoder: Decoder,
    now: WallTime,
    keys: u64,
    expires: u64,
    expired: u64,
    /// Set once the end was reached, either way.
    verdict: Option<bool>,
}

impl Check {
    /// Begins, and writes the first line. `now` decides which keys count as expired.
    pub fn new(file: &str, now: WallTime, out: &mut Vec<u8>) -> Check {
        line(out, 0, format!("Checking RDB file {file}").as_bytes());
        let decoder = Decoder::new(Options::default());
        Check { decoder, now, keys: 0, expires: 0, expired: 0, verdict: None }
    }

    /// Takes the next bytes of the file and writes what they tell. False when it is enough: the end was reached or
    /// the file is damaged.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        if self.verdict.is_none() {
            self.decoder.feed(bytes);
        }
        while self.verdict.is_none() {
            match self.decoder.next() {
                Ok(Some(item)) => self.item(item, out),
                Ok(None) => break,
                Err(corrupt) => self.fail(&corrupt, out),
            }
        }
        self.verdict.is_none()
    }

    /// Ends, and writes the verdict: true where the file is sound. The process ends with 0 or 1 accordingly.
    pub fn finish(mut self, out: &mut Vec<u8>) -> bool {
        match self.decoder.finish() {
            Err(corrupt) if self.verdict.is_none() => self.fail(&corrupt, out),
            _ => {}
        }
        let sound = self.verdict == Some(true);
        if sound {
            line(out, self.decoder.offset(), br"\o/ RDB looks OK! \o/");
            self.totals(out);
        }
        sound
    }

    fn item(&mut self, item: Item, out: &mut Vec<u8>) {
        let at = self.decoder.offset();
        match item {
            Item::Aux { name, value } => {
                line(out, at, &[b"AUX FIELD ", &name[..], b" = '", &value, b"'"].concat());
            }
            Item::SelectDb(index) => line(out, at, format!("Selecting DB ID {index}").as_bytes()),
            Item::ModuleAux { module } => {
                line(out, at, format!("MODULE AUX for: {module}").as_bytes());
            }
            Item::Key(key) => {
                self.keys += 1;
                if let Some(ms) = key.expires {
                    self.expires += 1;
                    self.expired += u64::from(ms < self.now.ms());
                }
            }
            // Loading drops a key without elements; the check calls it an error, as Redis's does.
            Item::EmptyKey { key, kind, .. } => {
                let corrupt = Corrupt {
                    key: Some(key.into_boxed_slice()),
                    kind: Some(kind),
                    ..Corrupt::new(at, Damage::Empty)
                };
                self.fail(&corrupt, out);
            }
            Item::End { checksum } => {
                match checksum {
                    Checksum::Good => line(out, at, b"Checksum OK"),
                    Checksum::Disabled => line(
                        out,
                        at,
                        b"RDB file was saved with checksum disabled: no check performed.",
                    ),
                    Checksum::Unchecked => {}
                }
                self.verdict = Some(true);
            }
            Item::Header { .. } | Item::ResizeDb { .. } | Item::Slot { .. } | Item::Function(_) => {
            }
        }
    }

    fn fail(&mut self, corrupt: &Corrupt, out: &mut Vec<u8>) {
        self.verdict = Some(false);
        // A key counts as read once its name was.
        self.keys += u64::from(corrupt.key.is_some());
        out.extend_from_slice(b"--- RDB ERROR DETECTED ---\n");
        line(out, corrupt.at, corrupt.what.to_string().as_bytes());
        let doing = match self.decoder.doing() {
            _ if corrupt.what == Damage::Empty => doing(Doing::ReadValue),
            other => doing(other),
        };
        more(out, format!("While doing: {doing}").as_bytes());
        if let Some(key) = &corrupt.key {
            more(out, &[b"Reading key '", &key[..], b"'"].concat());
        }
        if let Some(kind) = corrupt.kind {
            let name = format::kind_name(kind);
            more(out, format!("Reading type {kind} ({name})").as_bytes());
        }
        self.totals(out);
    }

    fn totals(&self, out: &mut Vec<u8>) {
        let text = format!(
            "[info] {} keys read\n[info] {} expires\n[info] {} already expired\n",
            self.keys, self.expires, self.expired
        );
        out.extend_from_slice(text.as_bytes());
    }
}

fn line(out: &mut Vec<u8>, at: u64, text: &[u8]) {
    out.extend_from_slice(format!("[offset {at}] ").as_bytes());
    out.extend_from_slice(text);
    out.push(b'\n');
}

fn more(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(b"[additional info] ");
    out.extend_from_slice(text);
    out.push(b'\n');
}

fn doing(doing: Doing) -> &'static str {
    match doing {
        Doing::Start => "start",
        Doing::ReadType => "read-type",
        Doing::ReadExpire => "read-expire",
        Doing::ReadKey => "read-key",
        Doing::ReadValue => "read-object-value",
        Doing::CheckSum => "check-sum",
        Doing::ReadLength => "read-len",
        Doing::ReadAux => "read-aux",
        Doing::ReadModuleAux => "read-module-aux",
        Doing::ReadFunctions => "read-functions",
    }
}
