//! Scripts that want to do harm: what was found in Lua and in what servers make of it, and what cannot be waited for.

use super::{MEMORY, check, eval};
use crate::Scripts;
use command::Proto;

/// How an error is told, after its code.
fn told(text: &str) -> String {
    format!("{text} script: SHA, on @user_script:1.\r\n")
}

/// The error of each script ends so.
fn each_is_told(bodies: &[&str], text: &str) {
    let mut scripts = Scripts::new(MEMORY);
    for body in bodies {
        let reply = eval(&mut scripts, body, Proto::Resp2);
        assert!(reply.ends_with(&told(text)), "{body}: {reply}");
    }
}

#[test]
fn cve_2025_46817_unpack_counts_its_results() {
    each_is_told(
        &[
            "return {unpack({}, 0, 2147483647)}",
            "return {unpack({}, -2147483648, 2147483647)}",
            "return {unpack({}, -1, 2147483647)}",
            "return {unpack({}, -2147483648, 0)}",
            "return {unpack({}, 1, 2147483647)}",
            "return {unpack({}, 1, 8000)}",
            "local t = setmetatable({}, {}) return select('#', unpack(t, -2147483647, 2147483647))",
        ],
        "user_script:1: too many results to unpack",
    );
    check(&[
        ("return {unpack({}, 2147483647, -2147483648)}", "*0\r\n"),
        ("return select('#', unpack({}, 2147483647, 2147483647))", ":1\r\n"),
        ("return select('#', unpack({}, -2147483648, -2147483648))", ":1\r\n"),
        ("return select('#', unpack({}, 2147483640, 2147483647))", ":8\r\n"),
    ]);
}

#[test]
fn cve_2014_5461_a_function_with_many_parameters_has_room_for_them() {
    let names: Vec<String> = (0..190).map(|it| format!("a{it}")).collect();
    let names = names.join(",");
    let mut scripts = Scripts::new(MEMORY);
    // Deep enough that the stack is at its end at every remainder once.
    let body = format!(
        "local function f(n, {names}, ...) if n == 0 then return 0 end return 1 + f(n - 1) end \
         local sum = 0 for depth = 1, 60 do sum = sum + coroutine.wrap(f)(depth) end return sum"
    );
    assert_eq!(eval(&mut scripts, &body, Proto::Resp2), ":1830\r\n");
}

#[test]
fn cve_2025_49844_the_name_of_a_chunk_stays_while_it_is_compiled() {
    let body = "local sum = 0 \
                for i = 1, 100 do \
                  local pieces = {'return ', tostring(i), ' + 0', ' -- ' .. ('x'):rep(1000)} \
                  local at = 0 \
                  local f = load(function() at = at + 1 collectgarbage() return pieces[at] end, 'chunk' .. i) \
                  collectgarbage() sum = sum + f() \
                  local g, why = loadstring('x x' .. i, 'name' .. i) \
                  assert(not g and why:find('name' .. i, 1, true)) \
                end return sum";
    check(&[(body, ":5050\r\n")]);
}

#[test]
fn cve_2025_46819_separators_of_any_length_are_read() {
    let body = "local s = ('='):rep(1e6) \
                local f = loadstring('return [' .. s .. '[x]' .. s .. ']') \
                local g, why = loadstring('return [' .. s) \
                local h = loadstring('--[' .. s .. '[x]' .. s .. '] return 1') \
                return {f(), tostring(g), tostring(why:find('delimiter') ~= nil), tostring(h ~= nil)}";
    check(&[(body, "*4\r\n$1\r\nx\r\n$3\r\nnil\r\n$4\r\ntrue\r\n$4\r\ntrue\r\n")]);
}

#[test]
fn cve_2025_46818_values_have_no_metatable_that_can_be_changed() {
    each_is_told(
        &[
            "getmetatable('').__index = function() end",
            "getmetatable('').__add = function() end",
            "rawset(getmetatable(''), '__index', {})",
            "setmetatable(getmetatable(''), {})",
        ],
        "Attempt to modify a readonly table",
    );
    let body = "for _, v in pairs({1, true, print_ or false, cjson.null, redis.call, function() end, \
                coroutine.create(function() end)}) do \
                if getmetatable(v) ~= nil then return type(v) end end return getmetatable(nil) == nil";
    check(&[(&body.replace("print_ or ", ""), ":1\r\n")]);
}

#[test]
fn cve_2024_31449_bits_are_shown_in_as_many_digits_as_there_are() {
    check(&[
        ("return bit.tohex(65535, -2147483648)", "$8\r\n0000FFFF\r\n"),
        ("return bit.tohex(-1, 2147483647)", "$8\r\nffffffff\r\n"),
        ("return bit.tohex(1, 0)", "$0\r\n\r\n"),
    ]);
}

#[test]
fn cve_2024_46981_an_interpreter_ends_in_the_middle_of_a_collection() {
    for steps in 0..50 {
        let mut scripts = Scripts::new(MEMORY);
        let body = format!(
            "local t = {{}} for i = 1, 200 do t[i] = coroutine.create(function() end) end \
             pcall(cjson.decode, '{{') pcall(redis.call) t = nil \
             for i = 1, {steps} do collectgarbage('step', 0) end return 1"
        );
        assert_eq!(eval(&mut scripts, &body, Proto::Resp2), ":1\r\n");
        scripts.flush();
        assert_eq!(eval(&mut scripts, "return 1", Proto::Resp2), ":1\r\n");
    }
}

#[test]
fn patterns_have_a_bounded_depth() {
    each_is_told(
        &[
            "return string.find(('a'):rep(3e5), '^' .. ('a?'):rep(3e5))",
            "return string.match(('a'):rep(3e5), '^' .. ('a-'):rep(3e5) .. 'b')",
            "return string.gsub(('a'):rep(3e5), '^' .. ('a*'):rep(3e5), 'x')",
            "return string.gmatch(('a'):rep(3e5), ('a?'):rep(3e5))()",
        ],
        "user_script:1: pattern too complex",
    );
    check(&[("return string.find(('a'):rep(1e5), '^' .. ('a?'):rep(1e5))", ":1\r\n")]);
}

#[test]
fn what_takes_for_ever_in_one_instruction_is_killed() {
    each_is_told(
        &[
            "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
            "local ok = pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
            "return string.gsub(('a'):rep(1e5), '.-.-.-b', '')",
            "return string.match(('('):rep(1e6), '(%b()x)')",
            "return string.find(('a'):rep(1e7), ('a'):rep(5e6) .. 'b', 1, true)",
            "while true do ('').rep('', 2147483647) end",
        ],
        "Script killed by user with SCRIPT KILL...",
    );
}
