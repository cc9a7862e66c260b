//! What scripts see, and that they see nothing of each other.

use super::{MEMORY, check, eval};
use crate::{Answer, Scripts, Step};
use command::Proto;
use resp::Owned;

/// What Redis 7.2 shows scripts, and `__redis__err__handler`, which is its own business.
const GLOBALS: &str = "ARGV KEYS _G _VERSION assert bit cjson cmsgpack collectgarbage coroutine error gcinfo \
                       getmetatable ipairs load loadstring math next pairs pcall rawequal rawget rawset redis select \
                       setmetatable string struct table tonumber tostring type unpack xpcall";

#[test]
fn scripts_see_what_redis_shows_them() {
    let names = "local t = {} for name in pairs(_G) do t[#t + 1] = name end table.sort(t) \
                 return table.concat(t, ' ')";
    check(&[(names, &format!("${}\r\n{GLOBALS}\r\n", GLOBALS.len()))]);
    for name in ["newproxy", "getfenv", "setfenv", "print", "dofile", "loadfile", "os", "io"] {
        let mut scripts = Scripts::new(MEMORY);
        let reply = eval(&mut scripts, &format!("return {name}"), Proto::Resp2);
        assert!(reply.contains("nonexistent global variable"), "{name}: {reply}");
    }
}

/// Every switch that `cjson` has.
const KEEP: &str = "cjson.encode_sparse_array(true) cjson.encode_max_depth(1) cjson.decode_max_depth(1) \
                cjson.encode_number_precision(3) cjson.encode_invalid_numbers(true) cjson.decode_invalid_numbers(false)";

#[test]
fn nothing_that_a_script_does_is_seen_by_the_next() {
    for (first, second, want) in [
        (KEEP, "return cjson.encode({{{0.123456789}}})", "$17\r\n[[[0.123456789]]]\r\n"),
        (KEEP, "return #cjson.decode('[[[1]]]')", ":1\r\n"),
        (KEEP, "return cjson.decode('[NaN]')[1] ~= nil", ":1\r\n"),
        (KEEP, "return pcall(cjson.encode, {[1000] = 1})", "$-1\r\n"),
        (KEEP, "return pcall(cjson.encode, 1 / 0)", "$-1\r\n"),
        ("redis.setresp(3)", "return redis.call('NULL') == false", ":1\r\n"),
        (
            "math.randomseed(7)",
            "local a = math.random() math.randomseed(7) return a == math.random()",
            "$-1\r\n",
        ),
        (
            "collectgarbage('stop') return collectgarbage('setpause', 1e6)",
            "for i = 1, 5e3 do local x = ('x'):rep(4000) .. i end return collectgarbage('count') < 10000",
            ":1\r\n",
        ),
        ("pcall(function() a = 1 end)", "return rawget(_G, 'a')", "$-1\r\n"),
        (
            "KEYS[3] = 'x' ARGV.a = 1",
            "return {#KEYS, tostring(ARGV.a)}",
            "*2\r\n:2\r\n$3\r\nnil\r\n",
        ),
        ("string.a = 1", "return tostring(('').a)", "$3\r\nnil\r\n"),
        ("getmetatable('').__index.a = 1", "return tostring(('').a)", "$3\r\nnil\r\n"),
        (
            "loadstring('redis = nil')()",
            "return loadstring('return type(redis.call)')()",
            "$8\r\nfunction\r\n",
        ),
        (
            "return load(function() return nil end)",
            "return type(load(function() end))",
            "$8\r\nfunction\r\n",
        ),
        (
            "return coroutine.create(function() while true do coroutine.yield() end end)",
            "return 1",
            ":1\r\n",
        ),
        (
            "xpcall(function() error('x') end, function() redis = nil end)",
            "return type(redis)",
            "$5\r\ntable\r\n",
        ),
        (
            "table.remove(_G) table.sort(_G) table.foreach(_G, function() end)",
            "return type(redis)",
            "$5\r\ntable\r\n",
        ),
        (
            "return getmetatable(cjson.null)",
            "return tostring(getmetatable(cjson.null))",
            "$3\r\nnil\r\n",
        ),
        (
            "return getmetatable(redis.call)",
            "return tostring(getmetatable(pcall))",
            "$3\r\nnil\r\n",
        ),
    ] {
        let mut scripts = Scripts::new(MEMORY);
        let before = eval(&mut scripts, second, Proto::Resp2);
        assert_eq!(before, want, "before {first}: {second}");
        eval(&mut scripts, first, Proto::Resp2);
        assert_eq!(eval(&mut scripts, second, Proto::Resp2), want, "after {first}: {second}");
    }
}

#[test]
fn values_with_a_finalizer_cannot_be_had() {
    // Each value that a script can lay hands on and that is no table has a metatable that it cannot reach.
    let body = "local seen = {} \
                local function visit(v) \
                  if type(v) == 'userdata' and getmetatable(v) ~= nil then error('a metatable') end \
                  if type(v) ~= 'table' or seen[v] then return end \
                  seen[v] = true \
                  for k, x in pairs(v) do visit(k) visit(x) end \
                  visit(getmetatable(v)) \
                end \
                visit(_G) visit({pcall(redis.call)}) visit({pcall(cjson.decode, '{')}) \
                visit({coroutine.resume(coroutine.create(function() redis.call() end))}) \
                xpcall(redis.call, visit) return 1";
    check(&[
        (body, ":1\r\n"),
        (
            "return newproxy(true)",
            "-ERR user_script:1: Script attempted to access nonexistent global variable 'newproxy' script: SHA, on @user_script:1.\r\n",
        ),
    ]);
}

#[test]
fn an_order_that_does_not_fit_ends_the_script() {
    let mut scripts = Scripts::new(MEMORY);
    // An answer that nobody asked for.
    assert!(matches!(scripts.resume(Answer::Go), Step::Ready(_)));
    let (sha, _) = scripts.load(b"while true do redis.pcall('GET', 'a') end").expect("it is sound");
    let none = Owned::default();
    let step = scripts.begin(&sha, none.words(), none.words(), Proto::Resp2);
    assert!(matches!(step, Step::Call(_)), "{step:?}");
    let busy = scripts.load(b"return 1").expect_err("a script waits");
    assert!(busy.text().ends_with(b"the interpreter is busy"), "{busy:?}");
    let mut step = scripts.resume(Answer::Go);
    let mut rounds = 0;
    while !matches!(step, Step::Done(_) | Step::Ready(_)) && rounds < 10 {
        step = scripts.resume(Answer::Go);
        rounds += 1;
    }
    assert!(rounds < 10, "{step:?}");
    assert_eq!(eval(&mut scripts, "return 2", Proto::Resp2), ":2\r\n");
}
