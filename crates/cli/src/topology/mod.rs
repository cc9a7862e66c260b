//! `--topology`: the whole tree of replication as seen from any of its members, and what Sentinels think of it.

use crate::exit::{Result, fail};
use crate::options::Drawing;
use crate::session::Session;

pub(crate) fn run(_session: &mut Session, _drawing: Drawing) -> Result<u8> {
    fail("--topology is not in this version of Regent")
}
