//! GEOSEARCH and GEOSEARCHSTORE, and what they were before: GEORADIUS and GEORADIUSBYMEMBER.

use std::ops::Bound;

use command::{Args, Arity, Command, Flags, Flow, KeyFlags, Keys, Outcome, Spec, Words, Writer};
use ds::geo::Position;
use ds::{Element, ElementBuf};
use stdx::float;
use store::{EventClass, Thresholds, Ttl, Value, ZSet};

use super::FAMILY;
use super::query::{Form, Order, Query, Storing};
use crate::reply::{element, plain_double};
use crate::{DataCommand, DataCx};

const COMPLEXITY: &str =
    "O(N+log(M)) where N is the number of places in the cells around and M that of all places";
const STORE: Flags = Flags::WRITE.and(Flags::DENY_OOM).and(Flags::MOVABLE_KEYS);
const UNITS: (&str, &str) = ("7.0.0", "units in capitals");

/// The key, and every destination behind the word at `from`. The last one counts, but the specifications find the
/// first: whoever may store there could store anywhere.
fn own_keys(words: &Words<'_>, from: usize) -> Vec<(usize, KeyFlags)> {
    let mut found = vec![(1, KeyFlags::RO.and(KeyFlags::ACCESS))];
    let mut at = from;
    while at < words.len() {
        let is = |name: &str| words[at].eq_ignore_ascii_case(name.as_bytes());
        if (is("store") || is("storedist")) && at + 1 < words.len() {
            found.push((at + 1, KeyFlags::OW.and(KeyFlags::UPDATE)));
            at += 1;
        } else if is("count") {
            at += 1;
        }
        at += 1;
    }
    found
}

pub(crate) const GEORADIUS: DataCommand = Command::new(
    |cx, args| search(cx, args, Form::Radius, Storing::Option),
    Spec {
        name: "georadius",
        history: &[("6.2.0", "ANY"), UNITS],
        syntax: "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
        summary: "Finds the places in a circle around a point.",
        complexity: COMPLEXITY,
        arity: Arity::AtLeast(6),
        flags: STORE,
        keys: &[
            Keys::at(1).reads(),
            Keys::after("STORE", 6).overwrites(),
            Keys::after("STOREDIST", 6).overwrites(),
        ],
        own_keys: Some(|words| own_keys(words, 6)),
        ..FAMILY
    },
);

