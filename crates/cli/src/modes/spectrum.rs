//! `--latency-dist`: how latencies spread, as a line of coloured letters each second.

use super::{insist, pause};
use crate::exit::Result;
use crate::screen;
use crate::session::Session;

const PAUSE_US: u64 = 10_000;
const INTERVAL_MS_DEFAULT: u64 = 1000;
/// How often the legend is repeated.
const LINES: u64 = 20;

/// From rare to frequent: from black through grey and yellow to red.
const COLORS: &[u8] =
    &[0, 233, 234, 235, 237, 239, 241, 243, 245, 247, 144, 143, 142, 184, 226, 214, 208, 202, 196];
/// As above, for those who cannot tell yellow from red.
const GREYS: &[u8] = &[0, 233, 234, 235, 237, 239, 241, 243, 245, 247, 249, 251, 253];

/// The letter of a class of latencies and the longest of them in microseconds; the last has all above.
const CLASSES: &[(char, u64)] = &[
    ('.', 10),
    ('-', 125),
    ('*', 250),
    ('#', 500),
    ('1', 1000),
    ('2', 2000),
    ('3', 3000),
    ('4', 4000),
    ('5', 5000),
    ('6', 6000),
    ('7', 7000),
    ('8', 8000),
    ('9', 9000),
    ('A', 10_000),
    ('B', 20_000),
    ('C', 30_000),
    ('D', 40_000),
    ('E', 50_000),
    ('F', 100_000),
    ('G', 200_000),
    ('H', 300_000),
    ('I', 400_000),
    ('J', 500_000),
    ('K', 1_000_000),
    ('L', 2_000_000),
    ('M', 4_000_000),
    ('N', 8_000_000),
    ('O', 16_000_000),
    ('P', 30_000_000),
    ('Q', 60_000_000),
    ('?', u64::MAX),
];

pub(super) fn run(session: &mut Session) -> Result<u8> {
    let palette = if session.options.is_mono { GREYS } else { COLORS };
    let interval_ms = match session.options.interval_us {
        0 => INTERVAL_MS_DEFAULT,
        given => given / 1000,
    };
    let mut counts = [0u64; CLASSES.len()];
    let mut begun = now_us();
    let mut lines = 0;
    loop {
        let start = now_us();
        insist(session, &["PING"])?;
        let latency = now_us() - start;
        let class = CLASSES.iter().position(|(_, max)| latency <= *max);
        counts[class.expect("the last class has no end")] += 1;
        if (now_us() - begun) / 1000 > interval_ms {
            if lines % LINES == 0 {
                screen::print(legend(palette));
            }
            lines += 1;
            screen::print(line(&counts, palette));
            counts = Default::default();
            begun = now_us();
        }
        pause(PAUSE_US);
    }
}

/// Colours stand for shares, so that the number of samples does not change the picture.
fn line(counts: &[u64], palette: &[u8]) -> String {
    let all: u64 = counts.iter().sum();
    let mut text = String::from("\x1b[38;5;0m");
    for (count, (letter, _)) in counts.iter().zip(CLASSES) {
        let share = *count as f64 / all as f64;
        let color = palette[(share * (palette.len() - 1) as f64).ceil() as usize];
        text += &format!("\x1b[48;5;{color}m{letter}");
    }
    text + "\x1b[0m\n"
}

fn legend(palette: &[u8]) -> String {
    let rule = "---------------------------------------------\n";
    let colors: String = palette.iter().map(|color| format!("\x1b[48;5;{color}m ")).collect();
    format!(
        "{rule}\
         . - * #          .01 .125 .25 .5 milliseconds\n\
         1,2,3,...,9      from 1 to 9     milliseconds\n\
         A,B,C,D,E        10,20,30,40,50  milliseconds\n\
         F,G,H,I,J        .1,.2,.3,.4,.5       seconds\n\
         K,L,M,N,O,P,Q,?  1,2,4,8,16,30,60,>60 seconds\n\
         From 0 to 100%: {colors}\x1b[0m\n{rule}"
    )
}

fn now_us() -> u64 {
    sys::clock::nanos() / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_class_is_the_brightest() {
        let mut counts = [0; CLASSES.len()];
        counts[1] = 9;
        let text = line(&counts, COLORS);
        assert!(
            text.starts_with("\x1b[38;5;0m\x1b[48;5;0m.\x1b[48;5;196m-\x1b[48;5;0m*"),
            "{text:?}"
        );
        assert!(text.ends_with("?\x1b[0m\n"));
    }
}
