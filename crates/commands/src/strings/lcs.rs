//! LCS: the longest common subsequence of two strings, its length, or the ranges where they agree.
//!
//! The textbook table: `lens[i][j]` is the length for the first `i` bytes of one string and the first `j` of the
//! other. The subsequence is read from the table backwards. Where two ways are as long, Redis goes back in the
//! second string, and clients see which ranges come of it, so that the choice is part of the interface.

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use store::ValueRef;

use super::FAMILY;
use crate::{DataCommand, DataCx};

pub(crate) const LCS: DataCommand = Command::new(
    lcs,
    Spec {
        name: "lcs",
        syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
        summary: "Finds the longest common subsequence of two strings.",
        complexity: "O(N*M), N and M being the lengths of the strings",
        since: "7.0.0",
        arity: Arity::AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::range(1, 1, 1).reads()],
        ..FAMILY
    },
);

fn lcs(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let keys = [args.word()?, args.word()?];
    let mut texts = [Vec::new(), Vec::new()];
    let mut strings = true;
    for (text, key) in texts.iter_mut().zip(keys) {
        match cx.db.get(key) {
            None => {}
            Some(ValueRef::Str(found)) => *text = found.to_vec(),
            Some(_) => strings = false,
        }
    }
    if !strings {
        return Err(Error::fixed("ERR The specified keys must contain string values"));
    }
    let (mut len, mut idx, mut with_len, mut min_len) = (false, false, false, 0);
    while !args.is_empty() {
        if args.take_keyword("IDX") {
            idx = true;
        } else if args.take_keyword("LEN") {
            len = true;
        } else if args.take_keyword("WITHMATCHLEN") {
            with_len = true;
        } else if args.take_keyword("MINMATCHLEN") {
            min_len = args.int()?.max(0) as usize;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if len && idx {
        let text = "ERR If you want both the length and indexes, please just use IDX.";
        return Err(Error::fixed(text));
    }
    let [a, b] = texts;
    let table = Table::new(&a, &b, cx.bulk_len_max)?;
    if len {
        cx.reply.count(table.len());
    } else if idx {
        let matches = table.matches();
        let matches = || matches.iter().filter(|it| it.len >= min_len);
        cx.reply.map(2);
        cx.reply.text("matches");
        cx.reply.array(matches().count());
        for found in matches() {
            cx.reply.array(2 + usize::from(with_len));
            for start in [found.a, found.b] {
                cx.reply.array(2);
                cx.reply.count(start);
                cx.reply.count(start + found.len - 1);
            }
            if with_len {
                cx.reply.count(found.len);
            }
        }
        cx.reply.text("len");
        cx.reply.count(table.len());
    } else {
        let mut common: Vec<u8> = table.pairs().map(|(i, _)| a[i]).collect();
        common.reverse();
        cx.reply.bulk(&common);
    }
    Ok(Flow::Done)
}

/// A range where the strings agree: where it begins in each, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Match {
    a: usize,
    b: usize,
    len: usize,
}

struct Table<'a> {
    a: &'a [u8],
    b: &'a [u8],
    lens: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(a: &'a [u8], b: &'a [u8], bytes_max: usize) -> Result<Table<'a>, Error> {
        if a.len() >= u32::MAX as usize - 1 || b.len() >= u32::MAX as usize - 1 {
            return Err(Error::fixed("ERR String too long for LCS"));
        }
        let cells = (a.len() + 1).saturating_mul(b.len() + 1);
        if cells.saturating_mul(size_of::<u32>()) > bytes_max {
            return Err(Error::fixed(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
            ));
        }
        let mut table = Table { a, b, lens: vec![0; cells] };
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                let len = if a[i - 1] == b[j - 1] {
                    table.at(i - 1, j - 1) + 1
                } else {
                    table.at(i - 1, j).max(table.at(i, j - 1))
                };
                table.lens[i * (b.len() + 1) + j] = len;
            }
        }
        Ok(table)
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.lens[i * (self.b.len() + 1) + j]
    }

    fn len(&self) -> usize {
        self.at(self.a.len(), self.b.len()) as usize
    }

    /// The indexes of the bytes that the subsequence pairs, from the last to the first.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        std::iter::from_fn(move || {
            while i > 0 && j > 0 {
                if self.a[i - 1] == self.b[j - 1] {
                    i -= 1;
                    j -= 1;
                    return Some((i, j));
                }
                if self.at(i - 1, j) > self.at(i, j - 1) {
                    i -= 1;
                } else {
                    j -= 1;
                }
            }
            None
        })
    }

    /// The pairs gathered into ranges, from the last to the first.
    fn matches(&self) -> Vec<Match> {
        let mut matches: Vec<Match> = Vec::new();
        for (a, b) in self.pairs() {
            match matches.last_mut() {
                Some(last) if last.a == a + 1 && last.b == b + 1 => {
                    *last = Match { a, b, len: last.len + 1 };
                }
                _ => matches.push(Match { a, b, len: 1 }),
            }
        }
        matches
    }
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn the_longest_common_subsequence() {
        check(expect![[r#"
            > MSET a ohmytext b mynewtext
            OK
            > LCS a b
            "mytext"
            > LCS a b LEN
            (integer) 6
            > LCS a b IDX
            1) "matches"
            2) 1) 1) 1) (integer) 4
                     2) (integer) 7
                  2) 1) (integer) 5
                     2) (integer) 8
               2) 1) 1) (integer) 2
                     2) (integer) 3
                  2) 1) (integer) 0
                     2) (integer) 1
            3) "len"
            4) (integer) 6
            > LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
            1) "matches"
            2) 1) 1) 1) (integer) 4
                     2) (integer) 7
                  2) 1) (integer) 5
                     2) (integer) 8
                  3) (integer) 4
            3) "len"
            4) (integer) 6
            > LCS a b IDX LEN
            (error) ERR If you want both the length and indexes, please just use IDX.
            > LCS a b FOO
            (error) ERR syntax error
            > LCS a b MINMATCHLEN
            (error) ERR syntax error
            > LCS a absent
            ""
            > LCS a absent IDX
            1) "matches"
            2) (empty array)
            3) "len"
            4) (integer) 0
            > HELLO 3
            OK
            > LCS a b IDX MINMATCHLEN 4
            1# "matches" => 1) 1) 1) (integer) 4
                     2) (integer) 7
                  2) 1) (integer) 5
                     2) (integer) 8
            2# "len" => (integer) 6
        "#]]);
    }
}
