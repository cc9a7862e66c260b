//! The connection itself: who is there, and in which protocol.

mod auth;
mod basics;
mod client;

pub(crate) use client::line as client_line;

use super::SentinelCommand;
use command::{Categories, Group, Spec};

pub(super) const TABLE: &[&SentinelCommand] =
    &[&auth::AUTH, &auth::HELLO, &client::CLIENT, &basics::PING, &basics::QUIT, &basics::RESET];

const FAMILY: Spec = Spec { categories: Categories::CONNECTION, ..Spec::of(Group::Connection) };
