//! Pipelines of commands that cost much more than their bytes: sorting, unions, intersections, the longest common
//! subsequence. Each takes a millisecond or less; there are thousands of them in one write, with short replies.

use super::foe::{Foe, request};
use std::io;

const MEMBERS: u64 = 1000;
const REQUESTS: usize = 200;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let numbers = |salt: u64| (0..MEMBERS).map(move |at| (at * 7919 + salt * 331) % 100_000);
    for salt in 0..2 {
        let members = |command: &str, key: &str| {
            let mut words = vec![command.to_owned(), format!("siege:{key}:{salt}")];
            words.extend(numbers(salt).map(|number| number.to_string()));
            words
        };
        foe.ask(&mut client, &["DEL", &format!("siege:sum-list:{salt}")])?;
        foe.ask(&mut client, &members("RPUSH", "sum-list"))?;
        foe.ask(&mut client, &members("SADD", "sum-set"))?;
        let text: String =
            numbers(salt).take(300).map(|number| (b'a' + (number % 4) as u8) as char).collect();
        foe.ask(&mut client, &["SET", &format!("siege:sum-text:{salt}"), &text])?;
        let mut words = vec!["ZADD".to_owned(), format!("siege:sum-sorted:{salt}")];
        for number in numbers(salt) {
            words.extend([number.to_string(), format!("m{}", number % 3000)]);
        }
        foe.ask(&mut client, &words)?;
    }
    let words = foe.pick(&[
        &["SORT", "siege:sum-list:0", "LIMIT", "0", "1"][..],
        &["SORT", "siege:sum-list:0", "ALPHA", "STORE", "siege:sum-result"],
        &["SINTERSTORE", "siege:sum-result", "siege:sum-set:0", "siege:sum-set:1"],
        &["SUNIONSTORE", "siege:sum-result", "siege:sum-set:0", "siege:sum-set:1"],
        &["SDIFF", "siege:sum-set:0", "siege:sum-set:1"],
        &["ZUNIONSTORE", "siege:sum-result", "2", "siege:sum-sorted:0", "siege:sum-sorted:1"],
        &["ZINTERSTORE", "siege:sum-result", "2", "siege:sum-sorted:0", "siege:sum-set:1"],
        &["ZDIFFSTORE", "siege:sum-result", "2", "siege:sum-sorted:0", "siege:sum-sorted:1"],
        &["LCS", "siege:sum-text:0", "siege:sum-text:1", "LEN"],
        &["BITCOUNT", "siege:sum-text:0"],
        &["LPOS", "siege:sum-list:0", "nosuch"],
    ]);
    foe.send(&mut client, &request(words).repeat(REQUESTS), REQUESTS as u64)?;
    foe.drain(&mut client, 200)
}
