//! Scripts that never end by themselves, or only when they have taken all memory that they get. Each is killed by its
//! attacker after a while, and has to die of it.
//!
//! They hold the server by design, so they come in the last phase only.

use super::foe::Foe;
use std::io;
use std::time::Duration;

/// What ends by SCRIPT KILL alone, and what fails by itself.
const BODIES: &[&str] = &[
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "xpcall(function() while true do end end, function() while true do end end)",
    "coroutine.wrap(function() while true do end end)()",
    "while true do pcall(error, 'x') end",
    "while true do redis.pcall('ping') end",
    "local t = redis.call('time')[1] while redis.call('time')[1] < t + 1e6 do end",
    "return string.find(('a'):rep(30000), ('a-'):rep(30) .. 'b')",
    "return string.gsub(('a'):rep(30000), ('a*'):rep(30) .. 'b', '')",
    "local function f() return xpcall(f, f) end while true do f() end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} for i = 1, 1e9 do t[i] = {i} end",
    "local s = ('x'):rep(1e7) local t = {} while true do t[#t + 1] = s .. #t end",
    "local t = {} for i = 1, 40 do t = {t, t} end return t",
    "local t = {} for i = 1, 40 do t = {t, t} end return cjson.encode(t)",
    "local t = {} for i = 1, 15 do t = {t, t, t} end return cmsgpack.pack(t)",
    "return load(function() return 'x = 1 ' end)",
    "table.sort({5, 4, 3, 2, 1}, function() while true do end end)",
    "return setmetatable({}, {__index = function() while true do end end}).x",
];

/// A script must be dead so long after it was killed for the first time.
const DIES_WITHIN: u32 = 100;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Between two of them the others do something.
const PAUSE_MS: u64 = 500;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let (mut client, mut killer) = (foe.intrude()?, foe.intrude()?);
    let body = foe.pick(BODIES);
    foe.send(&mut client, &super::foe::request(&["EVAL", body, "0"]), 1)?;
    let ms = foe.prng.below(300);
    foe.rest(ms);
    for _ in 0..DIES_WITHIN {
        foe.ask(&mut killer, &["SCRIPT", "KILL"])?;
        if client.receive_within(LOOK_EVERY)?.is_some() {
            foe.rest(PAUSE_MS);
            return Ok(());
        }
    }
    foe.find(format!("SCRIPT KILL does not end `{body}`"));
    Ok(())
}
