//! `regent up`: a trial group.

use anyhow::Result;

pub(crate) fn run(_arguments: &[Vec<u8>]) -> Result<u8> {
    Ok(1)
}
