//! Reading files: bytes in, keys out, at the pace the bytes come.
//!
//! # Design
//! The decoder is fed and asked by turns. It owns no file and no keyspace; whoever drives it decides what becomes of
//! a key. It stops at any byte and goes on there, also in the middle of a value of a million elements, which grows
//! while it is read. After the end of the file it takes nothing more: what follows (an AOF's commands, a primary's
//! stream) is given back by [`Decoder::rest`].

mod packed;
mod value;

use store::{Access, Thresholds, Value};

use crate::corrupt::{Corrupt, Damage};
use crate::format::{self, kind, module_piece, opcode};
use crate::input::{Input, Read, Stop};

pub(crate) use value::{Builder, Built};

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Up to where small collections stay packed.
    pub thresholds: Thresholds,
    /// How many databases there are; a key in another is an error.
    pub databases: u64,
    /// Whether a wrong checksum is an error.
    pub checksum: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { thresholds: Thresholds::default(), databases: u64::MAX, checksum: true }
    }
}

/// A key with its value and what is known about it.
#[derive(Debug)]
pub struct Key {
    /// The index of its database.
    pub db: usize,
    /// Its name.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Value,
    /// When it expires, in Unix milliseconds.
    pub expires: Option<u64>,
    /// How it was used, if the file tells.
    pub access: Option<Access>,
}

/// What the end of a file says about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// It was compared and agrees.
    Good,
    /// It was written as zero: whoever saved the file had checksums disabled.
    Disabled,
    /// There is none (before version 5), or comparing was not asked for.
    Unchecked,
}

/// What a file consists of.
#[derive(Debug)]
pub enum Item {
    /// Its beginning.
    Header {
        /// The version of the format.
        version: u16,
    },
    /// A field about the file.
    Aux {
        /// Its name.
        name: Vec<u8>,
        /// What it says.
        value: Vec<u8>,
    },
    /// The keys that follow are of this database.
    SelectDb(usize),
    /// How large that database is.
    ResizeDb {
        /// Its keys.
        keys: u64,
        /// Those of them that expire.
        expires: u64,
    },
    /// How large a slot of a cluster is.
    Slot {
        /// Its number.
        slot: u64,
        /// Its keys.
        keys: u64,
        /// Those of them that expire.
        expires: u64,
    },
    /// The source of a library of functions.
    Function(Vec<u8>),
    /// Data of a module about the whole dataset was skipped.
    ModuleAux {
        /// The module's name for its type.
        module: String,
    },
    /// A key.
    Key(Box<Key>),
    /// A key whose collection is empty. Versions with a bug wrote them; they are dropped.
    EmptyKey {
        /// The index of its database.
        db: usize,
        /// Its name.
        key: Vec<u8>,
        /// The type byte of what it should hold.
        kind: u8,
    },
    /// The end.
    End {
        /// What the checksum says.
        checksum: Checksum,
    },
}

/// What the decoder is about, in the words of `redis-check-rdb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Magic and version.
    Start,
    /// The byte that opens the next part.
    ReadType,
    /// When the next key expires.
    ReadExpire,
    /// The name of a key.
    ReadKey,
    /// The value of a key.
    ReadValue,
    /// The sum at the end.
    CheckSum,
    /// A number: a database, its size.
    ReadLength,
    /// A field about the file.
    ReadAux,
    /// Data of a module about the whole dataset.
    ReadModuleAux,
    /// A library of functions.
    ReadFunctions,
}

/// What comes next.
enum State {
    Header,
    Opcode,
    /// After the opcode.
    Opened(u8),
    /// Within a module's data.
    Module(String),
    Value(Box<Under>),
    /// At the id of a module, whose value of this key we cannot read.
    ModuleValue(Vec<u8>),
    Checksum,
    Done,
}

/// A key being read.
struct Under {
    key: Vec<u8>,
    builder: Builder,
}

/// Reads one file.
pub struct Decoder {
    input: Input,
    options: Options,
    state: State,
    version: u16,
    db: usize,
    expires: Option<u64>,
    access: Option<Access>,
}

impl Decoder {
    /// A decoder at the beginning of a file.
    pub fn new(options: Options) -> Decoder {
        Decoder {
            input: Input::default(),
            options,
            state: State::Header,
            version: 0,
            db: 0,
            expires: None,
            access: None,
        }
    }

