//! A reply of every type, for those who write clients.

use super::Lever;
use crate::admin::NodeCx;
use command::{Args, Error, Flow, Outcome};

pub(super) const TABLE: &[Lever] = &[
    Lever {
        name: "PROTOCOL",
        words: 1..=1,
        syntax: "<type>",
        about: "Replies with a value of a type: string, integer, double, bignum, null, array, set, map, attrib, \
                push, verbatim, true or false.",
        run: protocol,
    },
    Lever {
        name: "ERROR",
        words: 1..=1,
        syntax: "<string>",
        about: "Replies with an error of these words.",
        run: error,
    },
];

fn protocol(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let kind = args.word()?.to_ascii_lowercase();
    let w = &mut cx.reply;
    match kind.as_slice() {
        b"string" => w.text("Hello World"),
        b"integer" => w.int(12345),
        b"double" => w.double_text("3.141"),
        b"bignum" => w.big_number("1234567999999999999999999999999999999"),
        b"null" => w.null(),
        b"array" => {
            w.array(3);
            (0..3).for_each(|n| w.int(n));
        }
        b"set" => {
            w.set(3);
            (0..3).for_each(|n| w.int(n));
        }
        b"map" => {
            w.map(3);
            for n in 0..3 {
                w.int(n);
                w.boolean(n == 1);
            }
        }
        b"attrib" => {
            if w.is_resp3() {
                w.raw(b"|1\r\n");
                w.text("key-popularity");
                w.array(2);
                w.text("key:123");
                w.int(90);
            }
            w.text("Some real reply following the attribute");
        }
        b"push" => {
            if !w.is_resp3() {
                return Err(Error::fixed("ERR RESP2 is not supported by this command"));
            }
            w.push(2);
            w.text("server-cpu-usage");
            w.int(42);
            w.text("Some real reply following the push reply");
        }
        b"true" => w.boolean(true),
        b"false" => w.boolean(false),
        b"verbatim" => w.verbatim("txt", b"This is a verbatim\nstring"),
        _ => {
            return Err(Error::fixed(
                "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|\
                 array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(Flow::Done)
}

fn error(_: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    Err(Error::bytes(args.word()?.to_vec()))
}
