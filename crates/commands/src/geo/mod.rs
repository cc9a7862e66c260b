//! Places: sorted sets whose scores are Geohashes, asked for what lies within a circle or a box.

mod add;
mod look;
mod query;
mod search;
mod words;

use command::{Categories, Group, Spec};

use crate::DataCommand;

/// What all rows of the family have in common.
const FAMILY: Spec = Spec { categories: Categories::GEO, since: "3.2.0", ..Spec::of(Group::Geo) };

/// The family's commands.
pub(crate) const TABLE: &[&DataCommand] = &[
    &add::GEOADD,
    &look::GEODIST,
    &look::GEOHASH,
    &look::GEOPOS,
    &search::GEORADIUS,
    &search::GEORADIUS_RO,
    &search::GEORADIUSBYMEMBER,
    &search::GEORADIUSBYMEMBER_RO,
    &search::GEOSEARCH,
    &search::GEOSEARCHSTORE,
];
