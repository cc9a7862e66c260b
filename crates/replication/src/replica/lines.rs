//! Lines from a primary, whole, however they arrive: its answers during the handshake, and the header of a snapshot.

/// No answer of a handshake is longer; what is, comes from no Redis.
const LINE_MAX: usize = 16 << 10;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
}

/// The peer sent what is no line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Lines {
    /// Takes the next line off `input`, without its end; `None` where it is not whole yet, and `input` is used up.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<String>, TooLong> {
        let Some(end) = memchr::memchr(b'\n', input) else {
            self.partial.extend_from_slice(input);
            *input = &[];
            return if self.partial.len() > LINE_MAX { Err(TooLong) } else { Ok(None) };
        };
        self.partial.extend_from_slice(&input[..end]);
        *input = &input[end + 1..];
        if self.partial.len() > LINE_MAX {
            return Err(TooLong);
        }
        let line = std::mem::take(&mut self.partial);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        // It is going to be shown in our log, on one line.
        let text: String = String::from_utf8_lossy(line)
            .chars()
            .map(|c| if c.is_control() { '?' } else { c })
            .collect();
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_arrive() {
        let mut lines = Lines::default();
        let mut got = Vec::new();
        for piece in [&b"+PO"[..], b"NG\r", b"\n\n+OK\r\n-ERR", b" no\r\n"] {
            let mut input = piece;
            while let Some(line) = lines.next(&mut input).expect("short lines") {
                got.push(line);
            }
            assert!(input.is_empty());
        }
        assert_eq!(got, ["+PONG", "", "+OK", "-ERR no"]);
    }

    #[test]
    fn an_endless_line_ends() {
        let mut lines = Lines::default();
        let piece = [b'x'; 10 << 10];
        assert_eq!(lines.next(&mut &piece[..]), Ok(None));
        assert_eq!(lines.next(&mut &piece[..]), Err(TooLong));
    }
}
