//! Lines from a pipe or a file: no prompt, no editing.

use std::io::{self, Read};

/// At least as much as the standard library's buffer, which then is gone around: what waits in ours is all that waits.
const PIECE: usize = 16 << 10;

/// What was read of standard input and not yet given out.
#[derive(Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    has_ended: bool,
}

impl Lines {
    /// The next line without its end; none where there are no more.
    pub(super) fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(len) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=len).collect();
                line.pop();
                return Some(line);
            }
            if self.has_ended {
                let rest = std::mem::take(&mut self.buffer);
                return (!rest.is_empty()).then_some(rest);
            }
            let mut piece = [0; PIECE];
            match io::stdin().read(&mut piece) {
                Ok(len) if len > 0 => self.buffer.extend_from_slice(&piece[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => self.has_ended = true,
            }
        }
    }

    pub(super) fn has_line(&self) -> bool {
        self.has_ended || self.buffer.contains(&b'\n')
    }
}
