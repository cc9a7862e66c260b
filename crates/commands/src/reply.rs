//! How elements of collections enter a reply: straight from where they are kept, without a copy of their own.

use command::Writer;
use ds::Element;
use stdx::float;

/// Writes an element as a bulk string.
#[inline]
pub(crate) fn element(reply: &mut Writer<'_>, element: Element<'_>) {
    match element {
        Element::Int(value) => reply.bulk_int(value),
        Element::Bytes(bytes) => reply.bulk(bytes),
    }
}

/// Writes a floating-point number, spelled as Redis 7.2 spells scores.
#[inline]
pub(crate) fn double(reply: &mut Writer<'_>, value: f64) {
    let text = float::shortest(value);
    if reply.is_resp3() {
        reply.raw(b",");
        reply.raw(&text);
        reply.raw(b"\r\n");
    } else {
        reply.bulk(&text);
    }
}

/// Writes a number with as many digits behind the point as it has, 17 at most, and never an exponent: how Redis
/// spells degrees.
pub(crate) fn plain_double(reply: &mut Writer<'_>, value: f64) {
    let digits = format!("{value:.17}");
    reply.double_text(match digits.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0",
        text => text,
    });
}

/// Writes the head of an array of `len` members with their scores: RESP2 has them in one flat array, RESP3 in
/// arrays of two.
pub(crate) fn pairs(reply: &mut Writer<'_>, len: usize) {
    reply.array(if reply.is_resp3() { len } else { 2 * len });
}

/// Writes one of the pairs that [`pairs`] has announced.
#[inline]
pub(crate) fn pair(reply: &mut Writer<'_>, member: Element<'_>, score: f64) {
    if reply.is_resp3() {
        reply.array(2);
    }
    element(reply, member);
    double(reply, score);
}
