//! Our table of commands against what COMMAND INFO of Redis 7.2.6 says, and of Valkey 9.1.2 for what came later.
//!
//! `facts/commands.txt` holds what they say, sorted where order means nothing: name, arity, and the old range of
//! keys on one line; flags, ACL categories, tips, and key specifications on indented ones.

mod compare;

use compare::{compare, facts};

#[test]
fn rows_say_what_redis_says() {
    let facts = facts();
    let mut differences = String::new();
    for command in commands::all() {
        let name = command.spec.name;
        compare(&facts, name, &command.spec, &mut differences);
        for sub in command.subcommands {
            compare(&facts, &format!("{name}|{}", sub.spec.name), &sub.spec, &mut differences);
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn no_name_is_given_twice() {
    let mut names: Vec<_> = commands::all().map(|command| command.spec.name).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
