//! Short scripts that reach for what is not theirs: memory beyond a stack, the world that other scripts see, finalizers,
//! compiled code, other people's keys. Each ends by itself within milliseconds; for the others there is `endless`.
//!
//! `unpack` over two thousand million values once wrote beyond the stack (CVE-2025-46817); `newproxy` and `setfenv` let
//! one user's code run with the rights of another.

use super::foe::Foe;
use std::io;

const BODIES: &[&str] = &[
    "return {unpack({}, 0, 2147483647)}",
    "return {unpack({}, -2147483648, 2147483647)}",
    "return {unpack({}, 2^31 - 1, 2^31 + 1)}",
    "return select('#', unpack({}, 1, 7999))",
    "local p = newproxy(true) getmetatable(p).__gc = function() while true do end end",
    "setfenv(-1, {redis = {}}) return 1",
    "setfenv('0', {}) return 1",
    "return tostring(getfenv(0))",
    "getmetatable('').__index = function() return 'x' end",
    "getmetatable('').__gc = function() while true do end end",
    "_G.redis = nil return 1",
    "rawset(_G, 'pcall', nil) return 1",
    "setmetatable(_G, nil) return 1",
    "table.insert = nil return 1",
    "string.rep = function() return 'x' end",
    "return loadstring('\\27Lua')",
    "return string.dump(function() end)",
    "return loadstring('return [' .. ('='):rep(10000) .. '[x')",
    "return loadstring(('('):rep(10000))",
    "local n = 0 return load(function() collectgarbage() n = n + 1 return n < 50 and 'x = 1 ' or nil end)",
    "local function f(...) return select('#', ...) end return f(unpack({}, 1, 5000))",
    "local function f() return pcall(f) end return f()",
    "local function f() return f() + 1 end return f()",
    "local f f = coroutine.wrap(function() return f() end) return f()",
    "local t = {} for i = 1, 1000 do t = {t} end return t",
    "local t = {} for i = 1, 1000 do t = {t} end return cjson.encode(t)",
    "local t = {} t.t = t return cmsgpack.pack(t)",
    "return cjson.decode(('['):rep(100000))",
    "return cmsgpack.unpack('\\221\\255\\255\\255\\255')",
    "return cmsgpack.unpack(('\\145'):rep(10000))",
    "return struct.pack('I2147483647', 1)",
    "return struct.unpack('c2147483647', 'x')",
    "return struct.unpack('i4', 'x', 2^31)",
    "return bit.tohex(1, -2147483648)",
    "return bit.rol(1, 2^53)",
    "return string.format('%99999d', 1)",
    "return string.format(('%s'):rep(300))",
    "return #string.rep('x', 2^31)",
    "return ('x'):rep(1000):gsub('.', function() error('x') end)",
    "return string.find(('a'):rep(1000), ('a?'):rep(1000))",
    "return string.find('x', ('('):rep(100))",
    "return string.find('x', '%f')",
    "return table.concat({}, 'x', 1, 2147483647)",
    "return table.concat(setmetatable({}, {__index = function() return 'x' end}), '', 1, 1000)",
    "return redis.call(unpack({}, 1, 7999))",
    "return redis.call('set', KEYS[1], ('x'):rep(1000))",
    "return redis.pcall('set', 'guest:0:1:counter', 'stolen')",
    "return redis.pcall('flushall')",
    "return redis.pcall('config', 'get', '*')",
    "return redis.pcall('eval', 'return 1', 0)",
    "return redis.pcall('subscribe', 'siege:channel')",
    "return redis.pcall('blpop', KEYS[1], 0)",
    "return redis.pcall('multi')",
    "redis.setresp(99) return 1",
    "redis.setresp(3) return redis.call('hgetall', 'siege:nothing')",
    "redis.set_repl(99) return 1",
    "return redis.sha1hex(nil)",
    "return redis.error_reply(('x\\r\\n'):rep(100))",
    "return {err = '-\\0\\r\\n+OK\\r\\n'}",
    "return {double = 0/0}",
    "error(setmetatable({}, {__tostring = function() error('x') end}))",
    "error({err = {}})",
    "return math.random(1, 0)",
    "return os.execute('true')",
    "return tostring(io)",
    "return debug.getinfo(1)",
    "return require('x')",
    "for i = 1, 1000 do redis.call('ping') end return 1",
];

/// So many different scripts are made of each body, since the server keeps every script that it has seen.
const VARIANTS: u64 = 4;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    for _ in 0..20 {
        let (body, variant) = (foe.pick(BODIES), foe.prng.below(VARIANTS));
        let body = format!("{body}{}", " ".repeat(variant as usize));
        let name = foe.pick(&["EVAL", "EVAL", "EVAL_RO"]);
        foe.ask(&mut client, &[name, &body, "1", "siege:script"])?;
        if foe.is_over() {
            return Ok(());
        }
        foe.rest(5);
    }
    if foe.prng.chance(1, 50) {
        foe.ask(&mut client, &["SCRIPT", "EXISTS", "x"])?;
    }
    Ok(())
}
