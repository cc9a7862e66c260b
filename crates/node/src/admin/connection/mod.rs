//! The connection itself: who is there, in which protocol, at which database.

pub(crate) mod auth;
mod basics;
pub(crate) mod client;

use super::NodeCommand;
use command::{Categories, Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[
    &auth::AUTH,
    &auth::HELLO,
    &client::CLIENT,
    &basics::ECHO,
    &basics::PING,
    &basics::QUIT,
    &basics::RESET,
    &basics::SELECT,
];

const FAMILY: Spec = Spec { categories: Categories::CONNECTION, ..Spec::of(Group::Connection) };
