//! The rows of ACL and its subcommands, for every program that has users. A program adds what only it can say.

use command::{Arity, Flags, Group, Spec};

/// ACL itself.
pub const ACL: Spec = Spec {
    name: "acl",
    syntax: "subcommand",
    summary: "Questions and orders about users and what they may do.",
    complexity: "Depends on subcommand.",
    arity: Arity::AtLeast(2),
    ..FAMILY
};

const FAMILY: Spec = Spec { since: "6.0.0", ..Spec::of(Group::Server) };

/// What the subcommands for everybody share.
const SUB: Spec = Spec { flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

/// What the subcommands for administrators share.
const ADMIN: Spec = Spec { flags: Flags::ADMIN.and(SUB.flags), ..SUB };

/// Hints of the subcommands that change something: every node of a cluster is asked, all must agree.
const CHANGING: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

pub const CAT: Spec = Spec {
    name: "cat",
    syntax: "[category]",
    summary: "Lists the categories of commands, or the commands of one.",
    complexity: "O(1), as there are only so many commands",
    arity: Arity::AtLeast(2),
    ..SUB
};

pub const DELUSER: Spec = Spec {
    name: "deluser",
    syntax: "username [username ...]",
    summary: "Removes users, and closes their connections.",
    complexity: "O(1), and O(N) for the connections",
    arity: Arity::AtLeast(3),
    tips: CHANGING,
    ..ADMIN
};

pub const DRYRUN: Spec = Spec {
    name: "dryrun",
    syntax: "username command [arg [arg ...]]",
    summary: "Tells whether a user might run a command, without running it.",
    since: "7.0.0",
    arity: Arity::AtLeast(4),
    ..ADMIN
};

pub const GENPASS: Spec = Spec {
    name: "genpass",
    syntax: "[bits]",
    summary: "Makes a password that nobody can guess.",
    arity: Arity::AtLeast(2),
    ..SUB
};

pub const GETUSER: Spec = Spec {
    name: "getuser",
    syntax: "username",
    summary: "Tells all about a user.",
    complexity: "O(N), N being the passwords, commands and patterns of the user",
    arity: Arity::Exactly(3),
    ..ADMIN
};

pub const HELP: Spec = Spec {
    name: "help",
    summary: "Shows what ACL can be asked.",
    arity: Arity::Exactly(2),
    flags: Flags::LOADING.and(Flags::STALE),
    ..FAMILY
};

pub const LIST: Spec = Spec {
    name: "list",
    summary: "Lists all users with their rules, as a configuration file has them.",
    complexity: "O(N), N being the number of users",
    arity: Arity::Exactly(2),
    ..ADMIN
};

pub const LOAD: Spec = Spec {
    name: "load",
    summary: "Reads the file of users, in place of those there are.",
    complexity: "O(N), N being the number of users",
    arity: Arity::Exactly(2),
    ..ADMIN
};

pub const LOG: Spec = Spec {
    name: "log",
    syntax: "[count | RESET]",
    summary: "Lists what was refused to users lately, or forgets it.",
    complexity: "O(N), N being the number of entries shown",
    arity: Arity::AtLeast(2),
    ..ADMIN
};

pub const SAVE: Spec = Spec {
    name: "save",
    summary: "Writes all users to their file.",
    complexity: "O(N), N being the number of users",
    arity: Arity::Exactly(2),
    tips: CHANGING,
    ..ADMIN
};

pub const SETUSER: Spec = Spec {
    name: "setuser",
    syntax: "username [rule [rule ...]]",
    summary: "Makes a user, or changes what it may do.",
    complexity: "O(N), N being the number of rules",
    arity: Arity::AtLeast(3),
    tips: CHANGING,
    ..ADMIN
};

pub const USERS: Spec = Spec {
    name: "users",
    summary: "Lists the names of all users.",
    complexity: "O(N), N being the number of users",
    arity: Arity::Exactly(2),
    ..ADMIN
};

pub const WHOAMI: Spec = Spec {
    name: "whoami",
    summary: "Tells for whom this connection speaks.",
    arity: Arity::Exactly(2),
    ..SUB
};
