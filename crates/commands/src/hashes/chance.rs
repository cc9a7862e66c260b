//! HRANDFIELD: fields by chance.

use std::collections::BTreeSet;

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec, Writer};
use ds::Element;

use super::{FAMILY, Fields};
use crate::{DataCommand, DataCx, reply};

pub(crate) const HRANDFIELD: DataCommand = Command::new(
    hrandfield,
    Spec {
        name: "hrandfield",
        syntax: "key [count [WITHVALUES]]",
        summary: "Returns fields by chance: distinct ones, or with repetition where the count is negative.",
        complexity: "O(N), N being the absolute value of the count",
        since: "6.2.0",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: &["nondeterministic_output"],
        ..FAMILY
    },
);

fn hrandfield(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    if args.is_empty() {
        let fields = Fields::of(&mut cx.db, key)?;
        match fields.and_then(|fields| fields.random(cx.prng)) {
            Some((field, _)) => reply::element(&mut cx.reply, field),
            None => cx.reply.null(),
        }
        return Ok(Flow::Done);
    }
    let count = args.int()?;
    if count == i64::MIN {
        return Err(Error::NOT_NEGATABLE);
    }
    let values = args.take_keyword("WITHVALUES");
    args.end()?;
    if values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Error::fixed("ERR value is out of range"));
    }
    let distinct = count >= 0;
    let count = count.unsigned_abs() as usize;
    let fields = Fields::of(&mut cx.db, key)?;
    let Some(fields) = fields.filter(|fields| fields.len() > 0) else {
        cx.reply.array(0);
        return Ok(Flow::Done);
    };
    let len = fields.len();
    if !distinct {
        begin(&mut cx.reply, count, values);
        for _ in 0..count {
            let pair = fields.random(cx.prng).expect("there are fields to show");
            tell(&mut cx.reply, pair, values);
            if cx.reply.waiting() > cx.reply_len_max {
                return Ok(Flow::Cut);
            }
        }
        return Ok(Flow::Done);
    }
    let count = count.min(len);
    begin(&mut cx.reply, count, values);
    if count.saturating_mul(3) > len {
        // Every field is passed once, and chosen in as many of the cases as are still wanted.
        let mut wanted = count;
        for (passed, pair) in fields.iter().enumerate() {
            if wanted > 0 && cx.prng.chance(wanted as u64, (len - passed) as u64) {
                tell(&mut cx.reply, pair, values);
                wanted -= 1;
            }
        }
        return Ok(Flow::Done);
    }
    // Few of many: the same field seldom comes twice, and then it is drawn again.
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let pair = fields.random(cx.prng).expect("there are fields to show");
        if seen.insert(pair.0.to_vec()) {
            tell(&mut cx.reply, pair, values);
        }
    }
    Ok(Flow::Done)
}

impl<'a> Fields<'a> {
    /// A field with its value by chance, every one as likely.
    fn random(&self, prng: &mut stdx::Prng) -> Option<(Element<'a>, Element<'a>)> {
        if self.hidden_at.is_none() {
            return self.hash.random(prng);
        }
        let len = self.len();
        if len == 0 { None } else { self.iter().nth(prng.below(len as u64) as usize) }
    }
}

/// The head of the reply: pairs are arrays of their own in RESP3, and flat in RESP2.
fn begin(reply: &mut Writer<'_>, count: usize, values: bool) {
    reply.array(if values && !reply.is_resp3() { 2 * count } else { count });
}

fn tell(reply: &mut Writer<'_>, (field, value): (Element<'_>, Element<'_>), values: bool) {
    if values && reply.is_resp3() {
        reply.array(2);
    }
    reply::element(reply, field);
    if values {
        reply::element(reply, value);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::{Player, check};
    use expect_test::expect;
    use store::Settings;

    #[test]
    fn fields_by_chance() {
        check(expect![[r#"
            > HRANDFIELD h
            (nil)
            > HRANDFIELD h 3
            (empty array)
            > HSET h a 1
            (integer) 1
            > HRANDFIELD h
            "a"
            > HRANDFIELD h 0
            (empty array)
            > HRANDFIELD h 3
            1) "a"
            > HRANDFIELD h -2 WITHVALUES
            1) "a"
            2) "1"
            3) "a"
            4) "1"
            > HRANDFIELD h -9223372036854775808
            (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            > HRANDFIELD h 9223372036854775807 WITHVALUES
            (error) ERR value is out of range
            > HRANDFIELD h -9223372036854775807 WITHVALUES
            (error) ERR value is out of range
            > HRANDFIELD h 1 FOO
            (error) ERR syntax error
            > HRANDFIELD h x
            (error) ERR value is not an integer or out of range
            > HELLO 3
            OK
            > HRANDFIELD h -2 WITHVALUES
            1) 1) "a"
               2) "1"
            2) 1) "a"
               2) "1"
            > HRANDFIELD h 1 WITHVALUES
            1) 1) "a"
               2) "1"
        "#]]);
    }

    #[test]
    fn distinct_fields_are_distinct_however_many() {
        let mut player = Player::new(Settings::default());
        let words = (0..50).flat_map(|n| [format!("f{n:02}"), n.to_string()]);
        player.request(["HSET".to_string(), "h".into()].into_iter().chain(words));
        for count in [1, 5, 16, 17, 49, 50, 60] {
            let reply = player.request(["HRANDFIELD", "h", &count.to_string()]);
            let fields: std::collections::BTreeSet<_> =
                reply.lines().filter_map(|line| line.split_once(") ")).map(|it| it.1).collect();
            assert_eq!(fields.len(), count.min(50), "{reply}");
        }
    }
}
