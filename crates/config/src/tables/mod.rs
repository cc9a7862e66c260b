//! The parameters of Redis 7.2, one table per subject, each row with its sentence.
//!
//! Names, bounds and defaults are Redis's, so that its files and its operators find what they know. A row marked
//! [`crate::Param::later`] belongs to a feature that this version does not have: it is read, shown and written
//! back, and a value that would switch the feature on is named in a warning at startup.

mod aof;
mod check;
mod clients;
mod cluster;
mod encodings;
mod logging;
mod memory;
mod network;
mod observation;
mod process;
mod replication;
mod security;
mod snapshot;
mod tls;

use crate::Param;

/// Every row, subject by subject.
pub fn all() -> impl Iterator<Item = &'static Param> {
    [
        network::TABLE,
        process::TABLE,
        logging::TABLE,
        clients::TABLE,
        security::TABLE,
        memory::TABLE,
        encodings::TABLE,
        snapshot::TABLE,
        replication::TABLE,
        aof::TABLE,
        observation::TABLE,
        cluster::TABLE,
        tls::TABLE,
    ]
    .into_iter()
    .flatten()
}
