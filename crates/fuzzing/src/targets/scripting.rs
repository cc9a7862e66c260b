//! Values that go through scripts: what the libraries decode, and what replies of commands become.

use crate::{Bounds, Target};
use command::{Owned, Proto};
use resp::ReplyParser;
use script::{Answer, Done, Scripts, Step};

pub(super) const TARGETS: &[Target] = &[Target {
    name: "lua_values",
    run: lua_values,
    bounds: Bounds { bytes: 8 << 20, bytes_per_byte: 40_000, ms: 10_000 },
    words: &[
        b"{\"a\":1}",
        b"[1,2,[3]]",
        b"[",
        b"{",
        b"\"\\ud800\"",
        b"1e999",
        b"null",
        b"-0",
        b"\x93\x01\x02\x03",
        b"\x81\xa1a\x01",
        b"\xdc\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xc4\x01a",
        b"\xcb\x7f\xf8\0\0\0\0\0\0",
        b"\xd9\xff",
        b">I4",
        b"<d",
        b"s",
        b"c0",
        b"!8",
        b"*2\r\n",
        b"%1\r\n+a\r\n:1\r\n",
        b"+ok\r\n",
        b"-ERR x\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",nan\r\n",
        b"~1\r\n:1\r\n",
        b"$3\r\nabc\r\n",
    ],
    len_max: 4 << 10,
}];

const MEMORY_MAX: usize = 64 << 20;

/// Decodes its argument in every way, writes what came of it in every way, and returns it.
const BODY: &[u8] = b"
    local text, layout = ARGV[1], ARGV[2]
    redis.setresp(tonumber(ARGV[3]))
    local ways = {
        cjson.decode, cmsgpack.unpack,
        function(it) return { cmsgpack.unpack_one(it, 0) } end,
        function(it) return { cmsgpack.unpack_limit(it, 3, 0) } end,
        function(it) return { struct.unpack(layout, it) } end,
        function(it) return struct.size(it) end,
        function(it) return struct.pack(it, 1, 2, 'x', layout) end,
        function() return redis.pcall('ANY') end,
    }
    local all = {}
    for at, way in ipairs(ways) do
        local good, value = pcall(way, text)
        if good then
            pcall(cjson.encode, value)
            local packed, bytes = pcall(cmsgpack.pack, value)
            if packed then pcall(cmsgpack.unpack, bytes) end
            all[#all + 1] = value == nil and 'nothing' or value
        end
    end
    return all";

fn lua_values(input: &[u8]) {
    let Some((choice, text)) = input.split_first() else { return };
    let layout = &text[..text.len().min(8)];
    let proto = if choice & 1 == 0 { Proto::Resp2 } else { Proto::Resp3 };
    let inner: &[u8] = if choice & 2 == 0 { b"2" } else { b"3" };
    let mut scripts = Scripts::new(MEMORY_MAX);
    let (sha, _) = scripts.load(BODY).unwrap_or_else(|_| panic!("a script that compiles"));
    let arguments = Owned::new([text, layout, inner]);
    let mut step = scripts.begin(&sha, Owned::default().words(), arguments.words(), proto);
    let done = loop {
        let answer = match step {
            Step::Done(done) => break done,
            Step::Call(call) => Answer::Reply(reply(text, call.proto)),
            Step::Check(_) => Answer::Allowed(None),
            Step::Busy => Answer::Kill("ERR it takes too long"),
            Step::Log(_) | Step::Ready(_) => Answer::Go,
        };
        step = scripts.resume(answer);
    };
    is_reply(&done);
}

/// What a command answers: the input where it is one reply of that protocol.
fn reply(text: &[u8], proto: Proto) -> Vec<u8> {
    let mut parser = ReplyParser::default();
    parser.feed(text);
    let is_old = text.iter().all(|byte| !b"%~#_,(=!>|".contains(byte));
    match parser.next() {
        Ok(Some(_)) if parser.rest().is_empty() && (is_old || proto == Proto::Resp3) => {
            text.to_vec()
        }
        _ => b"+OK\r\n".to_vec(),
    }
}

/// What a script returns is one reply, unless it nests deeper than those who read replies want.
fn is_reply(done: &Done) {
    let mut parser = ReplyParser::default();
    parser.feed(&done.reply);
    match parser.next() {
        Ok(value) => {
            assert!(value.is_some() && parser.rest().is_empty(), "{}", done.reply.escape_ascii())
        }
        Err(error) => {
            assert!(error.fault == resp::Fault::Depth, "{error}: {}", done.reply.escape_ascii())
        }
    }
}
