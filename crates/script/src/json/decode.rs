//! From text to values.

use super::{Switches, may_nest};
use crate::allowance::{Checked, Text};
use crate::lifted::Problem;
use mlua::{Lua, Value};

/// Strings are read in pieces, between which a script looks around.
const PIECE_BYTES: usize = 64 << 10;

/// The value that a text is.
pub(super) fn decode(lua: &Lua, text: &[u8], switches: &Switches) -> Checked<Value> {
    // Sixteen and thirty-two bits a character begin with zero bytes.
    if text.len() >= 2 && (text[0] == 0 || text[1] == 0) {
        return Err("JSON parser does not support UTF-16 or UTF-32".into());
    }
    let mut reader = Reader { built: Text::new(lua), lua, text, at: 0, switches };
    let token = reader.next()?;
    let value = reader.value(token, 0)?;
    match reader.next()? {
        (_, Token::End) => Ok(value),
        other => Err(reader.unexpected("the end", other)),
    }
}

enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    /// What was built last.
    String,
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Wrong(&'static str),
}

impl Token {
    /// What complaints call it.
    fn name(&self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::String => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Wrong(what) => what,
        }
    }
}

/// A token, and where it begins.
type Placed = (usize, Token);

struct Reader<'a> {
    lua: &'a Lua,
    /// The string that was read last.
    built: Text<'a>,
    text: &'a [u8],
    at: usize,
    switches: &'a Switches,
}

