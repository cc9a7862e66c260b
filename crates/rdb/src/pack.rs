//! The second half of writing: takes plain records, compresses their long strings, and sums everything up.
//!
//! # Design
//! The thread that executes commands must not spend its time on compression, so the encoder writes strings as they
//! are. This stage runs elsewhere and sees nothing but bytes. It walks the records token by token along the shape
//! of each type, passes on what it need not change, and may be handed the bytes in any pieces.

use stdx::crc64;

use crate::format::{kind, opcode};
use crate::input::{Input, Read, Stop};
use crate::lzf::Compressor;

/// Shorter strings are not worth compressing.
const COMPRESS_ABOVE: usize = 20;
/// What compression must save.
const GAIN_MIN: usize = 4;
/// Magic and version.
const HEADER: usize = 9;

/// What a record is made of.
#[derive(Clone, Copy, Debug)]
enum Token {
    Text,
    Length,
    Raw(usize),
    /// A count, then that many times these.
    Each(&'static [Token]),
}

/// What follows an opcode or a type byte; `None` for what the encoder never writes.
fn shape(byte: u8) -> Option<&'static [Token]> {
    use Token::{Each, Length, Raw, Text};
    Some(match byte {
        opcode::AUX => &[Text, Text],
        opcode::FUNCTION => &[Text],
        opcode::SELECT_DB | opcode::IDLE => &[Length],
        opcode::RESIZE_DB => &[Length, Length],
        opcode::EXPIRES_MS => &[Raw(8)],
        opcode::FREQ => &[Raw(1)],
        opcode::EOF => &[],
        // From here on, the key comes first.
        kind::STRING | kind::SET_INTSET => &[Text, Text],
        kind::HASH_LISTPACK | kind::ZSET_LISTPACK | kind::SET_LISTPACK => &[Text, Text],
        kind::LIST | kind::SET => &[Text, Each(&[Text])],
        kind::HASH => &[Text, Each(&[Text, Text])],
        kind::ZSET_2 => &[Text, Each(&[Text, Raw(8)])],
        kind::LIST_QUICKLIST_2 => &[Text, Each(&[Length, Text])],
        kind::HASH_METADATA => &[Text, Raw(8), Each(&[Length, Text, Text])],
        _ => return None,
    })
}

/// Where the walk is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Header,
    /// At an opcode or type byte.
    Open,
    /// Within a record: what is left of it, and the repetition that is under way.
    Inside {
        rest: &'static [Token],
        each: &'static [Token],
        left: u64,
        now: &'static [Token],
    },
}

/// Compresses and sums up a stream of plain records.
pub struct Packer {
    input: Input,
    compressor: Option<Compressor>,
    place: Place,
    sum: u64,
}

impl Packer {
    /// A packer at the beginning of a file.
    pub fn new(compress: bool) -> Packer {
        Packer {
            input: Input::default(),
            compressor: compress.then(Compressor::new),
            place: Place::Header,
            sum: 0,
        }
    }

    /// A packer at the type byte of a DUMP payload, which carries no key.
    fn payload() -> Packer {
        Packer { place: Place::Open, ..Packer::new(true) }
    }

    /// Takes plain bytes as the encoder wrote them, and appends to `out` what goes to the file.
    ///
    /// # Panics
    /// On bytes no encoder of ours writes: they never come from outside.
    pub fn push(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        let begin = out.len();
        if self.compressor.is_some() {
            self.input.feed(plain);
            while self.step(out).is_ok() {}
        } else {
            out.extend_from_slice(plain);
        }
        self.sum = crc64(self.sum, &out[begin..]);
    }

    /// Ends the file, after the encoder's last byte: appends the checksum, or zero, which says that there is none.
    pub fn finish(self, checksum: bool, out: &mut Vec<u8>) {
        assert!(self.input.rest().is_empty(), "the encoder ends with a whole record");
        let sum = if checksum { self.sum } else { 0 };
        out.extend_from_slice(&sum.to_le_bytes());
    }

