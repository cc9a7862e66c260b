//! Who may do what: users, the rules that make them, and the question "may this user run this?".
//!
//! # The tour
//! A [`User`] has passwords and [`Selector`]s; the first selector is the user's own, the others are written in
//! parentheses. A request is allowed where one selector allows all of it: the command ([`Commands`]), every key
//! ([`Keys`]) and every channel ([`Channels`]). Rules are words such as `+get`, `~cache:*` or `>password`; what they
//! mean is told where they are read. [`Users`] are all of them, and they are read from and written to a file by
//! `file`. [`Refusals`] are what ACL LOG remembers. The rows of the command ACL are in [`rows`], what it answers in
//! `answers`.
//!
//! What commands there are is told by a [`Catalog`], which a program makes of its rows: its numbers are the program's.
//!
//! # What it does not know
//! Connections, files, time, and any command by its name. A user is a value: whoever changes one gets another, and
//! tells those who hold the old one.

mod answers;
mod catalog;
mod channels;
mod commands;
mod declare;
mod file;
mod keys;
mod password;
mod refusals;
mod request;
pub mod rows;
mod rule;
mod selector;
mod show;
mod user;
mod users;

pub use answers::{
    Found, dry_run, get_user, list_categories, list_names, list_rules, make_password, remove_users,
    show_refusals,
};
pub use catalog::Catalog;
pub use channels::Channels;
pub use commands::Commands;
pub use declare::Declarations;
pub use file::NO_FILE;
pub use keys::Keys;
pub use refusals::{Place, Reason, Refusal, Refusals};
pub use request::{Denied, Request};
pub use rule::RuleError;
pub use selector::Selector;
pub use user::User;
pub use users::{SetError, Users, is_user_name};
