//! How elements of collections enter a reply: straight from where they are kept, without a copy of their own.

use command::Writer;
use ds::Element;

/// Writes an element as a bulk string.
#[inline]
pub(crate) fn element(reply: &mut Writer<'_>, element: Element<'_>) {
    match element {
        Element::Int(value) => reply.bulk_int(value),
        Element::Bytes(bytes) => reply.bulk(bytes),
    }
}