    fn step(&mut self, out: &mut Vec<u8>) -> Read<()> {
        match self.place {
            Place::Header => {
                out.extend_from_slice(self.input.bytes(HEADER)?);
                self.place = Place::Open;
            }
            Place::Open => {
                let byte = self.input.byte()?;
                let rest = shape(byte).expect("an opcode or type that the encoder writes");
                out.push(byte);
                self.place = Place::Inside { rest, each: &[], left: 0, now: &[] };
            }
            Place::Inside { rest, each, left, now: [token, later @ ..] } => {
                self.token(*token, out)?;
                self.place = Place::Inside { rest, each, left, now: later };
            }
            Place::Inside { rest, each, left: left @ 1.., now: [] } => {
                self.place = Place::Inside { rest, each, left: left - 1, now: each };
            }
            Place::Inside { rest: [Token::Each(each), later @ ..], .. } => {
                let left = self.length(out)?;
                self.place = Place::Inside { rest: later, each, left, now: &[] };
            }
            Place::Inside { rest: [token, later @ ..], .. } => {
                self.token(*token, out)?;
                self.place = Place::Inside { rest: later, each: &[], left: 0, now: &[] };
            }
            Place::Inside { rest: [], .. } => self.place = Place::Open,
        }
        Ok(())
    }

    fn token(&mut self, token: Token, out: &mut Vec<u8>) -> Read<()> {
        match token {
            Token::Raw(size) => out.extend_from_slice(self.input.bytes(size)?),
            Token::Length => self.length(out).map(drop)?,
            Token::Text => {
                let (whole, plain) = self.input.raw_text()?;
                let packed = match (plain, &mut self.compressor) {
                    (Some(plain), Some(compressor)) => write_compressed(compressor, plain, out),
                    _ => false,
                };
                if !packed {
                    out.extend_from_slice(whole);
                }
            }
            Token::Each(_) => unreachable!("repetitions are not nested"),
        }
        Ok(())
    }

    fn length(&mut self, out: &mut Vec<u8>) -> Read<u64> {
        let length = self.input.length()?;
        crate::encode::write_length(out, length);
        Ok(length)
    }
}

/// Writes a string compressed, if it is long enough and that gains something.
fn write_compressed(compressor: &mut Compressor, plain: &[u8], out: &mut Vec<u8>) -> bool {
    if plain.len() <= COMPRESS_ABOVE {
        return false;
    }
    // The sizes stand before the bytes but are known after: room is left for them, and closed.
    const ROOM: usize = 1 + 9 + 9;
    let begin = out.len();
    out.resize(begin + ROOM, 0);
    if !compressor.compress(plain, out, plain.len() - GAIN_MIN) {
        out.truncate(begin);
        return false;
    }
    let packed = out.len() - begin - ROOM;
    let mut head = Vec::with_capacity(ROOM);
    head.push(0xc0 | crate::format::encoding::LZF);
    crate::encode::write_length(&mut head, packed as u64);
    crate::encode::write_length(&mut head, plain.len() as u64);
    out[begin..begin + head.len()].copy_from_slice(&head);
    out.copy_within(begin + ROOM.., begin + head.len());
    out.truncate(begin + head.len() + packed);
    true
}

/// Compresses a value as DUMP gives it: a type byte and what follows, no key.
pub(crate) fn compress_payload(plain: &[u8]) -> Vec<u8> {
    let mut packer = Packer::payload();
    let mut out = Vec::with_capacity(plain.len());
    packer.input.feed(plain);
    let byte = packer.input.byte().unwrap_or_else(|_: Stop| unreachable!("a payload has a type"));
    let shape = shape(byte).expect("a type that the encoder writes");
    out.push(byte);
    packer.place = Place::Inside { rest: &shape[1..], each: &[], left: 0, now: &[] };
    while packer.step(&mut out).is_ok() {}
    out
}
