//! What GEOSEARCH and its older relatives are asked: where, how large, in which order, and what becomes of what is
//! found.

use command::{Args, Error};
use ds::geo::{Extent, Position, Shape};
use store::ZSet;

use super::words;

/// Which of the commands is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// GEORADIUS: the place stands first.
    Radius,
    /// GEORADIUSBYMEMBER: the member stands first.
    RadiusByMember,
    /// GEOSEARCH and GEOSEARCHSTORE: options say where.
    Search,
}

/// Whether, and how, what is found can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storing {
    /// It is returned.
    Never,
    /// An option says where.
    Option,
    /// It must be.
    Always,
}

/// In which order places are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Nearest,
    Farthest,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Query<'a> {
    /// Nothing where there is no key, whose member would have been the middle.
    pub(super) shape: Option<Shape>,
    pub(super) order: Option<Order>,
    /// At most so many places.
    pub(super) count: Option<usize>,
    /// Any places will do as long as there are enough.
    pub(super) any: bool,
    pub(super) with_distance: bool,
    pub(super) with_hash: bool,
    pub(super) with_position: bool,
    /// Where to store, instead of a reply.
    pub(super) destination: Option<&'a [u8]>,
    /// Scores are distances.
    pub(super) stores_distance: bool,
}

const NOT_A_MEMBER: Error = Error::fixed("ERR could not decode requested zset member");

/// What may be said in any order; the shape is known in the end.
#[derive(Default)]
struct Options<'a> {
    center: Option<Position>,
    size: Option<(Extent, f64)>,
    has_center: bool,
    is_by_member: bool,
    order: Option<Order>,
    count: Option<usize>,
    any: bool,
    with_distance: bool,
    with_hash: bool,
    with_position: bool,
    destination: Option<&'a [u8]>,
    stores_distance: bool,
}

impl<'a> Query<'a> {
    /// Reads what stands behind the keys. `destination` is where to store, if that stood before; `name` is how the
    /// user spelled the command.
    pub(super) fn read(
        mut args: Args<'a>,
        zset: Option<&ZSet>,
        form: Form,
        storing: Storing,
        destination: Option<&'a [u8]>,
    ) -> Result<Query<'a>, Error> {
        let mut options = Options { destination, ..Options::default() };
        match form {
            Form::Radius => {
                options.center = Some(words::position(&mut args)?);
                options.size = Some(circle(&mut args)?);
            }
            Form::RadiusByMember if zset.is_none() => {
                // compat(7.2): where there is no key, nobody looks at the size.
                args.take(3)?;
            }
            Form::RadiusByMember => {
                options.center = member(zset, args.word()?)?;
                options.size = Some(circle(&mut args)?);
            }
            Form::Search => {}
        }
        while !args.is_empty() {
            options.read_one(&mut args, zset, form, storing)?;
        }
        options.check(args, form, storing)?;
        let Options { center, size, order, count, any, .. } = options;
        let shape = center.zip(size).map(|(center, (extent, unit))| Shape { center, extent, unit });
        // The first of many only has a meaning in some order, unless any will do.
        let default = (count.is_some() && !any).then_some(Order::Nearest);
        Ok(Query {
            shape,
            order: order.or(default),
            count,
            any,
            with_distance: options.with_distance,
            with_hash: options.with_hash,
            with_position: options.with_position,
            destination: options.destination,
            stores_distance: options.stores_distance,
        })
    }
}