pub(crate) const GEORADIUS_RO: DataCommand = Command::new(
    |cx, args| search(cx, args, Form::Radius, Storing::Never),
    Spec {
        name: "georadius_ro",
        history: &[("6.2.0", "ANY"), UNITS],
        syntax: "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
        summary: "Finds the places in a circle around a point, and stores nothing.",
        complexity: COMPLEXITY,
        since: "3.2.10",
        arity: Arity::AtLeast(6),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const GEORADIUSBYMEMBER: DataCommand = Command::new(
    |cx, args| search(cx, args, Form::RadiusByMember, Storing::Option),
    Spec {
        name: "georadiusbymember",
        history: &[("6.2.0", "ANY"), UNITS],
        syntax: "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
        summary: "Finds the places in a circle around a place.",
        complexity: COMPLEXITY,
        arity: Arity::AtLeast(5),
        flags: STORE,
        keys: &[
            Keys::at(1).reads(),
            Keys::after("STORE", 5).overwrites(),
            Keys::after("STOREDIST", 5).overwrites(),
        ],
        own_keys: Some(|words| own_keys(words, 5)),
        ..FAMILY
    },
);

pub(crate) const GEORADIUSBYMEMBER_RO: DataCommand = Command::new(
    |cx, args| search(cx, args, Form::RadiusByMember, Storing::Never),
    Spec {
        name: "georadiusbymember_ro",
        history: &[("6.2.0", "ANY"), UNITS],
        syntax: "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
        summary: "Finds the places in a circle around a place, and stores nothing.",
        complexity: COMPLEXITY,
        since: "3.2.10",
        arity: Arity::AtLeast(5),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const GEOSEARCH: DataCommand = Command::new(
    |cx, args| search(cx, args, Form::Search, Storing::Never),
    Spec {
        name: "geosearch",
        history: &[UNITS],
        syntax: "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        summary: "Finds the places in a circle or a box.",
        complexity: COMPLEXITY,
        since: "6.2.0",
        arity: Arity::AtLeast(7),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const GEOSEARCHSTORE: DataCommand = Command::new(
    |cx, args| search(cx, args, Form::Search, Storing::Always),
    Spec {
        name: "geosearchstore",
        history: &[UNITS],
        syntax: "destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]",
        summary: "Stores the places in a circle or a box.",
        complexity: COMPLEXITY,
        since: "6.2.0",
        arity: Arity::AtLeast(8),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).overwrites(), Keys::at(2).reads()],
        ..FAMILY
    },
);

/// A place that was found.
struct Found<'z> {
    member: Element<'z>,
    score: f64,
    position: Position,
    /// From the middle, in the unit of the question.
    distance: f64,
}

fn search(cx: &mut DataCx<'_>, mut args: Args<'_>, form: Form, storing: Storing) -> Outcome {
    let destination = if storing == Storing::Always { Some(args.word()?) } else { None };
    let limits = cx.db.settings().thresholds;
    let zset = cx.db.zset(args.word()?)?;
    let query = Query::read(args, zset, form, storing, destination)?;
    let found = zset.map(|zset| find(zset, &query)).unwrap_or_default();
    let Some(destination) = query.destination else {
        cx.reply.array(found.len());
        found.iter().for_each(|place| tell(&mut cx.reply, &query, place));
        return Ok(Flow::Done);
    };
    let result = gather(&found, query.stores_distance, &limits);
    let event = if form == Form::Search { "geosearchstore" } else { "georadiusstore" };
    store(cx, destination, result, event);
    Ok(Flow::Done)
}

/// The places of a sorted set that are asked for.
fn find<'z>(zset: &'z ZSet, query: &Query<'_>) -> Vec<Found<'z>> {
    let Some(shape) = &query.shape else { return Vec::new() };
    let enough = if query.any { query.count } else { None }.unwrap_or(usize::MAX);
    let mut found = Vec::new();
    'cells: for cell in shape.cells() {
        let (first, behind) = cell.scores();
        let bounds = (Bound::Included(first as f64), Bound::Excluded(behind as f64));
        for (member, score) in zset.range(zset.ranks_by_score(bounds.0, bounds.1)) {
            if found.len() >= enough {
                break 'cells;
            }
            let position = Position::of_score(score);
            let distance = shape.distance_to(position);
            found.extend(distance.map(|distance| Found { member, score, position, distance }));
        }
    }
    match query.order {
        Some(Order::Nearest) => found.sort_by(|a, b| a.distance.total_cmp(&b.distance)),
        Some(Order::Farthest) => found.sort_by(|a, b| b.distance.total_cmp(&a.distance)),
        None => {}
    }
    found.truncate(query.count.unwrap_or(usize::MAX));
    found.iter_mut().for_each(|place| place.distance /= shape.unit);
    found
}

/// Writes a place into a reply: its member, alone or with what is asked for besides.
fn tell(reply: &mut Writer<'_>, query: &Query<'_>, place: &Found<'_>) {
    let Query { with_distance, with_hash, with_position, .. } = *query;
    let more = [with_distance, with_hash, with_position].into_iter().filter(|with| *with).count();
    if more > 0 {
        reply.array(1 + more);
    }
    element(reply, place.member);
    if with_distance {
        reply.bulk(&float::fixed_point(place.distance, 4));
    }
    if with_hash {
        reply.int(place.score as i64);
    }
    if with_position {
        reply.array(2);
        plain_double(reply, place.position.longitude);
        plain_double(reply, place.position.latitude);
    }
}

/// A sorted set of places, or of distances.
fn gather(found: &[Found<'_>], stores_distance: bool, limits: &Thresholds) -> ZSet {
    let mut result = ZSet::new();
    let longest = found.iter().map(|place| place.member.len()).max();
    result.expect(found.len(), longest.unwrap_or(0), limits);
    for place in found {
        let score = if stores_distance { place.distance } else { place.score };
        result.insert(place.member.bytes(&mut ElementBuf::new()), score, limits);
    }
    result
}

/// Puts the result where it belongs, or takes away what was there.
fn store(cx: &mut DataCx<'_>, destination: &[u8], result: ZSet, event: &'static str) {
    let count = result.len();
    cx.reply.count(count);
    if count > 0 {
        cx.db.put(destination, Value::ZSet(result), Ttl::Clear);
        cx.db.changed(destination, EventClass::ZSET, event, count as u64);
    } else if cx.db.remove_lazily(destination) {
        cx.db.changed(destination, EventClass::GENERIC, "del", 1);
    }
}

#[cfg(test)]
mod tests {
    use super::own_keys;
    use crate::check::{check, check_encodings};
    use command::Owned;
    use expect_test::expect;

    #[test]
    fn every_destination_is_a_key() {
        for (request, want) in [
            ("GEORADIUS k 0 0 1 m", &[1][..]),
            ("GEORADIUS k 0 0 1 m STORE a ASC storedist b STORE c", &[1, 7, 10, 12]),
            ("GEORADIUS k 0 0 1 m COUNT store STORE a", &[1, 9]),
            ("GEORADIUS k 0 0 1 m STORE STORE STORE", &[1, 7]),
        ] {
            let found = own_keys(&Owned::new(request.split(' ')).words(), 6);
            assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), want, "{request}");
        }
    }

    #[test]
    fn places_are_found() {
        check_encodings(expect![[r#"
            > GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.583333 37.316667 Agrigento
            (integer) 3
            > GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC
            1) "Catania"
            2) "Agrigento"
            3) "Palermo"
            > GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km desc WITHDIST
            1) 1) "Palermo"
               2) "190.4424"
            2) 1) "Agrigento"
               2) "130.4235"
            3) 1) "Catania"
               2) "56.4413"
            > GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST WITHHASH COUNT 1
            1) 1) "Catania"
               2) "56.4413"
               3) (integer) 3479447370796909
               4) 1) "15.08726745843887329"
                  2) "37.50266842333162032"
            > GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 100 mi ASC
            1) "Palermo"
            2) "Agrigento"
            > GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 0 0 m
            1) "Palermo"
            > GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1
            1) "Catania"
            > GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 20000 km COUNT 2 ANY DESC WITHDIST
            1) 1) "Palermo"
               2) "190.4424"
            2) 1) "Agrigento"
               2) "130.4235"
            > GEOSEARCH Sicily FROMLONLAT -100 0 BYRADIUS 1 m
            (empty array)
            > GEORADIUS Sicily 15 37 200 km WITHDIST ASC
            1) 1) "Catania"
               2) "56.4413"
            2) 1) "Agrigento"
               2) "130.4235"
            3) 1) "Palermo"
               2) "190.4424"
            > GEORADIUS_RO Sicily 15 37 656168 FT COUNT 1 DESC
            1) "Palermo"
            > GEORADIUSBYMEMBER Sicily Agrigento 100 km
            1) "Agrigento"
            2) "Palermo"
            > GEORADIUSBYMEMBER_RO Sicily Agrigento 100 km WITHHASH
            1) 1) "Agrigento"
               2) (integer) 3479030013248308
            2) 1) "Palermo"
               2) (integer) 3479099956230698
            > HELLO 3
            OK
            > GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 100 km WITHCOORD WITHDIST
            1) 1) "Catania"
               2) "56.4413"
               3) 1) (double) 15.08726745843887329
                  2) (double) 37.50266842333162032
        "#]]);
    }

    #[test]
    fn places_are_stored() {
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
            > GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 200 km
            (integer) 2
            ! ready d
            ! n new d
            ! z geosearchstore d
            => GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 200 km
            +2
            > ZRANGE d 0 -1 WITHSCORES
            1) "Palermo"
            2) "3479099956230698"
            3) "Catania"
            4) "3479447370796909"
            > GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 STOREDIST
            (integer) 1
            ! ready d
            ! z geosearchstore d
            => GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 STOREDIST
            +1
            > ZRANGE d 0 -1 WITHSCORES
            1) "Catania"
            2) "56.4412578701582"
            > GEORADIUS Sicily 15 37 200 km STORE d
            (integer) 2
            ! ready d
            ! z georadiusstore d
            => GEORADIUS Sicily 15 37 200 km STORE d
            +2
            > GEORADIUSBYMEMBER Sicily Palermo 1 km STOREDIST e STORE f
            (integer) 1
            ! ready f
            ! n new f
            ! z georadiusstore f
            => GEORADIUSBYMEMBER Sicily Palermo 1 km STOREDIST e STORE f
            +1
            > ZRANGE f 0 -1 WITHSCORES
            1) "Palermo"
            2) "3479099956230698"
            > EXISTS e
            (integer) 0
            ! m keymiss e
            > GEOSEARCHSTORE d absent FROMMEMBER x BYRADIUS 1 m
            (integer) 0
            ! m keymiss absent
            ! g del d
            => GEOSEARCHSTORE d absent FROMMEMBER x BYRADIUS 1 m
            +1
            > GEORADIUSBYMEMBER absent x nonsense here STORE f
            (integer) 0
            ! m keymiss absent
            ! g del f
            => GEORADIUSBYMEMBER absent x nonsense here STORE f
            +1
            > GEORADIUS Sicily 0 0 1 m STORE f
            (integer) 0
            > SET s x
            OK
            ! n new s
            ! $ set s
            => SET s x
            +1
            > GEOSEARCHSTORE s Sicily FROMLONLAT 15 37 BYRADIUS 200 km
            (integer) 2
            ! ready s
            ! z geosearchstore s
            => GEOSEARCHSTORE s Sicily FROMLONLAT 15 37 BYRADIUS 200 km
            +2
            > GEOSEARCHSTORE s s FROMLONLAT 15 37 BYRADIUS 200 km
            (integer) 2
            ! ready s
            ! z geosearchstore s
            => GEOSEARCHSTORE s s FROMLONLAT 15 37 BYRADIUS 200 km
            +2
        "#]]);
    }

    #[test]
    fn questions_that_make_no_sense() {
        check(expect![[r#"
            > GEOADD g 13 38 a
            (integer) 1
            > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km STORE d
            (error) ERR syntax error
            > GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER a BYRADIUS 200 km
            (error) ERR syntax error
            > GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km BYBOX 1 1 km
            (error) ERR syntax error
            > GEOSEARCH g BYRADIUS 200 km ASC WITHDIST WITHHASH
            (error) ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH
            > GeoSearch g FROMLONLAT 15 37 ASC WITHDIST
            (error) ERR exactly one of BYRADIUS and BYBOX can be specified for GeoSearch
            > GEOSEARCH g FROMMEMBER x BYRADIUS 200 km
            (error) ERR could not decode requested zset member
            > GEOSEARCH g FROMMEMBER a BYRADIUS -1 km
            (error) ERR radius cannot be negative
            > GEOSEARCH g FROMMEMBER a BYRADIUS x km
            (error) ERR need numeric radius
            > GEOSEARCH g FROMMEMBER a BYRADIUS 1 parsec
            (error) ERR unsupported unit provided. please use M, KM, FT, MI
            > GEOSEARCH g FROMMEMBER a BYBOX x 1 km
            (error) ERR need numeric width
            > GEOSEARCH g FROMMEMBER a BYBOX 1 x km
            (error) ERR need numeric height
            > GEOSEARCH g FROMMEMBER a BYBOX 1 -1 km
            (error) ERR height or width cannot be negative
            > GEOSEARCH g FROMMEMBER a BYRADIUS 1 km COUNT 0
            (error) ERR COUNT must be > 0
            > GEOSEARCH g FROMMEMBER a BYRADIUS 1 km COUNT x
            (error) ERR value is not an integer or out of range
            > GEOSEARCH g FROMMEMBER a BYRADIUS 1 km ANY
            (error) ERR the ANY argument requires COUNT argument
            > GEOSEARCH g FROMMEMBER a BYRADIUS 1 km nonsense
            (error) ERR syntax error
            > GEOSEARCH absent FROMMEMBER a BYRADIUS 1 km
            (empty array)
            > GEORADIUS g 1 1 1 km STORE
            (error) ERR syntax error
            > GEORADIUS g 1 1 1 km STORE d WITHDIST
            (error) ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options
            > GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 km WITHDIST
            (error) ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options
            > GEORADIUS_RO g 1 1 1 km STORE d
            (error) ERR syntax error
            > GEORADIUS g 200 1 1 km
            (error) ERR invalid longitude,latitude pair 200.000000,1.000000
            > GEORADIUSBYMEMBER g x 1 km
            (error) ERR could not decode requested zset member
        "#]]);
    }
}
