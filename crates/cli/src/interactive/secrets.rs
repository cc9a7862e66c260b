//! Commands that say a password, which must not get into the history.

use crate::issue::is;

/// True if the words of a command have, or may have, a password among them.
pub(super) fn are_in(words: &[Vec<u8>]) -> bool {
    let Some((command, rest)) = words.split_first() else { return false };
    let begins = |name: &str| rest.first().is_some_and(|word| is(word, name));
    if is(command, "auth") {
        true
    } else if is(command, "acl") {
        begins("setuser")
    } else if is(command, "config") && begins("set") {
        let is_secret =
            |word: &Vec<u8>| config::params().any(|param| param.secret && is(word, param.name));
        rest[1..].iter().step_by(2).any(is_secret)
    } else if is(command, "hello") {
        are_in_hello(rest.get(1..).unwrap_or_default())
    } else if is(command, "migrate") {
        are_in_migrate(rest.get(5..).unwrap_or_default())
    } else if is(command, "sentinel") && begins("set") {
        rest.iter().any(|word| is(word, "auth-pass"))
    } else if is(command, "sentinel") && begins("config") {
        let parameters = rest.iter().skip(2).step_by(2);
        rest.get(1).is_some_and(|word| is(word, "set"))
            && parameters.clone().any(|word| is(word, "sentinel-pass"))
    } else {
        false
    }
}

/// True if a line that cannot be split into words, its quotes being open, may have a password in it. What stands
/// behind the open quote may be anything.
pub(super) fn may_be_in(line: &[u8]) -> bool {
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let words = line.split(|byte| byte.is_ascii_whitespace() || is_quote(byte));
    let words: Vec<Vec<u8>> = words.filter(|word| !word.is_empty()).map(Vec::from).collect();
    // A number before a command repeats it.
    (0..words.len().min(2)).any(|at| are_in(&words[at..]))
}

/// Behind the version: `[AUTH username password] [SETNAME name]`.
fn are_in_hello(mut options: &[Vec<u8>]) -> bool {
    loop {
        match options {
            [option, _, _, ..] if is(option, "auth") => return true,
            [option, _, rest @ ..] if is(option, "setname") => options = rest,
            _ => return false,
        }
    }
}

/// Behind the timeout; behind KEYS there are only keys.
fn are_in_migrate(options: &[Vec<u8>]) -> bool {
    let ahead = options.iter().take_while(|word| !is(word, "keys"));
    ahead.enumerate().any(|(at, word)| {
        let behind = options.len() - at - 1;
        is(word, "auth") && behind >= 1 || is(word, "auth2") && behind >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_noticed() {
        for (line, want) in [
            ("AUTH x", true),
            ("acl setuser a >b", true),
            ("acl list", false),
            ("config set maxmemory 1 requirepass x", true),
            ("config set dir masterauth", false),
            ("hello 3 auth a b", true),
            ("hello 3 setname auth auth a b", true),
            ("hello 3 setname auth", false),
            ("migrate h 1 k 0 1 copy auth pw", true),
            ("migrate h 1 k 0 1 keys auth x", false),
            ("set auth x", false),
            ("config set tls-key-file-pass x", true),
            ("sentinel set m auth-pass x", true),
            ("sentinel set m quorum 1", false),
            ("sentinel config set sentinel-pass x", true),
            ("SENTINEL CONFIG SET sentinel-user u SENTINEL-PASS x", true),
            ("sentinel config set sentinel-user sentinel-pass", false),
            ("sentinel config get sentinel-pass", false),
            ("migrate h 1 k 0 1 auth2 user pw", true),
        ] {
            let words: Vec<Vec<u8>> = line.split(' ').map(Vec::from).collect();
            assert_eq!(are_in(&words), want, "{line}");
        }
        for (line, want) in [
            ("auth \"x", true),
            ("3 auth 'x", true),
            ("config set requirepass \"x y", true),
            ("set k \"auth", false),
            ("\"", false),
        ] {
            assert_eq!(may_be_in(line.as_bytes()), want, "{line}");
        }
    }
}
