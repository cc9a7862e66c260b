//! How places, units and sizes are read.

use command::{Args, Error};
use ds::geo::Position;
use stdx::float;

/// Reads a longitude and a latitude, which must be on the map.
pub(super) fn position(args: &mut Args<'_>) -> Result<Position, Error> {
    let mut degrees = || float::parse_f64(args.word()?).ok_or(Error::NOT_A_FLOAT);
    let place = Position { longitude: degrees()?, latitude: degrees()? };
    if place.is_on_map() {
        return Ok(place);
    }
    let Position { longitude, latitude } = place;
    let text = format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}");
    Err(Error::new(text))
}

/// Reads a unit: how many metres it has.
pub(super) fn unit(args: &mut Args<'_>) -> Result<f64, Error> {
    match () {
        _ if args.take_keyword("M") => Ok(1.0),
        _ if args.take_keyword("KM") => Ok(1000.0),
        _ if args.take_keyword("FT") => Ok(0.3048),
        _ if args.take_keyword("MI") => Ok(1609.34),
        _ => Err(Error::fixed("ERR unsupported unit provided. please use M, KM, FT, MI")),
    }
}

/// Reads a size, which must not be negative.
pub(super) fn size(
    args: &mut Args<'_>,
    not_a_number: &'static str,
    negative: &'static str,
) -> Result<f64, Error> {
    let size = number(args, not_a_number)?;
    if size < 0.0 { Err(Error::fixed(negative)) } else { Ok(size) }
}

/// Reads a number.
pub(super) fn number(args: &mut Args<'_>, not_a_number: &'static str) -> Result<f64, Error> {
    float::parse_f64(args.word()?).ok_or(Error::fixed(not_a_number))
}