impl<'a> Options<'a> {
    fn read_one(
        &mut self,
        args: &mut Args<'a>,
        zset: Option<&ZSet>,
        form: Form,
        storing: Storing,
    ) -> Result<(), Error> {
        let more = args.len() - 1;
        let searches = form == Form::Search;
        let may_store = storing == Storing::Option && more >= 1;
        let is_box = matches!(self.size, Some((Extent::Box { .. }, _)));
        let is_circle = matches!(self.size, Some((Extent::Circle(_), _)));
        match () {
            _ if args.take_keyword("WITHDIST") => self.with_distance = true,
            _ if args.take_keyword("WITHHASH") => self.with_hash = true,
            _ if args.take_keyword("WITHCOORD") => self.with_position = true,
            _ if args.take_keyword("ANY") => self.any = true,
            _ if args.take_keyword("ASC") => self.order = Some(Order::Nearest),
            _ if args.take_keyword("DESC") => self.order = Some(Order::Farthest),
            _ if more >= 1 && args.take_keyword("COUNT") => {
                let count = usize::try_from(args.int()?).ok().filter(|count| *count > 0);
                self.count = Some(count.ok_or(Error::fixed("ERR COUNT must be > 0"))?);
            }
            _ if may_store && args.take_keyword("STORE") => {
                (self.destination, self.stores_distance) = (args.next(), false);
            }
            _ if may_store && args.take_keyword("STOREDIST") => {
                (self.destination, self.stores_distance) = (args.next(), true);
            }
            _ if storing == Storing::Always && args.take_keyword("STOREDIST") => {
                self.stores_distance = true;
            }
            _ if searches
                && more >= 1
                && (!self.has_center || self.is_by_member)
                && args.take_keyword("FROMMEMBER") =>
            {
                self.center = member(zset, args.word()?)?;
                (self.has_center, self.is_by_member) = (true, true);
            }
            _ if searches && more >= 2 && !self.is_by_member && args.take_keyword("FROMLONLAT") => {
                self.center = Some(words::position(args)?);
                self.has_center = true;
            }
            _ if searches && more >= 2 && !is_box && args.take_keyword("BYRADIUS") => {
                self.size = Some(circle(args)?);
            }
            _ if searches && more >= 3 && !is_circle && args.take_keyword("BYBOX") => {
                self.size = Some(boxed(args)?);
            }
            _ => return Err(Error::SYNTAX),
        }
        Ok(())
    }

    /// What does not go together, and what is missing.
    fn check(&self, args: Args<'_>, form: Form, storing: Storing) -> Result<(), Error> {
        let tells = self.with_distance || self.with_hash || self.with_position;
        if self.destination.is_some() && tells {
            return Err(match storing {
                Storing::Always => Error::fixed(
                    "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                ),
                _ => Error::fixed(
                    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                ),
            });
        }
        let missing = |what: &str| {
            // The command's name as the user spelled it.
            Error::bytes([what.as_bytes(), b" can be specified for ", &args.all()[0]].concat())
        };
        if form == Form::Search && !self.has_center {
            return Err(missing("ERR exactly one of FROMMEMBER or FROMLONLAT"));
        }
        if form == Form::Search && self.size.is_none() {
            return Err(missing("ERR exactly one of BYRADIUS and BYBOX"));
        }
        if self.any && self.count.is_none() {
            return Err(Error::fixed("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }
}

/// Where a member is; nothing where there is no key.
fn member(zset: Option<&ZSet>, member: &[u8]) -> Result<Option<Position>, Error> {
    let Some(zset) = zset else { return Ok(None) };
    let score = zset.score(member).ok_or(NOT_A_MEMBER)?;
    Ok(Some(Position::of_score(score)))
}

fn circle(args: &mut Args<'_>) -> Result<(Extent, f64), Error> {
    let radius = words::size(args, "ERR need numeric radius", "ERR radius cannot be negative")?;
    Ok((Extent::Circle(radius), words::unit(args)?))
}

fn boxed(args: &mut Args<'_>) -> Result<(Extent, f64), Error> {
    let width = words::number(args, "ERR need numeric width")?;
    let height = words::number(args, "ERR need numeric height")?;
    if width < 0.0 || height < 0.0 {
        return Err(Error::fixed("ERR height or width cannot be negative"));
    }
    Ok((Extent::Box { width, height }, words::unit(args)?))
}