impl Reader<'_> {
    fn value(&mut self, (at, token): Placed, depth: usize) -> Checked<Value> {
        Ok(match token {
            Token::String => self.built()?,
            Token::Number(number) => Value::Number(number),
            Token::Boolean(truth) => Value::Boolean(truth),
            Token::Null => Value::NULL,
            Token::ObjectBegin => self.object(depth + 1)?,
            Token::ArrayBegin => self.array(depth + 1)?,
            other => return Err(self.unexpected("value", (at, other))),
        })
    }

    fn object(&mut self, depth: usize) -> Checked<Value> {
        self.descend(depth)?;
        let table = self.lua.create_table()?;
        let mut token = self.next()?;
        if matches!(token.1, Token::ObjectEnd) {
            return Ok(Value::Table(table));
        }
        loop {
            let (_, Token::String) = token else {
                return Err(self.unexpected("object key string", token));
            };
            let key = self.built()?;
            match self.next()? {
                (_, Token::Colon) => {}
                other => return Err(self.unexpected("colon", other)),
            }
            let token_of_value = self.next()?;
            let value = self.value(token_of_value, depth)?;
            table.raw_set(key, value)?;
            match self.next()? {
                (_, Token::ObjectEnd) => return Ok(Value::Table(table)),
                (_, Token::Comma) => token = self.next()?,
                other => return Err(self.unexpected("comma or object end", other)),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Checked<Value> {
        self.descend(depth)?;
        let table = self.lua.create_table()?;
        let mut token = self.next()?;
        if matches!(token.1, Token::ArrayEnd) {
            return Ok(Value::Table(table));
        }
        for index in 1.. {
            let value = self.value(token, depth)?;
            table.raw_set(index, value)?;
            match self.next()? {
                (_, Token::ArrayEnd) => break,
                (_, Token::Comma) => token = self.next()?,
                other => return Err(self.unexpected("comma or array end", other)),
            }
        }
        Ok(Value::Table(table))
    }

    fn descend(&self, depth: usize) -> Checked<()> {
        if may_nest(depth, &self.switches.decode_depth) {
            return Ok(());
        }
        let at = self.at;
        Err(format!("Found too many nested data structures ({depth}) at character {at}").into())
    }

    fn built(&self) -> Checked<Value> {
        Ok(Value::String(self.lua.create_string(self.built.bytes())?))
    }

    fn next(&mut self) -> Checked<Placed> {
        let from = self.at;
        let token = self.token()?;
        self.built.work(1)?;
        self.built.work_on(8 * (self.at - from))?;
        Ok(token)
    }

    fn token(&mut self) -> Checked<Placed> {
        while self.text.get(self.at).is_some_and(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let at = self.at;
        let Some(&byte) = self.text.get(at) else { return Ok((at, Token::End)) };
        let single = match byte {
            b'{' => Some(Token::ObjectBegin),
            b'}' => Some(Token::ObjectEnd),
            b'[' => Some(Token::ArrayBegin),
            b']' => Some(Token::ArrayEnd),
            b',' => Some(Token::Comma),
            b':' => Some(Token::Colon),
            _ => None,
        };
        if let Some(token) = single {
            self.at += 1;
            return Ok((at, token));
        }
        let token = match byte {
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number(),
            b'+' | b'i' | b'I' | b'N' if self.switches.decode_invalid.get() => self.number(),
            _ if self.word(b"true") => Token::Boolean(true),
            _ if self.word(b"false") => Token::Boolean(false),
            _ if self.word(b"null") => Token::Null,
            b'n' if self.switches.decode_invalid.get() => self.number(),
            _ => Token::Wrong("invalid token"),
        };
        // A string is wrong where it goes wrong.
        Ok((if matches!(token, Token::Wrong(_)) { self.at } else { at }, token))
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let is = self.text[self.at..].starts_with(word);
        self.at += if is { word.len() } else { 0 };
        is
    }

    fn number(&mut self) -> Token {
        let rest = &self.text[self.at..];
        let strict = !self.switches.decode_invalid.get();
        let body = rest.strip_prefix(b"-").unwrap_or(rest);
        let is_zero_led = body.len() > 1 && body[0] == b'0' && body[1].is_ascii_digit();
        let hex = body.strip_prefix(b"0x").or_else(|| body.strip_prefix(b"0X"));
        if strict && (is_zero_led || hex.is_some()) {
            return Token::Wrong("invalid number");
        }
        if let Some(hex) = hex {
            let digits = hex.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let text = std::str::from_utf8(&hex[..digits]).unwrap_or_default();
            let Ok(value) = u64::from_str_radix(text, 16) else {
                return Token::Wrong("invalid number");
            };
            let signed = if body.len() < rest.len() { -(value as f64) } else { value as f64 };
            self.at += rest.len() - body.len() + 2 + digits;
            return Token::Number(signed);
        }
        // The longest beginning that is a number: what follows is the next token.
        let len = number_len(rest);
        let text = std::str::from_utf8(&rest[..len]).unwrap_or_default();
        let Ok(number) = text.parse() else { return Token::Wrong("invalid number") };
        self.at += len;
        Token::Number(number)
    }

    fn string(&mut self) -> Checked<Token> {
        self.at += 1;
        self.built.clear();
        loop {
            let rest = &self.text[self.at.min(self.text.len())..];
            let plain = rest
                .iter()
                .take(PIECE_BYTES)
                .take_while(|byte| !matches!(byte, b'"' | b'\\'))
                .count();
            self.built.add(&rest[..plain])?;
            self.at += plain;
            if plain == PIECE_BYTES {
                continue;
            }
            let at = self.at;
            self.at += 1;
            match self.text.get(at) {
                None => {
                    self.at = at;
                    return Ok(Token::Wrong("unexpected end of string"));
                }
                Some(b'"') => return Ok(Token::String),
                Some(_) => match self.escape() {
                    Ok(letter) => self.built.add(letter.encode_utf8(&mut [0; 4]).as_bytes())?,
                    Err(what) => {
                        self.at = at;
                        return Ok(Token::Wrong(what));
                    }
                },
            }
        }
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        let Some(&letter) = self.text.get(self.at) else { return Err("unexpected end of string") };
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\x08',
            b't' => '\t',
            b'n' => '\n',
            b'f' => '\x0c',
            b'r' => '\r',
            b'u' => self.unicode()?,
            _ => return Err("invalid escape code"),
        })
    }

    fn unicode(&mut self) -> Result<char, &'static str> {
        const WRONG: &str = "invalid unicode escape code";
        let high = self.hex4().ok_or(WRONG)?;
        let code = match high {
            0xd800..0xdc00 => {
                let follows = self.text[self.at..].starts_with(b"\\u");
                self.at += if follows { 2 } else { 0 };
                let low = self.hex4().filter(|it| follows && (0xdc00..0xe000).contains(it));
                0x1_0000 + ((high - 0xd800) << 10) + (low.ok_or(WRONG)? - 0xdc00)
            }
            _ => high,
        };
        char::from_u32(code).ok_or(WRONG)
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn unexpected(&self, expected: &str, (at, token): Placed) -> Problem {
        let found = token.name();
        format!("Expected {expected} but found {found} at character {}", at + 1).into()
    }
}

/// How long the number is with which `text` begins, as C reads it: the longest beginning that is one.
fn number_len(text: &[u8]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|it| it.is_ascii_digit()).count();
    let sign = |at: usize| usize::from(matches!(text.get(at), Some(b'+' | b'-')));
    let begin = sign(0);
    for word in [b"infinity".as_slice(), b"inf", b"nan"] {
        if text[begin..].get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word)) {
            return begin + word.len();
        }
    }
    let whole = digits(begin);
    let mut len = begin + whole;
    let mut count = whole;
    if text.get(len) == Some(&b'.') {
        let part = digits(len + 1);
        count += part;
        len += 1 + part;
    }
    if count == 0 {
        return 0;
    }
    if matches!(text.get(len), Some(b'e' | b'E')) {
        let power = len + 1 + sign(len + 1);
        let count = digits(power);
        len = if count > 0 { power + count } else { len };
    }
    len
}

#[cfg(test)]
mod tests {
    use super::number_len;

    #[test]
    fn a_number_ends_where_c_ends_it() {
        for (text, want) in [
            ("1", 1),
            ("-12.50e+3,", 9),
            ("1e", 1),
            ("1e+", 1),
            ("1.2.3", 3),
            ("1.e5]", 4),
            (".5", 2),
            ("-.", 0),
            (".e1", 0),
            ("+inf", 4),
            ("-Infinity]", 9),
            ("infi", 3),
            ("nano", 3),
            ("1-1-1", 1),
            ("", 0),
            ("x", 0),
        ] {
            assert_eq!(number_len(text.as_bytes()), want, "{text}");
            let prefix = |len: &usize| text[..*len].parse::<f64>().is_ok();
            assert_eq!((1..=text.len()).rev().find(prefix).unwrap_or(0), want, "{text}");
        }
    }
}
