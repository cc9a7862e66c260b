//! Glob patterns as KEYS, PSUBSCRIBE and CONFIG GET know them: `*`, `?`, `[a-z]`, `[^abc]`, `\` before a literal.
//!
//! Only the latest `*` is ever widened. An earlier one need not be tried again: whatever it could reach by taking
//! more, the later one reaches by starting where it does. So time is at most pattern times text, whatever an
//! unfriendly client sends.

/// A pattern with more stars than this matches nothing (several in a row count as one, and those at the end not at
/// all). compat(7.2): Redis gives up there to save its stack; we have no need, and clients see no difference.
const STARS_MAX: usize = 1000;

/// True if all of `text` matches `pattern`; bytes, not characters, are compared.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    run(pattern, text, |byte| byte)
}

/// As [`matches`], with ASCII letters of either case equal.
pub fn matches_ignoring_case(pattern: &[u8], text: &[u8]) -> bool {
    run(pattern, text, |byte| byte.to_ascii_lowercase())
}

fn run(pattern: &[u8], text: &[u8], fold: impl Fn(u8) -> u8 + Copy) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // The pattern behind the latest star, and the text it was last tried on.
    let mut star: Option<(&[u8], &[u8])> = None;
    let mut stars = 0;
    loop {
        if pattern.first() == Some(&b'*') {
            while let [b'*', rest @ ..] = pattern {
                pattern = rest;
            }
            if pattern.is_empty() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            star = Some((pattern, text));
            continue;
        }
        if let [byte, after @ ..] = text {
            if let Some(rest) = take_one(pattern, *byte, fold) {
                (pattern, text) = (rest, after);
                continue;
            }
        } else if pattern.is_empty() {
            return true;
        }
        match star {
            Some((behind, [_, later @ ..])) => {
                star = Some((behind, later));
                (pattern, text) = (behind, later);
            }
            _ => return false,
        }
    }
}

/// What is left of `pattern` after the one element that stands for `byte`; none where it does not.
fn take_one(pattern: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', rest @ ..] => take_class(rest, byte, fold),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (fold(*literal) == fold(byte)).then_some(rest)
        }
    }
}

/// As [`take_one`] for a class whose bracket has been opened. A class that is never closed ends with the pattern.
fn take_class(class: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> Option<&[u8]> {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    let rest = loop {
        match class {
            [] => break class,
            [b']', rest @ ..] => break rest,
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                class = rest;
            }
            [from, b'-', to, rest @ ..] => {
                let (from, to) = (fold(*from.min(to)), fold(*from.max(to)));
                found |= (from..=to).contains(&fold(byte));
                class = rest;
            }
            [literal, rest @ ..] => {
                found |= fold(*literal) == fold(byte);
                class = rest;
            }
        }
    };
    (found != negated).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_redis_matches() {
        for (pattern, text, want) in [
            ("", "", true),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "abc", true),
            ("a*c", "abd", false),
            ("**b", "aab", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-b]llo", "hbllo", true),
            ("h[b-a]llo", "hbllo", true),
            ("h[a-b]llo", "hcllo", false),
            (r"h\*llo", "h*llo", true),
            (r"h\*llo", "hxllo", false),
            (r"[\]]", "]", true),
            ("[abc", "b", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a?", "a", false),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), want, "{pattern} {text}");
        }
        assert!(matches_ignoring_case(b"MAX*[A-Z]", b"maxmemory"));
        assert!(!matches(b"MAX*", b"maxmemory"));
    }

    #[test]
    fn many_stars_take_no_longer_than_a_few() {
        let pattern = b"*a".repeat(1000);
        assert!(!matches(&pattern, &b"a".repeat(999)));
        assert!(matches(&pattern, &b"a".repeat(50_000)));
        assert!(matches(&[&pattern[..], b"**"].concat(), &b"a".repeat(1000)));
        assert!(!matches(&[&pattern[..], b"*a"].concat(), &b"a".repeat(50_000)));
    }
}
