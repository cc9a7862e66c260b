//! The chance of scripts: `math.random` gives the same numbers after the same `math.randomseed` everywhere, whatever
//! the C library does.

use crate::lifted::{Arguments, Problem, function};
use mlua::{Lua, Result, Table, Value};
use std::cell::Cell;
use std::rc::Rc;

/// The linear congruential generator of POSIX's `lrand48`, with 48 bits of state.
#[derive(Debug)]
pub(crate) struct Random {
    /// What all scripts draw from that have no seed of their own.
    common: Cell<u64>,
    /// What the present script draws from since it gave a seed.
    own: Cell<Option<u64>>,
}

const MASK: u64 = (1 << 48) - 1;

impl Default for Random {
    /// Where POSIX begins.
    fn default() -> Random {
        Random { common: Cell::new(0x1234_abcd_330e), own: Cell::new(None) }
    }
}

impl Random {
    /// The next script has given no seed.
    pub(crate) fn reset(&self) {
        self.own.set(None);
    }

    /// Begins anew for the present script; 32 bits of the seed count.
    pub(crate) fn seed(&self, seed: i32) {
        self.own.set(Some((u64::from(seed as u32) << 16 | 0x330e) & MASK));
    }

    /// The next number, from 0 up to 1, which it never is.
    pub(crate) fn next(&self) -> f64 {
        let state = self.own.get().unwrap_or(self.common.get());
        let state = state.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & MASK;
        match self.own.get() {
            Some(_) => self.own.set(Some(state)),
            None => self.common.set(state),
        }
        let largest = u64::from(i32::MAX as u32);
        ((state >> 17) % largest) as f64 / largest as f64
    }
}

/// `math.random` and `math.randomseed`.
pub(crate) fn add_to(lua: &Lua, table: &Table, random: &Rc<Random>) -> Result<()> {
    let (random, chance) = (Rc::clone(random), Rc::clone(random));
    let draw = function(lua, "random", move |_, it| Ok(vec![draw(&chance, it)?]))?;
    table.raw_set("random", draw)?;
    let seed = function(lua, "randomseed", move |_, it| {
        random.seed(it.integer(0)? as i32);
        Ok(Vec::new())
    })?;
    table.raw_set("randomseed", seed)
}

/// Without arguments from 0 up to 1, with one from 1 to it, with two from one to the other.
fn draw(random: &Random, arguments: &Arguments) -> std::result::Result<Value, Problem> {
    let chance = random.next();
    let (low, high) = match arguments.len() {
        0 => return Ok(Value::Number(chance)),
        1 => (1, arguments.integer(0)?),
        2 => (arguments.integer(0)?, arguments.integer(1)?),
        _ => return Err("wrong number of arguments".into()),
    };
    if low > high {
        return Err(arguments.wrong(arguments.len() - 1, "interval is empty"));
    }
    Ok(Value::Number((chance * (high as f64 - low as f64 + 1.0)).floor() + low as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (a, b) = (Random::default(), Random::default());
        a.seed(10);
        assert_ne!(a.next(), b.next());
        b.seed(10);
        a.seed(10);
        assert!((0..100).all(|_| {
            let number = a.next();
            number == b.next() && (0.0..1.0).contains(&number)
        }));
    }
}
