//! GEOADD: places are put on the map, or moved.

use command::{Args, Arity, Command, Error, Flags, Keys, Outcome, Owned, Spec};

use super::{FAMILY, words};
use crate::{DataCommand, DataCx, zsets};

pub(crate) const GEOADD: DataCommand = Command::new(
    geoadd,
    Spec {
        name: "geoadd",
        history: &[("6.2.0", "CH, NX and XX")],
        syntax: "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
        summary: "Adds places, or moves them.",
        complexity: "O(log(N)) for each place, where N is the number of places",
        arity: Arity::AtLeast(5),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).updates()],
        ..FAMILY
    },
);

fn geoadd(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let mut request: Vec<Vec<u8>> = vec![b"zadd".to_vec(), key.to_vec()];
    let (mut only_new, mut only_there) = (false, false);
    while let Some(word) = args.peek() {
        match () {
            _ if args.take_keyword("NX") => only_new = true,
            _ if args.take_keyword("XX") => only_there = true,
            _ if args.take_keyword("CH") => {}
            _ => break,
        }
        request.push(word.to_vec());
    }
    if args.is_empty() || !args.len().is_multiple_of(3) || only_new && only_there {
        return Err(Error::SYNTAX);
    }
    while !args.is_empty() {
        let score = words::position(&mut args)?.score();
        request.push(score.to_string().into_bytes());
        request.push(args.word()?.to_vec());
    }
    // A place is a member with a score, and this is how replicas are told: they need not know of places.
    let request = Owned::new(request);
    let before = cx.db.keyspace().dirty;
    let outcome = zsets::zadd(cx, Args::new(request.words(), 1))?;
    if cx.db.keyspace().dirty != before {
        cx.propagation.instead(request.words().iter());
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn places_are_members() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
            (integer) 2
            ! ready Sicily
            ! n new Sicily
            ! z zadd Sicily
            => zadd Sicily 3479099956230698 Palermo 3479447370796909 Catania
            +2
            > ZSCORE Sicily Palermo
            "3479099956230698"
            > GEOADD Sicily 13.361389 38.115556 Palermo
            (integer) 0
            > GEOADD Sicily CH 13.5 38.115556 Palermo
            (integer) 1
            ! z zadd Sicily
            => zadd Sicily CH 3479100629809192 Palermo
            +1
            > GEOADD Sicily nx 13 38 Palermo 14 38 Enna
            (integer) 1
            ! z zadd Sicily
            => zadd Sicily nx 3479065152021743 Palermo 3479107959090919 Enna
            +1
            > GEOADD Sicily XX ch 13 38 Palermo 14 37 Ragusa
            (integer) 1
            ! z zadd Sicily
            => zadd Sicily XX ch 3479065152021743 Palermo 3476101302610854 Ragusa
            +1
            > GEOADD Sicily NX XX 13 38 Palermo
            (error) ERR syntax error
            > GEOADD Sicily NX CH XX
            (error) ERR syntax error
            > GEOADD Sicily 13 38
            (error) ERR wrong number of arguments for 'geoadd' command
            > GEOADD Sicily 13 38 a 14
            (error) ERR syntax error
            > GEOADD Sicily x 38 a
            (error) ERR value is not a valid float
            > GEOADD Sicily 181 38 a
            (error) ERR invalid longitude,latitude pair 181.000000,38.000000
            > GEOADD Sicily 13 -85.06 a
            (error) ERR invalid longitude,latitude pair 13.000000,-85.060000
            > GEOADD Sicily inf 1 a
            (error) ERR invalid longitude,latitude pair inf,1.000000
            > GEOADD edge 180 85.05112878 a -180 -85.05112878 b
            (integer) 2
            ! ready edge
            ! n new edge
            ! z zadd edge
            => zadd edge 13510798882111488 a 0 b
            +2
            > ZRANGE edge 0 -1 WITHSCORES
            1) "b"
            2) "0"
            3) "a"
            4) "13510798882111488"
            > SET s x
            OK
            ! n new s
            ! $ set s
            => SET s x
            +1
            > GEOADD s 1 1 a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
