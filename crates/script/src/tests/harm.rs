//! Scripts that want to do harm: what was found in Lua and in what servers make of it, and what cannot be waited for.

use super::{MEMORY, check, eval, eval_within};
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
    each_is_killed(&[
        "return string.find(('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
        "local ok = pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
        "return string.gsub(('a'):rep(1e5), '.-.-.-b', '')",
        "return string.match(('('):rep(1e6), '(%b()x)')",
        "return string.find(('a'):rep(1e7), ('a'):rep(5e6) .. 'b', 1, true)",
        "while true do ('').rep('', 2147483647) end",
    ]);
}

const KILLED: &str = "Script killed by user with SCRIPT KILL...";

#[test]
fn what_takes_long_in_each_instruction_is_killed() {
    // Each of these runs for minutes at the least where only instructions are counted.
    let text = "local s = ('x'):rep(2e7) ";
    let table = "local t = {} for i = 1, 1e6 do t[i] = i end ";
    each_is_killed(&[
        &format!("{text} while true do s:upper() end"),
        &format!("{text} while true do s:lower() end"),
        &format!("{text} while true do s:reverse() end"),
        &format!("{text} while true do s:sub(2) end"),
        &format!("{text} while true do local x = s .. 'y' end"),
        &format!("{text} while true do ('%q'):format(s) end"),
        &format!("{text} local z = s .. 'z' while true do local x = s < z end"),
        &format!("{text} while true do s:find('y', 1, true) end"),
        &format!("{text} while true do s:gsub('y', '') end"),
        &format!("{text} while true do tonumber(s, 36) end"),
        &format!("{text} while true do redis.sha1hex(s) end"),
        &format!("{text} while true do cjson.encode(s) end"),
        &format!("{text} while true do cmsgpack.pack(s) end"),
        &format!("{text} while true do struct.pack('s', s) end"),
        &format!("{text} while true do struct.unpack('c20000000', s) end"),
        &format!("{text} while true do redis.pcall('COUNT', s) end"),
        &format!("{text} while true do redis.acl_check_cmd('GET', s) end"),
        &format!("{text} while true do redis.log(2, s) end"),
        &format!("{text} while true do loadstring('--' .. s) end"),
        &format!("{text} s = '\"' .. s .. '\"' while true do cjson.decode(s) end"),
        "local s = '1' .. (' '):rep(2e7) while true do local n = s + 1 end",
        "local s = '1' .. (' '):rep(2e7) while true do bit.tobit(s) end",
        "local s = ('x'):rep(2e7) while true do struct.size(s) end",
        "local s = '[' .. ('1,'):rep(1e6) .. '1]' while true do cjson.decode(s) end",
        "return cjson.decode('[' .. ('1-'):rep(1e7) .. ']')",
        "local s = ('\\1'):rep(3000) while true do cmsgpack.unpack(s) end",
        &format!("{table} while true do table.insert(t, 1, 1) end"),
        &format!("{table} while true do table.remove(t, 1) end"),
        &format!("{table} while true do table.concat(t) end"),
        &format!("{table} while true do table.maxn(t) end"),
        &format!("{table} while true do table.foreach(t, rawequal) end"),
        &format!("{table} while true do table.foreachi(t, rawequal) end"),
        &format!("{table} while true do cjson.encode(t) end"),
        &format!("{table} while true do cmsgpack.pack(t) end"),
        &format!("{table} while true do table.sort(t) end"),
        &format!("{table} for i = 1, 1e6 do t[i] = nil end while true do next(t) end"),
        &format!("{table} while true do collectgarbage() end"),
        &format!("{table} while true do collectgarbage('step', 1e9) end"),
        "local function f(n) for i = 1, 1e3 do \
               if n > 0 then coroutine.wrap(f)(n - 1) end end end f(6)",
    ]);
}

/// Each script looks around, and is killed then.
fn each_is_killed(bodies: &[&str]) {
    let mut scripts = Scripts::new(MEMORY);
    for body in bodies {
        let reply = eval_within(3, &mut scripts, body, Proto::Resp2);
        assert!(reply.ends_with(&told(KILLED)), "{body}: {reply}");
    }
}

/// A table that stands for 2 to the 40th values.
const SHARED: &str = "local t = {} for i = 1, 40 do t = {t, t} end ";

#[test]
fn texts_of_tables_that_hold_others_twice_end() {
    each_is_killed(&[
        &format!("{SHARED} return cjson.encode(t)"),
        &format!("{SHARED} pcall(cjson.encode, t) return 1"),
        "local t = {} for i = 1, 14 do local u = {} for j = 1, 10 do u[j] = t end t = u end \
             return cmsgpack.pack(t)",
    ]);
    // A reply is written when the script is over.
    let mut scripts = Scripts::new(MEMORY);
    for body in [
        format!("{SHARED} return t"),
        format!("{SHARED} return {{map = {{a = t}}}}"),
        format!("{SHARED} return {{set = {{[t] = true}}}}"),
        "local t = {err = 'x'} for i = 1, 40 do t = {t, t} end return t".to_owned(),
    ] {
        let reply = eval_within(3, &mut scripts, &body, Proto::Resp2);
        assert_eq!(reply, format!("-ERR {KILLED}\r\n"), "{body}");
        assert_eq!(eval(&mut scripts, "return 1", Proto::Resp2), ":1\r\n");
    }
}

#[test]
fn what_is_built_outside_of_lua_is_bounded() {
    // Lua may take as much as it is told, and so may each of these.
    let mut scripts = Scripts::new(64 << 20);
    let text = "local s = ('x'):rep(4e6) local t = {} for i = 1, 100 do t[i] = s end ";
    for body in [
        "return cjson.encode(t)",
        "return cjson.encode(('\\1'):rep(2e7))",
        "return cmsgpack.pack(t)",
        "return cmsgpack.pack(unpack(t))",
        "return struct.pack(('s'):rep(100), unpack(t))",
        "return struct.pack(('c4000000'):rep(100), unpack(t))",
        "return redis.call('COUNT', unpack(t))",
        "return redis.acl_check_cmd('GET', unpack(t))",
        "return redis.log(2, unpack(t))",
        "return t",
        "return {map = {a = t}}",
        "return {t, {err = s}}",
        "return {big_number = ('x'):rep(2e7)}",
        "error(('x'):rep(1e7))",
        "error({err = ('x'):rep(1e7)})",
        "return loadstring('x', ('x'):rep(2e7))",
    ] {
        let body = format!("{text} {body}");
        let reply = eval_within(u32::MAX, &mut scripts, &body, Proto::Resp2);
        let reply = &reply[..reply.len().min(200)];
        assert!(reply.starts_with('-') && reply.contains("not enough memory"), "{body}: {reply}");
        let pcall = eval(&mut scripts, "return redis.call('GET', ('x'):rep(1e6))", Proto::Resp2);
        assert!(pcall.starts_with("$1000000\r\n"), "after {body}");
    }
    // What fits is built.
    check(&[
        ("return #cjson.encode(('x'):rep(1e7))", ":10000002\r\n"),
        ("return #cmsgpack.pack(('x'):rep(1e7))", ":10000005\r\n"),
        ("local s = ('x'):rep(1e7) return redis.call('COUNT', s, s)", ":3\r\n"),
    ]);
}
