//! What a file looks like while it is rewritten in place, and what it says after a crash in the middle of that.
//!
//! # Design
//! A file that is mounted by itself into a container cannot be replaced by another of the same name, so its bytes
//! have to change while they are all there is. Before the first of them is touched, a copy of the new contents is
//! written behind the old ones and made to last; from then on the copy is what the file says:
//!
//! ```text
//! old contents   \0 \0 \0 ...   mark, copy of the new contents      1  the copy is synced
//! new contents   \0 \0 \0 ...   mark, copy of the new contents      2  the contents are synced
//! new contents                                                      3  the rest is cut off
//! ```
//!
//! The zeros separate: no configuration file has any, so what stands behind the first of them is ours, whatever has
//! become of it. A disk writes sectors whole, therefore the zeros begin in the sector in which the old contents end,
//! and the copy in another. Where contents end exactly at the end of a sector, one zero is synced first.
//!
//! The mark has the copy's length and checksum. A copy that is complete wins, the last one of several; one that is
//! not is no copy. Its lines are comments, so that even a reader that knows nothing of all this, as Redis, finds the
//! old contents or the new.

use std::borrow::Cow;
use stdx::crc64;

/// What a disk writes at once, and never half.
pub(super) const SECTOR: u64 = 512;

const MARK: &[u8] = b"\n# Sentinel was rewriting this file; what it says is: ";
/// Behind the mark: length and checksum in hexadecimal digits, a blank between them, the end of the line.
const SUM_LEN: usize = 16 + 1 + 16 + 1;

/// Where the copy goes in a file of `old_len` bytes that will have `new_len`.
pub(super) fn copy_offset(old_len: u64, new_len: u64) -> u64 {
    (old_len.max(new_len) + 1).next_multiple_of(SECTOR)
}

/// The mark and the copy.
pub(super) fn copy(contents: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(contents.len() + contents.len() / 16);
    for line in contents.split_inclusive(|&byte| byte == b'\n') {
        lines.push(b'#');
        lines.extend_from_slice(line);
    }
    let sums = format!("{:016x} {:016x}\n", lines.len(), crc64(0, &lines));
    [MARK, sums.as_bytes(), &lines].concat()
}

/// What the bytes of a configuration file say. They are taken as they are, unless a crash has left its traces.
pub fn recover(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut rest = bytes;
    while let Some(at) = last_mark(rest) {
        if let Some(contents) = read_copy(&bytes[at + MARK.len()..]) {
            return Cow::Owned(contents);
        }
        rest = &bytes[..at];
    }
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    match &bytes[..end] {
        // The zero that is synced first may never have got its value. Where it says nothing, it may as well be
        // the user's.
        [contents @ .., b'\n', rubbish] if !b"\n#".contains(rubbish) => {
            Cow::Borrowed(&bytes[..contents.len() + 1])
        }
        contents => Cow::Borrowed(contents),
    }
}

fn last_mark(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).rposition(|window| window == MARK)
}

/// Reads what follows the mark; none if it is not complete.
fn read_copy(bytes: &[u8]) -> Option<Vec<u8>> {
    let (sums, rest) = bytes.split_at_checked(SUM_LEN)?;
    let sums = std::str::from_utf8(sums).ok()?.strip_suffix('\n')?;
    let (len, sum) = sums.split_once(' ')?;
    let len = usize::try_from(u64::from_str_radix(len, 16).ok()?).ok()?;
    let lines = rest.get(..len)?;
    if crc64(0, lines) != u64::from_str_radix(sum, 16).ok()? {
        return None;
    }
    let mut contents = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        contents.extend_from_slice(line.strip_prefix(b"#")?);
    }
    Some(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_without_traces_is_what_it_is() {
        for text in ["", "\n", "port 1", "port 1\n", "a\n\nb\r\n# c\n", "a\n#", "a\n\n", "x"] {
            assert_eq!(&*recover(text.as_bytes()), text.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn traces_of_a_crash_are_left_out() {
        for (text, want) in [
            ("a\n\0", "a\n"),
            ("a\n\0\0\0b\n", "a\n"),
            ("a\0\0", "a"),
            ("\0", ""),
            ("a\nx", "a\n"),
            ("a\nx\0\0\n# Sentinel was rewriting", "a\n"),
            ("a\n\0\n# Sentinel was rewriting this file; what it says is: 1 2\n#b\n", "a\n"),
        ] {
            assert_eq!(&*recover(text.as_bytes()), want.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn the_last_complete_copy_wins() {
        let torn = |text: &[u8]| {
            let mut copy = copy(text);
            let last = copy.len() - 1;
            copy[last] ^= 1;
            copy
        };
        let parts =
            [b"old\0".to_vec(), copy(b"first\n"), torn(b"bad"), copy(b"second"), torn(b"x")];
        assert_eq!(&*recover(&parts.concat()), b"second");
        assert_eq!(&*recover(&parts[..3].concat()), b"first\n");
        assert_eq!(&*recover(&[&parts[0][..], &parts[2]].concat()), b"old");
    }

    proptest! {
        #[test]
        fn any_contents_are_copied(old in "[ab\\n]{0,9}", contents: Vec<u8>, cut in 0..4usize) {
            let copy = copy(&contents);
            let file = [old.as_bytes(), b"\0", &copy].concat();
            prop_assert_eq!(&*recover(&file), &contents);
            if cut > 0 && cut <= contents.len() {
                let torn = &file[..file.len() - cut];
                prop_assert_eq!(recover(torn), recover(old.as_bytes()));
            }
        }

        #[test]
        fn no_file_is_too_strange(bytes: Vec<u8>) {
            let _ = recover(&bytes);
        }
    }
}
