//! Single places: GEOPOS, GEOHASH and GEODIST.

use command::{Args, Arity, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec};
use ds::geo::Position;
use stdx::float;

use super::{FAMILY, words};
use crate::{DataCommand, DataCx, reply};

pub(crate) const GEOPOS: DataCommand = Command::new(
    geopos,
    Spec {
        name: "geopos",
        syntax: "key [member [member ...]]",
        summary: "Returns the longitudes and latitudes of places.",
        complexity: "O(1) for each place",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const GEOHASH: DataCommand = Command::new(
    geohash,
    Spec {
        name: "geohash",
        syntax: "key [member [member ...]]",
        summary: "Returns places as Geohash texts.",
        complexity: "O(1) for each place",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const GEODIST: DataCommand = Command::new(
    geodist,
    Spec {
        name: "geodist",
        syntax: "key member1 member2 [M | KM | FT | MI]",
        summary: "Returns how far two places are apart.",
        arity: Arity::AtLeast(4),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn geopos(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let zset = cx.db.zset(args.word()?)?;
    let members = args.rest();
    cx.reply.array(members.len());
    for member in members.iter() {
        match zset.and_then(|zset| zset.score(member)) {
            None => cx.reply.null_array(),
            Some(score) => {
                let place = Position::of_score(score);
                cx.reply.array(2);
                reply::plain_double(&mut cx.reply, place.longitude);
                reply::plain_double(&mut cx.reply, place.latitude);
            }
        }
    }
    Ok(Flow::Done)
}

fn geohash(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let zset = cx.db.zset(args.word()?)?;
    let members = args.rest();
    cx.reply.array(members.len());
    for member in members.iter() {
        match zset.and_then(|zset| zset.score(member)) {
            None => cx.reply.null(),
            Some(score) => cx.reply.bulk(&Position::of_score(score).geohash()),
        }
    }
    Ok(Flow::Done)
}

fn geodist(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, first, second) = (args.word()?, args.word()?, args.word()?);
    let unit = match args.len() {
        0 => 1.0,
        1 => words::unit(&mut args)?,
        _ => return Err(Error::SYNTAX),
    };
    let zset = cx.db.zset(key)?;
    let place = |member| Some(Position::of_score(zset?.score(member)?));
    match place(first).zip(place(second)) {
        Some((a, b)) => cx.reply.bulk(&float::fixed_point(a.distance_to(b) / unit, 4)),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn places_are_looked_at() {
        check(expect![[r#"
            > GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
            (integer) 2
            > GEOPOS Sicily Palermo absent Catania
            1) 1) "13.36138933897018433"
               2) "38.11555639549629859"
            2) (nil)
            3) 1) "15.08726745843887329"
               2) "37.50266842333162032"
            > GEOHASH Sicily Palermo absent Catania
            1) "sqc8b49rny0"
            2) (nil)
            3) "sqdtr74hyu0"
            > GEODIST Sicily Palermo Catania
            "166274.1516"
            > GEODIST Sicily Palermo Catania km
            "166.2742"
            > GEODIST Sicily Palermo Catania MI
            "103.3182"
            > GEODIST Sicily Palermo Catania ft
            "545518.8700"
            > GEODIST Sicily Palermo Palermo
            "0.0000"
            > GEODIST Sicily Palermo absent
            (nil)
            > GEODIST absent a b
            (nil)
            > GEODIST absent a b x
            (error) ERR unsupported unit provided. please use M, KM, FT, MI
            > GEODIST absent a b m x
            (error) ERR syntax error
            > GEOPOS absent a
            1) (nil)
            > GEOPOS absent
            (empty array)
            > GEOHASH absent a
            1) (nil)
            > ZADD far -5 a 1e300 b inf c
            (integer) 3
            > GEOPOS far a b c
            1) 1) "180"
               2) "85.0511287799999991"
            2) 1) "-179.99999731779098511"
               2) "-85.05112751263942528"
            3) 1) "-179.99999731779098511"
               2) "-85.05112751263942528"
            > SET s x
            OK
            > GEOPOS s a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GEOHASH s a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GEODIST s a b
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HELLO 3
            OK
            > GEOPOS Sicily Palermo absent
            1) 1) (double) 13.36138933897018433
               2) (double) 38.11555639549629859
            2) (nil)
            > GEODIST Sicily Palermo Catania
            "166274.1516"
        "#]]);
    }
}
