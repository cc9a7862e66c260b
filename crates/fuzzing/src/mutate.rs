//! New inputs made of old ones: bytes changed, taken out, doubled, joined, and words of the trade put in.

use stdx::Prng;

/// Numbers that bounds are often wrong at, as text and as bytes.
const NUMBERS: &[i64] = &[
    0,
    1,
    -1,
    2,
    7,
    63,
    64,
    127,
    128,
    255,
    256,
    4095,
    4096,
    16383,
    16384,
    65535,
    65536,
    1 << 30,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 46,
    (1 << 48) - 1,
    1 << 48,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN,
];

/// Makes an input of one or two others. `words` are what inputs of this kind are made of; the result has at most
/// `len_max` bytes.
pub fn mutate(prng: &mut Prng, corpus: &[Vec<u8>], words: &[&[u8]], len_max: usize) -> Vec<u8> {
    let mut input = any(prng, corpus);
    for _ in 0..=prng.below(5) {
        step(prng, &mut input, corpus, words);
        input.truncate(len_max);
    }
    input
}

fn any(prng: &mut Prng, corpus: &[Vec<u8>]) -> Vec<u8> {
    match corpus.len() {
        0 => Vec::new(),
        len => corpus[prng.below(len as u64) as usize].clone(),
    }
}

/// A place within, or at the end.
fn place(prng: &mut Prng, input: &[u8]) -> usize {
    prng.below(input.len() as u64 + 1) as usize
}

/// A piece, mostly a short one.
fn piece(prng: &mut Prng, input: &[u8]) -> std::ops::Range<usize> {
    let from = place(prng, input);
    let longest = if prng.chance(1, 4) { input.len() } else { 16 };
    let len = prng.below(longest as u64 + 1) as usize;
    from..(from + len).min(input.len())
}

fn step(prng: &mut Prng, input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]]) {
    match prng.below(12) {
        0 | 1 if !input.is_empty() => {
            let at = prng.below(input.len() as u64) as usize;
            input[at] ^= 1 << prng.below(8);
        }
        2 | 3 if !input.is_empty() => {
            let at = prng.below(input.len() as u64) as usize;
            input[at] = prng.next_u64() as u8;
        }
        4 => {
            let gone = piece(prng, input);
            input.drain(gone);
        }
        5 => {
            let at = place(prng, input);
            let copy = input[piece(prng, input)].to_vec();
            let most = if prng.chance(1, 8) { 64 } else { 3 };
            let times = 1 + prng.below(most) as usize;
            let many = copy.repeat(times);
            input.splice(at..at, many);
        }
        6 => {
            let other = any(prng, corpus);
            let at = place(prng, input);
            let copy = other[piece(prng, &other)].to_vec();
            input.splice(at..at, copy);
        }
        7 | 8 if !words.is_empty() => {
            let word = words[prng.below(words.len() as u64) as usize];
            let at = place(prng, input);
            input.splice(at..at, word.iter().copied());
        }
        9 => put_number(prng, input),
        10 => {
            let to = place(prng, input);
            input.truncate(to);
        }
        _ => {
            let at = place(prng, input);
            input.insert(at, prng.next_u64() as u8);
        }
    }
}

/// Writes a number over what is there: over the digits near a place, or over bytes.
fn put_number(prng: &mut Prng, input: &mut Vec<u8>) {
    let number = NUMBERS[prng.below(NUMBERS.len() as u64) as usize];
    let at = place(prng, input);
    if prng.chance(1, 2) {
        let from = input[at..].iter().position(u8::is_ascii_digit).map_or(at, |skip| at + skip);
        let len = input[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        input.splice(from..from + len, number.to_string().into_bytes());
        return;
    }
    let width = 1usize << prng.below(4);
    let bytes = if prng.chance(1, 2) {
        number.to_le_bytes()[..width].to_vec()
    } else {
        number.to_be_bytes()[8 - width..].to_vec()
    };
    let end = (at + width).min(input.len());
    input.splice(at..end, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let corpus = [b"GET k".to_vec(), b"*1\r\n$4\r\nPING\r\n".to_vec(), Vec::new()];
        let run = |seed| {
            let mut prng = Prng::new(seed);
            (0..200).map(|_| mutate(&mut prng, &corpus, &[b"SET"], 64)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).iter().all(|input| input.len() <= 64));
    }
}
