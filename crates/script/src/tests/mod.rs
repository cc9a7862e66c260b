//! Scripts as users would write them, and what they answer. Commands are made up here: GET answers its key, FAIL fails.

mod alone;
mod harm;

use crate::{Answer, Call, Done, Libraries, Log, Scripts, Step};
use command::Proto;
use resp::Owned;

const MEMORY: usize = 256 << 20;

fn command(call: &Call) -> Vec<u8> {
    let words = call.words.words();
    let resp3 = call.proto == Proto::Resp3;
    match &words[0] {
        b"GET" => format!("${}\r\n{}\r\n", words[1].len(), words[1].escape_ascii()).into_bytes(),
        b"FAIL" => b"-WRONG it failed\r\n".to_vec(),
        b"NULL" => if resp3 { &b"_\r\n"[..] } else { b"$-1\r\n" }.to_vec(),
        b"COUNT" => format!(":{}\r\n", words.len()).into_bytes(),
        b"MAP" if resp3 => b"%1\r\n$1\r\na\r\n,1.5\r\n".to_vec(),
        b"MAP" => b"*2\r\n$1\r\na\r\n$3\r\n1.5\r\n".to_vec(),
        b"SET" => b"~1\r\n#t\r\n".to_vec(),
        b"BIG" => b"(123\r\n".to_vec(),
        b"TEXT" => b"=6\r\ntxt:hi\r\n".to_vec(),
        b"ATTRIBUTE" => b"|1\r\n+a\r\n+b\r\n:7\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    }
}

/// How often a script may look around before it is killed, unless a test says otherwise.
const LOOKS: u32 = 200;

/// Answers whatever a script wants, until it is done; the log comes with it.
fn finish(step: Step, go_on: impl FnMut(Answer) -> Step) -> (Done, Vec<Log>) {
    finish_within(LOOKS, step, go_on)
}

fn finish_within(
    mut looks: u32,
    mut step: Step,
    mut go_on: impl FnMut(Answer) -> Step,
) -> (Done, Vec<Log>) {
    let mut log = Vec::new();
    loop {
        let answer = match step {
            Step::Done(done) => return (done, log),
            Step::Call(call) => Answer::Reply(command(&call)),
            Step::Check(words) => Answer::Allowed((&words.words()[0] != b"nosuch").then_some(true)),
            Step::Log(line) => {
                log.push(line);
                Answer::Go
            }
            Step::Busy if looks > 0 => {
                looks -= 1;
                Answer::Go
            }
            Step::Busy => Answer::Kill("Script killed by user with SCRIPT KILL..."),
            Step::Ready(_) => Answer::Go,
        };
        step = go_on(answer);
    }
}

fn eval(scripts: &mut Scripts, body: &str, proto: Proto) -> String {
    eval_within(LOOKS, scripts, body, proto)
}

fn eval_within(looks: u32, scripts: &mut Scripts, body: &str, proto: Proto) -> String {
    let (sha, _) = match scripts.load(body.as_bytes()) {
        Ok(loaded) => loaded,
        Err(error) => return format!("-{}\r\n", String::from_utf8_lossy(error.text())),
    };
    let (keys, arguments) = (Owned::new(["k1", "k2"]), Owned::new(["a1"]));
    let step = scripts.begin(&sha, keys.words(), arguments.words(), proto);
    let (done, _) = finish_within(looks, step, |answer| scripts.resume(answer));
    String::from_utf8_lossy(&done.reply).replace(sha.as_str(), "SHA")
}

fn check(cases: &[(&str, &str)]) {
    let mut scripts = Scripts::new(MEMORY);
    for (body, want) in cases {
        assert_eq!(eval(&mut scripts, body, Proto::Resp2), *want, "{body}");
    }
}

#[test]
fn values_go_both_ways() {
    check(&[
        ("return 'hello'", "$5\r\nhello\r\n"),
        ("return 100.5", ":100\r\n"),
        ("return true", ":1\r\n"),
        ("return false", "$-1\r\n"),
        ("return nil", "$-1\r\n"),
        ("return {1,2,'x',{true}}", "*4\r\n:1\r\n:2\r\n$1\r\nx\r\n*1\r\n:1\r\n"),
        ("return {1,nil,3}", "*1\r\n:1\r\n"),
        ("return {ok='fine'}", "+fine\r\n"),
        ("return {err='ERR bad'}", "-ERR bad\r\n"),
        ("return {KEYS[1], KEYS[2], ARGV[1]}", "*3\r\n$2\r\nk1\r\n$2\r\nk2\r\n$2\r\na1\r\n"),
        ("return redis.call('GET', KEYS[2])", "$2\r\nk2\r\n"),
        ("return redis.call('GET', 9007199254740991)", "$16\r\n9007199254740991\r\n"),
        ("return redis.call('GET', 0.1)", "$3\r\n0.1\r\n"),
        ("return redis.call('GET', -0.0)", "$1\r\n0\r\n"),
        ("return redis.call('GET', 1e17)", "$18\r\n100000000000000000\r\n"),
        ("return redis.call('GET', -2^63)", "$20\r\n-9223372036854776000\r\n"),
        ("return redis.call('GET', 2^63)", "$19\r\n9223372036854776000\r\n"),
        ("return redis.sha1hex(1e15) == redis.sha1hex('1e+15')", ":1\r\n"),
        ("return redis.sha1hex(-0.0) == redis.sha1hex('-0')", ":1\r\n"),
        ("return struct.pack('s', 1e15)", "$6\r\n1e+15\0\r\n"),
        ("return {err='a\\0b'}", "-a\r\n"),
        ("return {ok='a\\0b'}", "+a\r\n"),
        ("return redis.error_reply('A b\\0c')", "-A b\r\n"),
        ("return {err='a\\r\\nb'}", "-a  b\r\n"),
        ("return redis.call('NULL') == false", ":1\r\n"),
        ("redis.setresp(3) return redis.call('NULL') == nil", ":1\r\n"),
        ("return type(redis.call('MAP')[2])", "$6\r\nstring\r\n"),
        ("redis.setresp(3) return redis.call('MAP').map.a.double * 2", ":3\r\n"),
        ("redis.setresp(3) return redis.call('MAP')", "*2\r\n$1\r\na\r\n$3\r\n1.5\r\n"),
        ("return redis.call('SET').set[true]", ":1\r\n"),
        ("return redis.call('BIG').big_number", "$3\r\n123\r\n"),
        ("return redis.call('TEXT').verbatim_string.string", "$2\r\nhi\r\n"),
        ("return redis.call('ATTRIBUTE')", ":7\r\n"),
        ("return redis.status_reply('YES')", "+YES\r\n"),
        ("return redis.error_reply('MY fault')", "-MY fault\r\n"),
        ("return redis.error_reply('fault')", "-ERR fault\r\n"),
        ("return redis.error_reply('')", "-ERR \r\n"),
        ("return redis.sha1hex('')", "$40\r\nda39a3ee5e6b4b0d3255bfef95601890afd80709\r\n"),
        (
            "local t = {} for i = 1, 7998 do t[i] = i end return redis.call('COUNT', unpack(t))",
            ":7999\r\n",
        ),
        ("return redis.acl_check_cmd('get', 'x')", ":1\r\n"),
        (
            "return string.format('%d.%d', math.floor(redis.REDIS_VERSION_NUM / 65536), 0)",
            "$3\r\n7.0\r\n",
        ),
    ]);
}

#[test]
fn resp3_clients_get_their_types() {
    let mut scripts = Scripts::new(MEMORY);
    for (body, want) in [
        ("return false", "_\r\n"),
        ("redis.setresp(3) return false", "#f\r\n"),
        ("redis.setresp(3) return redis.call('MAP')", "%1\r\n$1\r\na\r\n,1.5\r\n"),
        ("return {double=3.25}", ",3.25\r\n"),
        ("return {big_number='1\\r\\n2'}", "(1  2\r\n"),
        ("return {set={x=true}}", "~1\r\n$1\r\nx\r\n"),
        ("return {verbatim_string={format='txt',string='hi'}}", "=6\r\ntxt:hi\r\n"),
    ] {
        assert_eq!(eval(&mut scripts, body, Proto::Resp3), want, "{body}");
    }
}

#[test]
fn errors_say_where_the_script_was() {
    let told = |text: &str| format!("-ERR {text} script: SHA, on @user_script:1.\r\n");
    let cases = [
        ("return nosuch", told("user_script:1: Script attempted to access nonexistent global variable 'nosuch'")),
        ("redis.call()", told("Please specify at least one argument for this redis lib call")),
        ("redis.call('GET', {})", told("Lua redis lib command arguments must be strings or integers")),
        ("error('my error')", told("user_script:1: my error")),
        ("error('my\\0 error')", told("user_script:1: my")),
        ("error({err='MY error\\0 here'})", "-MY error script: SHA, on @user_script:1.\r\n".into()),
        ("error({err='MY error'})", "-MY error script: SHA, on @user_script:1.\r\n".into()),
        ("redis.call('FAIL')", "-WRONG it failed script: SHA, on @user_script:1.\r\n".into()),
        ("return redis.pcall('FAIL')", "-WRONG it failed\r\n".into()),
        ("return redis.pcall('FAIL').err", "$15\r\nWRONG it failed\r\n".into()),
        ("local ok, text = pcall(redis.call, 'FAIL') return text", "$15\r\nWRONG it failed\r\n".into()),
        ("return nil + 1", told("user_script:1: attempt to perform arithmetic on a nil value")),
        ("redis.sha1hex()", told("wrong number of arguments")),
        ("redis.setresp(4)", told("RESP version must be 2 or 3.")),
        ("redis.set_repl(12345)", told("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")),
        ("redis.acl_check_cmd('nosuch')", told("Invalid command passed to redis.acl_check_cmd()")),
        ("pairs(nil)", told("user_script:1: bad argument #1 to 'pairs' (table expected, got nil)")),
        ("bit.band('x')", told("user_script:1: bad argument #1 to 'band' (number expected, got string)")),
        ("cjson.decode('{')", told("user_script:1: Expected object key string but found T_END at character 2")),
        ("cjson.encode(print)", told("user_script:1: Script attempted to access nonexistent global variable 'print'")),
        ("while true do end", told("Script killed by user with SCRIPT KILL...")),
        ("while true do pcall(function() while true do end end) end", told("Script killed by user with SCRIPT KILL...")),
        ("local f = coroutine.wrap(function() while true do end end) while true do pcall(f) end", told("Script killed by user with SCRIPT KILL...")),
        ("local f = load(function() return ' ' end) return f", told("Script killed by user with SCRIPT KILL...")),
        ("while true do load(function() return ' ' end) end", told("Script killed by user with SCRIPT KILL...")),
        ("xpcall(function() while true do end end, function() while true do end end)", told("Script killed by user with SCRIPT KILL...")),
        ("while true do xpcall(function() error('x') end, function() while true do end end) end", told("Script killed by user with SCRIPT KILL...")),
        ("local function h() xpcall(function() while true do end end, h) while true do end end h()", told("Script killed by user with SCRIPT KILL...")),
        ("return x x", "-ERR Error compiling script (new function): user_script:1: '<eof>' expected near 'x'\r\n".into()),
    ];
    let cases: Vec<(&str, &str)> =
        cases.iter().map(|(body, want)| (*body, want.as_str())).collect();
    check(&cases);
}

#[test]
fn what_scripts_share_cannot_be_changed() {
    let mut scripts = Scripts::new(MEMORY);
    for body in [
        "a = 10",
        "_G = {}",
        "redis = nil",
        "redis.call = nil",
        "cjson.encode = nil",
        "cmsgpack.pack = nil",
        "bit.band = nil",
        "struct.pack = nil",
        "string.len = nil",
        "setmetatable(_G, {})",
        "getmetatable(_G).__index = {}",
        "getmetatable('').__index = {}",
        "getmetatable('').__index.len = nil",
        "rawset(_G, 'a', 1)",
        "rawset(math, 'a', 1)",
        "table.insert(redis, 1)",
        "getmetatable('').__newindex = nil",
        "getmetatable(_G).__newindex = nil",
        "rawset(getmetatable(_G), '__index', nil)",
        "rawset(cjson, 'encode', nil)",
        "setmetatable(string, {})",
        "coroutine.wrap(function() a = 1 end)()",
        "for _, v in pairs(_G) do if type(v) == 'table' and v ~= KEYS and v ~= ARGV then v.a = 1 end end",
        "loadstring('a = 1')()",
    ] {
        let reply = eval(&mut scripts, body, Proto::Resp2);
        assert!(reply.contains("Attempt to modify a readonly table"), "{body}: {reply}");
    }
    check(&[
        ("local n = 0 for _ in pairs(redis) do n = n + 1 end return n > 10", ":1\r\n"),
        ("return rawget(_G, 'redis') == redis and next(math) ~= nil", ":1\r\n"),
        ("local t = setmetatable({}, {__index = function() return 7 end}) return t.x", ":7\r\n"),
        ("return loadstring(string.dump(function() end)) == nil", ":1\r\n"),
        ("return load(function() return nil end) ~= nil", ":1\r\n"),
        // A reader is asked for more only while what it has said may be the beginning of a program.
        (
            "local f, why = load(function() return 'x ' end) return why",
            "$31\r\n(load):1: '=' expected near 'x'\r\n",
        ),
        (
            "local f, why = load(function() return 'x ' end, 'a\\0b') return why",
            "$37\r\n[string \"a\"]:1: '=' expected near 'x'\r\n",
        ),
        (
            "local n = 0 local f = load(function() n = n + 1 return ({'return ', '4', 2, ''})[n] end) return f()",
            ":42\r\n",
        ),
        (
            "local f, why = load(function() return {} end) return why",
            "-ERR user_script:1: reader function must return a string\r\n",
        ),
        (
            "local f, why = load(function() error('no') end) return {f == nil and 1, why.err}",
            "*2\r\n:1\r\n$21\r\nERR user_script:1: no\r\n",
        ),
        (
            "local d, at = string.dump(function() end), 0 \
             local f, why = load(function() at = at + 1 return d:sub(at, at) end) return why",
            "$29\r\nattempt to load compiled code\r\n",
        ),
        ("load(function() return 'a = 1' end)", "$-1\r\n"),
        ("return ('x'):rep(3)", "$3\r\nxxx\r\n"),
        ("return _G", "*0\r\n"),
    ]);
}

#[test]
fn libraries_do_what_they_are_known_for() {
    check(&[
        ("return cjson.encode({a={1,2,'/'}})", "$16\r\n{\"a\":[1,2,\"\\/\"]}\r\n"),
        ("return cjson.encode({}) .. cjson.encode({[1]='x'})", "$7\r\n{}[\"x\"]\r\n"),
        (
            "return table.concat(cjson.decode('[0.0, -5e3, -1, 0.3e-3, 1023.2, 0e10]'), ' ')",
            "$26\r\n0 -5000 -1 0.0003 1023.2 0\r\n",
        ),
        (
            "return cjson.decode('{\"a\":\"\\\\u00e4\\\\ud83d\\\\ude00\"}').a",
            "$6\r\n\u{e4}\u{1f600}\r\n",
        ),
        ("return cjson.decode('[null]')[1] == cjson.null", ":1\r\n"),
        ("return cjson.encode(cjson.decode('[[],{}]'))", "$7\r\n[{},{}]\r\n"),
        ("return pcall(cjson.encode, {1, [100]=1})", "$-1\r\n"),
        (
            "return select(2, pcall(cjson.decode, '[1,]'))",
            "$49\r\nExpected value but found T_ARR_END at character 4\r\n",
        ),
        (
            "local p = cmsgpack.pack(0.1) return (p:gsub('.', function(c) return ('%02x'):format(c:byte()) end))",
            "$18\r\ncb3fb999999999999a\r\n",
        ),
        (
            "local p = cmsgpack.pack(-1099511627776) return (p:gsub('.', function(c) return ('%02x'):format(c:byte()) end))",
            "$18\r\nd3ffffff0000000000\r\n",
        ),
        ("return cmsgpack.unpack(cmsgpack.pack({1,2,{a='b'}}))[3].a", "$1\r\nb\r\n"),
        (
            "local o, v = cmsgpack.unpack_one(cmsgpack.pack(1, 'x'), 0) return {o, v}",
            "*2\r\n:1\r\n:1\r\n",
        ),
        (
            "local o, v = cmsgpack.unpack_limit(cmsgpack.pack(1, 'x'), 1, 1) return {o, v}",
            "*2\r\n:-1\r\n$1\r\nx\r\n",
        ),
        (
            "return {struct.unpack('>I2i2', struct.pack('>I2i2', 258, -2))}",
            "*3\r\n:258\r\n:-2\r\n:5\r\n",
        ),
        (
            "return {struct.unpack('Bc0', struct.pack('Bc0', 3, 'abc'))}",
            "*2\r\n$3\r\nabc\r\n:5\r\n",
        ),
        ("return struct.size('!4hi')", ":8\r\n"),
        ("return struct.unpack('s', struct.pack('s', 'hi'))", "$2\r\nhi\r\n"),
        ("return bit.tohex(65535, -2147483648)", "$8\r\n0000FFFF\r\n"),
        ("return {bit.bor(1,2,4), bit.bnot(0), bit.rol(1, 33)}", "*3\r\n:7\r\n:-1\r\n:2\r\n"),
        (
            "math.randomseed(10) local a = math.random() math.randomseed(10) return a == math.random()",
            ":1\r\n",
        ),
        ("return math.random(3, 3)", ":3\r\n"),
    ]);
}

#[test]
fn nothing_that_a_script_does_ends_the_server() {
    let mut scripts = Scripts::new(MEMORY);
    for body in [
        "local a = {} a[1] = a return a",
        "local a = {} a.map = {a = a} return a",
        "return string.rep('x', 1e12)",
        "local s = ('a'):rep(6e6) return s:find('^' .. ('a?'):rep(6e6))",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end",
        "local function f() return f() + 1 end return f()",
        "local t = {} for i = 1, 7990 do t[i] = 'x' .. i end return redis.call('COUNT', unpack(t))",
        "local t = {} for i = 1, 7990 do t[i] = 'x' .. i end return cmsgpack.pack(unpack(t))",
        "local t = {} for i = 1, 7990 do t[i] = 'x' .. i end return redis.sha1hex(unpack(t))",
        "return cmsgpack.unpack(('\\145'):rep(1e6))",
        "return cjson.decode(('['):rep(1e6))",
        "cjson.encode_max_depth(1e6) local a = {} a[1] = a return cjson.encode(a)",
        "return cmsgpack.unpack(('\\161x'):rep(1e5))",
        "error()",
        "error({})",
        "error(setmetatable({}, {__tostring = function() error('again') end}))",
        "return setmetatable({}, {__index = function() error('again') end})",
        "return xpcall(function() error('x') end, function() error('y') end)",
        "local s = ('a'):rep(1e6) return s:find(('a?'):rep(1e6))",
        "struct.pack('i99999999999999999999', 1)",
        "return struct.unpack('!16i32d', 'xxxxxxxxxxxxxxxxxxxx')",
        "return struct.unpack('I0', 'x')",
        "coroutine.yield(1)",
        "return collectgarbage('count')",
    ] {
        let reply = eval(&mut scripts, body, Proto::Resp2);
        assert!(!reply.is_empty(), "{body}");
        assert_eq!(eval(&mut scripts, "return 1", Proto::Resp2), ":1\r\n", "after {body}");
    }
}

/// A library with two functions.
const ADDING: &str = "#!lua name=lib\nlocal function add(a) return a + 1 end\n\
               redis.register_function('f1', function(keys, args) return {add(1), keys[1], args[1]} end)\n\
               redis.register_function{function_name='f2', callback=function() return nosuch end, \
               description='two', flags={'no-writes', 'ALLOW-STALE'}}";

#[test]
fn libraries_register_functions() {
    let mut libraries = Libraries::new(MEMORY);
    let mut log = Vec::new();
    let mut load = |libraries: &mut Libraries, source: &str, replace: bool| {
        let loaded = libraries.load(source.as_bytes(), replace, &mut || true, &mut log);
        loaded.unwrap_or_else(|error| String::from_utf8_lossy(error.text()).into_owned())
    };
    for (source, replace, want) in [
        (ADDING, false, "lib"),
        (ADDING, false, "ERR Library 'lib' already exists"),
        (ADDING, true, "lib"),
        (
            "#!lua name=other\nredis.register_function('F1', print)",
            false,
            "ERR Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable 'print'",
        ),
        (
            "#!lua name=other\nredis.register_function('F1', function() end)",
            false,
            "ERR Function F1 already exists",
        ),
        ("#!lua name=none\nlocal a = 1", false, "ERR No functions registered"),
        (
            "#!lua name=bad\nbad script",
            false,
            "ERR Error compiling function: user_function:2: '=' expected near 'script'",
        ),
        (
            "#!lua name=late\nwhile true do end",
            false,
            "ERR Error registering functions: ERR FUNCTION LOAD timeout",
        ),
        (
            "#!lua name=bad\nredis.register_function('a b', function() end)",
            false,
            "ERR Error registering functions: ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
        ),
        (
            "#!lua name=bad\nredis.call('ping')",
            false,
            "ERR Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable 'call'",
        ),
        (
            "#!lua name=bad\nredis.register_function{function_name='f', callback=function() end, flags={'x'}}",
            false,
            "ERR Error registering functions: ERR unknown flag given",
        ),
    ] {
        assert_eq!(load(&mut libraries, source, replace), want, "{source}");
    }
    assert_eq!((libraries.iter().len(), libraries.functions()), (1, 2));
}

#[test]
fn functions_are_called_by_name() {
    let mut libraries = Libraries::new(MEMORY);
    let loaded = libraries.load(ADDING.as_bytes(), false, &mut || true, &mut Vec::new());
    assert_eq!(loaded.expect("it is sound"), "lib");
    let two = libraries.find(b"F2").expect("it was registered").clone();
    assert_eq!(two.flags.names().collect::<Vec<_>>(), ["no-writes", "allow-stale"]);
    let mut call = |name: &str| {
        let function = libraries.find(name.as_bytes()).expect("it was registered").clone();
        let words = Owned::new(["w"]);
        let step = libraries.begin(&function, words.words(), words.words(), Proto::Resp2);
        let (done, _) = finish(step, |answer| libraries.resume(answer));
        String::from_utf8_lossy(&done.reply).into_owned()
    };
    assert_eq!(call("f1"), "*3\r\n:2\r\n$1\r\nw\r\n$1\r\nw\r\n");
    assert_eq!(
        call("f2"),
        "-ERR user_function:4: Script attempted to access nonexistent global variable 'nosuch' script: f2, on \
         @user_function:4.\r\n"
    );
}

#[test]
fn little_memory_is_enough() {
    let mut scripts = Scripts::new(MEMORY);
    for number in 0..1000 {
        eval(&mut scripts, &format!("return {number}"), Proto::Resp2);
    }
    assert_eq!(scripts.len(), 1000);
    scripts.flush();
    for _ in 0..1000 {
        eval(&mut scripts, "return redis.call('GET', 'x')", Proto::Resp2);
    }
    let memory = scripts.engine_memory();
    assert!(memory < 100 << 10, "{memory}");
}
