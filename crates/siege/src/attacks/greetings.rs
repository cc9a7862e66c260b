//! What can be said before anybody has logged in, to the server and to the Sentinel: lines of odd blanks, headers that
//! announce more than there is memory, requests that never end, and bytes without any sense.
//!
//! A line of a vertical tab once held the process for ever while its memory grew.

use super::foe::{Foe, request};
use std::io;

/// Bytes that are wrong in a way of their own.
const WORDS: &[&[u8]] = &[
    b"\x0b\n",
    b"\x0b\x0a\x0b\x0c\r\n",
    b"PING \x0b\r\n",
    b"\"\x0b\"\r\n",
    b"\"unbalanced\r\n",
    b"'\\x\r\n",
    b"\0\0\0\r\n",
    b"\r\n\r\n\r\n",
    b"*2147483647\r\n",
    b"*18446744073709551615\r\n$1\r\n",
    b"*-9223372036854775808\r\n",
    b"*1\r\n$536870912\r\nx",
    b"*1\r\n$-1\r\n",
    b"*3\r\n$3\r\nSET\r\n$1000000000\r\n",
    b"*10\r\n$16384\r\n",
    b"*1\r\n*1\r\n*1\r\n*1\r\n",
    b"*0\r\n*-1\r\n*0\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"HELLO 3 AUTH a b SETNAME c\r\n",
    b"HELLO 99999999999999999999\r\n",
    b"AUTH intruder wrong\r\n",
    b"SYNC\r\n",
    b"PSYNC ? -1\r\n",
    b"REPLCONF listening-port 1\r\n",
    b"MONITOR\r\n",
    b"RESET\r\nQUIT\r\n",
];

/// So many connections with half a request each are held at a time.
const SLOW: usize = 40;

/// One of three: many short conversations, one of noise, or many that say a byte at a time.
pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    match foe.prng.below(8) {
        0 => speak_slowly(foe),
        1 => nest(foe),
        _ => misspeak(foe),
    }
}

fn misspeak(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.connect_anywhere()?;
    for _ in 0..8 {
        let bytes = match foe.prng.below(4) {
            0 => foe.noise(200),
            1 => {
                let mut bytes = foe.pick(WORDS).to_vec();
                let at = foe.prng.below(bytes.len() as u64) as usize;
                bytes[at] = foe.prng.next_u64() as u8;
                bytes
            }
            _ => foe.pick(WORDS).to_vec(),
        };
        foe.send(&mut client, &bytes, 1)?;
    }
    foe.drain(&mut client, 20)
}

/// As many elements, or as deep, as a header can say, with something behind it.
fn nest(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.connect_anywhere()?;
    let bytes = match foe.prng.below(3) {
        0 => b"*1\r\n".repeat(4000),
        1 => [b"*1048576\r\n".to_vec(), b"$0\r\n\r\n".repeat(4000)].concat(),
        _ => [b"PING ".to_vec(), b"x\x0b ".repeat(20_000)].concat(),
    };
    foe.send(&mut client, &bytes, 1)?;
    foe.drain(&mut client, 20)
}

fn speak_slowly(foe: &mut Foe<'_>) -> io::Result<()> {
    let login = request(&["AUTH", "intruder", "not the password, and long enough for a while"]);
    let mut clients = Vec::new();
    for _ in 0..SLOW {
        clients.push(foe.connect_anywhere()?);
    }
    for byte in &login[..login.len() - 1] {
        for client in &mut clients {
            // The server may close any of them; the others go on.
            let _ = foe.send(client, &[*byte], 0);
        }
        foe.rest(20);
    }
    Ok(())
}