    /// Hands over the next bytes of the file, any number of them.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.feed(bytes);
    }

    /// The next part of the file; `None` when that takes more bytes, or when the end was reached. After an error the
    /// decoder is of no further use.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Item>, Corrupt> {
        loop {
            match self.step() {
                Ok(Some(item)) => return Ok(Some(item)),
                Ok(None) if matches!(self.state, State::Done) => return Ok(None),
                Ok(None) => {}
                Err(Stop::More) => return Ok(None),
                Err(Stop::Corrupt(corrupt)) => return Err(self.name(corrupt)),
            }
        }
    }

    /// To be asked when there are no more bytes: was that the end?
    pub fn finish(&self) -> Result<(), Corrupt> {
        match self.state {
            State::Done => Ok(()),
            _ => {
                let end = self.input.offset() + self.input.rest().len() as u64;
                Err(self.name(Corrupt::new(end, Damage::Eof)))
            }
        }
    }

    /// True once [`Item::End`] was given.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// How many bytes were understood.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// What was fed and is not part of the file, once the end was reached.
    pub fn rest(&self) -> &[u8] {
        self.input.rest()
    }

    /// What the decoder is reading.
    pub fn doing(&self) -> Doing {
        match self.state {
            State::Header => Doing::Start,
            State::Opcode | State::Done => Doing::ReadType,
            State::Opened(byte) => match byte {
                opcode::EXPIRES_MS | opcode::EXPIRES_SECS => Doing::ReadExpire,
                opcode::AUX => Doing::ReadAux,
                opcode::FUNCTION | opcode::FUNCTION_PRE_GA => Doing::ReadFunctions,
                opcode::MODULE_AUX => Doing::ReadModuleAux,
                byte if format::is_kind(byte) => Doing::ReadKey,
                _ => Doing::ReadLength,
            },
            State::Module(_) => Doing::ReadModuleAux,
            State::Value(_) | State::ModuleValue(_) => Doing::ReadValue,
            State::Checksum => Doing::CheckSum,
        }
    }

    /// Adds what is known about the key to an error.
    fn name(&self, mut corrupt: Corrupt) -> Corrupt {
        match &self.state {
            State::Opened(byte) if format::is_kind(*byte) => corrupt.kind = Some(*byte),
            State::Value(under) => {
                corrupt.kind = Some(under.builder.kind());
                corrupt.key = Some(under.key.as_slice().into());
            }
            State::ModuleValue(key) => {
                corrupt.kind = Some(kind::MODULE_2);
                corrupt.key = Some(key.as_slice().into());
            }
            _ => {}
        }
        corrupt
    }

    fn step(&mut self) -> Read<Option<Item>> {
        match &mut self.state {
            State::Header => self.header().map(Some),
            State::Opcode => {
                self.state = State::Opened(self.input.byte()?);
                Ok(None)
            }
            State::Opened(byte) => {
                let byte = *byte;
                self.opened(byte)
            }
            State::Module(module) => {
                if !skip_module_piece(&mut self.input)? {
                    return Ok(None);
                }
                let module = std::mem::take(module);
                self.state = State::Opcode;
                Ok(Some(Item::ModuleAux { module }))
            }
            State::Value(under) => {
                let built = under.builder.read(&mut self.input, &self.options.thresholds)?;
                let (key, kind) = (std::mem::take(&mut under.key), under.builder.kind());
                self.state = State::Opcode;
                let (expires, access) = (self.expires.take(), self.access.take());
                let db = self.db;
                Ok(Some(match built {
                    Built::Value(value) => {
                        Item::Key(Box::new(Key { db, key, value, expires, access }))
                    }
                    Built::Empty => Item::EmptyKey { db, key, kind },
                }))
            }
            State::ModuleValue(_) => {
                let at = self.input.offset();
                let damage = Damage::Module(format::module_name(self.input.length()?));
                Err(Stop::Corrupt(Corrupt::new(at, damage)))
            }
            State::Checksum => self.checksum().map(Some),
            State::Done => Ok(None),
        }
    }

    fn header(&mut self) -> Read<Item> {
        let magic: [u8; 9] = self.input.array()?;
        let at_start = |what| Stop::Corrupt(Corrupt::new(0, what));
        let number = |digits: &[u8]| {
            let digit = |&digit: &u8| digit.is_ascii_digit().then(|| u16::from(digit - b'0'));
            digits.iter().try_fold(0, |sum, byte| Some(sum * 10 + digit(byte)?)).unwrap_or(0)
        };
        let known = |version: u16| match magic[0] {
            b'V' => version == format::VERSION_VALKEY,
            _ => (1..=format::VERSION_MAX).contains(&version),
        };
        let version = match &magic {
            [b'R', b'E', b'D', b'I', b'S', digits @ ..] => number(digits),
            [b'V', b'A', b'L', b'K', b'E', b'Y', digits @ ..] => number(digits),
            _ => return Err(at_start(Damage::Signature)),
        };
        if !known(version) {
            return Err(at_start(Damage::Version(version)));
        }
        self.version = version;
        self.state = State::Opcode;
        Ok(Item::Header { version })
    }

    fn opened(&mut self, byte: u8) -> Read<Option<Item>> {
        let input = &mut self.input;
        let item = match byte {
            opcode::EXPIRES_SECS => {
                let secs = i64::from(i32::from_le_bytes(input.array()?));
                self.expires = deadline(secs.saturating_mul(1000));
                None
            }
            opcode::EXPIRES_MS => {
                self.expires = deadline(input.millis()?);
                None
            }
            opcode::FREQ => {
                self.access = Some(Access::Frequency(input.byte()?));
                None
            }
            opcode::IDLE => {
                self.access = Some(Access::IdleSecs(input.length()?));
                None
            }
            opcode::SELECT_DB => {
                let at = input.offset();
                let index = input.length()?;
                if index >= self.options.databases {
                    return Err(Stop::Corrupt(Corrupt::new(at, Damage::Database(index))));
                }
                self.db = usize::try_from(index)
                    .map_err(|_| Stop::Corrupt(Corrupt::new(at, Damage::Database(index))))?;
                Some(Item::SelectDb(self.db))
            }
            opcode::RESIZE_DB => Some(input.whole(|input| {
                Ok(Item::ResizeDb { keys: input.length()?, expires: input.length()? })
            })?),
            opcode::SLOT_INFO => Some(input.whole(|input| {
                let (slot, keys, expires) = (input.length()?, input.length()?, input.length()?);
                Ok(Item::Slot { slot, keys, expires })
            })?),
            opcode::AUX => Some(input.whole(|input| {
                let name = input.text()?.into_vec();
                Ok(Item::Aux { name, value: input.text()?.into_vec() })
            })?),
            opcode::FUNCTION => Some(Item::Function(input.text()?.into_vec())),
            opcode::FUNCTION_PRE_GA => {
                return Err(
                    input.corrupt(Damage::Broken("Pre-release function format not supported"))
                );
            }
            opcode::SLOT_IMPORT => {
                return Err(input.corrupt(Damage::Unsupported("Slot imports of a cluster")));
            }
            opcode::MODULE_AUX => {
                let id = input.whole(|input| {
                    let id = input.length()?;
                    let (piece, _when) = (input.length()?, input.length()?);
                    if piece != module_piece::UNSIGNED {
                        return Err(input.corrupt(Damage::Broken("bad when_opcode")));
                    }
                    Ok(id)
                })?;
                self.state = State::Module(format::module_name(id));
                return Ok(None);
            }
            opcode::EOF => {
                self.state = State::Checksum;
                return Ok(None);
            }
            byte if format::is_kind(byte) => {
                let key = input.text()?.into_vec();
                if byte == kind::MODULE_2 {
                    // Its id comes next, and is worth waiting for: it spells the module's name.
                    self.state = State::ModuleValue(key);
                    return Ok(None);
                }
                let builder = Builder::new(byte, self.version);
                self.state = State::Value(Box::new(Under { key, builder }));
                return Ok(None);
            }
            _ => {
                let at = input.offset() - 1;
                return Err(Stop::Corrupt(Corrupt::new(at, Damage::Kind(byte))));
            }
        };
        self.state = State::Opcode;
        Ok(item)
    }

    fn checksum(&mut self) -> Read<Item> {
        let mut checksum = Checksum::Unchecked;
        if self.version >= 5 {
            let at = self.input.offset();
            let computed = self.input.sum();
            let stored = u64::from_le_bytes(self.input.array()?);
            if self.options.checksum {
                checksum = match stored {
                    0 => Checksum::Disabled,
                    _ if stored == computed => Checksum::Good,
                    _ => {
                        let damage = Damage::Checksum { stored, computed };
                        return Err(Stop::Corrupt(Corrupt::new(at, damage)));
                    }
                };
            }
        }
        self.state = State::Done;
        Ok(Item::End { checksum })
    }
}

/// An expiry as written: -1 means none, and what lies before 1970 has passed as much as 1970 has.
fn deadline(ms: i64) -> Option<u64> {
    (ms != -1).then(|| u64::try_from(ms).unwrap_or(0))
}

/// Steps over a piece of a module's data; true at its end.
fn skip_module_piece(input: &mut Input) -> Read<bool> {
    input.whole(|input| {
        let at = input.offset();
        match input.length()? {
            module_piece::EOF => return Ok(true),
            module_piece::SIGNED | module_piece::UNSIGNED => input.length().map(drop)?,
            module_piece::FLOAT => input.bytes(4).map(drop)?,
            module_piece::DOUBLE => input.bytes(8).map(drop)?,
            module_piece::STRING => input.text().map(drop)?,
            _ => {
                let damage = Damage::Broken("Unknown piece in the data of a module");
                return Err(Stop::Corrupt(Corrupt::new(at, damage)));
            }
        }
        Ok(false)
    })
}
