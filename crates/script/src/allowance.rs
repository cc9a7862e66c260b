//! What is done for a script outside of Lua asks before it takes memory, and looks around as it works.
//!
//! # Design
//! Lua counts what it allocates and calls a hook as it runs. Texts of `cjson` and `cmsgpack`, words of commands and
//! replies are built by Rust, which would do neither: ten lines of Lua make a table that stands for a text of any size.
//! So every builder writes into a [`Text`], which takes its room from the [`Allowance`] of the script, and every loop
//! tells the allowance what it has done, which calls the hook as if that had been instructions.
//!
//! # Invariants
//! `taken` is the sum of the rooms of all texts that live.

use crate::lifted::Problem;
use mlua::{Function, Lua, Value};
use std::cell::Cell;
use std::rc::Rc;

/// Work between two looks around: so many items, or 64 times as many bytes. About a millisecond.
const WORK_PER_LOOK: usize = 10_000;

/// Bytes that are copied in the time that an item takes.
const BYTES_PER_WORK: usize = 64;

/// How a script fails that wants more than there is: the words of Lua.
pub(crate) const NO_MEMORY: &str = "not enough memory";

/// What may be allocated for scripts, as whoever runs the engine has granted it.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    /// By Lua, in all.
    pub(crate) lua_bytes: Cell<usize>,
    /// Outside of Lua, at a time.
    pub(crate) built_bytes: Cell<usize>,
}

/// What a script may have done outside of Lua.
#[derive(Clone, Debug)]
pub(crate) struct Allowance(Rc<Account>);

#[derive(Debug)]
struct Account {
    granted: Rc<Granted>,
    taken: Cell<usize>,
    /// What was done since the last look around.
    work: Cell<usize>,
}

/// What goes on, or why it does not.
pub(crate) type Checked<T> = std::result::Result<T, Problem>;

impl Allowance {
    pub(crate) fn new(granted: Rc<Granted>) -> Allowance {
        Allowance(Rc::new(Account { granted, taken: Cell::default(), work: Cell::default() }))
    }

    /// The one of this interpreter.
    pub(crate) fn of(lua: &Lua) -> Allowance {
        lua.app_data_ref::<Allowance>().expect("an interpreter has one from its beginning").clone()
    }

    /// So much was done. An error: the script has to end.
    #[inline]
    pub(crate) fn work(&self, lua: &Lua, items: usize) -> Checked<()> {
        let work = self.0.work.get().saturating_add(items);
        self.0.work.set(work);
        if work < WORK_PER_LOOK { Ok(()) } else { self.look_around(lua) }
    }

    /// So many bytes were looked at or copied.
    #[inline]
    pub(crate) fn work_on(&self, lua: &Lua, bytes: usize) -> Checked<()> {
        self.work(lua, bytes / BYTES_PER_WORK)
    }

    #[cold]
    fn look_around(&self, lua: &Lua) -> Checked<()> {
        self.0.work.set(0);
        Ok(lua.named_registry_value::<Function>("tick")?.call::<()>(())?)
    }

    /// Whether so many bytes more may be taken.
    pub(crate) fn has(&self, bytes: usize) -> bool {
        self.0.taken.get().saturating_add(bytes) <= self.0.granted.built_bytes.get()
    }

    /// An error unless so many bytes more may be taken.
    pub(crate) fn ask(&self, bytes: usize) -> Checked<()> {
        if self.has(bytes) { Ok(()) } else { Err(NO_MEMORY.into()) }
    }
}

/// Bytes that are built for a script.
pub(crate) struct Text<'a> {
    pub(crate) lua: &'a Lua,
    allowance: Allowance,
    bytes: Vec<u8>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(lua: &'a Lua) -> Text<'a> {
        Text { lua, allowance: Allowance::of(lua), bytes: Vec::new() }
    }

    /// Makes room for so many bytes more.
    #[inline]
    pub(crate) fn reserve(&mut self, bytes: usize) -> Checked<()> {
        if self.bytes.capacity() - self.bytes.len() >= bytes { Ok(()) } else { self.grow(bytes) }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) -> Checked<()> {
        let (len, before) = (self.bytes.len(), self.bytes.capacity());
        let least = len.saturating_add(bytes);
        let taken = &self.allowance.0.taken;
        // While they move, the bytes are there twice. Near the end of what is granted it grows in smaller steps.
        let sizes = [least.max(before.saturating_mul(2)).max(64), least.saturating_add(least / 8)];
        for size in sizes {
            if self.allowance.has(size) && self.bytes.try_reserve_exact(size - len).is_ok() {
                taken.set(taken.get() - before + self.bytes.capacity());
                return Ok(());
            }
        }
        Err(NO_MEMORY.into())
    }

    /// Adds a byte.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8) -> Checked<()> {
        self.reserve(1)?;
        self.bytes.push(byte);
        Ok(())
    }

    /// Adds bytes.
    #[inline]
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Checked<()> {
        self.reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        self.work_on(bytes.len())
    }

    /// Adds so many bytes of zero.
    pub(crate) fn pad(&mut self, bytes: usize) -> Checked<()> {
        self.reserve(bytes)?;
        self.bytes.resize(self.bytes.len() + bytes, 0);
        self.work_on(bytes)
    }

    /// Begins anew, in the same room.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// What was built.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes, for one who has reserved what is to be added.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// So many items were gone through.
    #[inline]
    pub(crate) fn work(&self, items: usize) -> Checked<()> {
        self.allowance.work(self.lua, items)
    }

    /// So many bytes were looked at or moved.
    #[inline]
    pub(crate) fn work_on(&self, bytes: usize) -> Checked<()> {
        self.allowance.work_on(self.lua, bytes)
    }

    /// The bytes, which are the script's no more.
    pub(crate) fn take(mut self) -> Vec<u8> {
        self.give_back();
        std::mem::take(&mut self.bytes)
    }

    /// A string of Lua.
    pub(crate) fn into_value(self) -> Checked<Value> {
        Ok(Value::String(self.lua.create_string(&self.bytes)?))
    }

    fn give_back(&self) {
        let taken = &self.allowance.0.taken;
        taken.set(taken.get() - self.bytes.capacity());
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}
