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
        let parameters = rest[1..].iter().step_by(2);
        let secret = ["masterauth", "masteruser", "requirepass"];
        parameters.clone().any(|word| secret.iter().any(|name| is(word, name)))
    } else if is(command, "hello") {
        are_in_hello(rest.get(1..).unwrap_or_default())
    } else if is(command, "migrate") {
        are_in_migrate(rest.get(5..).unwrap_or_default())
    } else if is(command, "sentinel") && begins("set") {
        rest.iter().any(|word| is(word, "auth-pass") || is(word, "sentinel-pass"))
    } else {
        false
    }
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
        ] {
            let words: Vec<Vec<u8>> = line.split(' ').map(Vec::from).collect();
            assert_eq!(are_in(&words), want, "{line}");
        }
    }
}
