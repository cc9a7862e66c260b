//! Whom CLIENT KILL means.

use crate::Class;
use command::{Args, Error};
use world::Peer;

/// What a connection has to be to be closed.
#[derive(Default)]
pub struct Filter<'a> {
    id: Option<u64>,
    class: Option<Class>,
    user: Option<&'a [u8]>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    /// Not the connection that asks.
    pub skip_me: bool,
}

/// A connection, as far as it matters here.
pub struct Candidate<'a> {
    pub id: u64,
    pub class: Class,
    pub peer: &'a Peer,
    pub local: &'a Peer,
    /// Who speaks there.
    pub user: &'a [u8],
}

impl<'a> Filter<'a> {
    /// The old form: one address.
    pub fn at(addr: &'a [u8]) -> Filter<'a> {
        Filter { addr: Some(addr), ..Filter::default() }
    }

    /// The new form: pairs of what and which. `is_user` knows who there is.
    pub fn parse(mut args: Args<'a>, is_user: impl Fn(&[u8]) -> bool) -> Result<Filter<'a>, Error> {
        let mut filter = Filter { skip_me: true, ..Filter::default() };
        while let Some(option) = args.next() {
            let value = args.word()?;
            match option.to_ascii_lowercase().as_slice() {
                b"id" => {
                    let id = stdx::integer::parse_i64(value).filter(|&id| id > 0);
                    filter.id =
                        Some(id.ok_or(Error::fixed("ERR client-id should be greater than 0"))?
                            as u64);
                }
                b"type" => filter.class = Some(Class::parse(value)?),
                b"addr" => filter.addr = Some(value),
                b"laddr" => filter.laddr = Some(value),
                b"user" if is_user(value) => filter.user = Some(value),
                b"user" => {
                    let mut text = b"ERR No such user '".to_vec();
                    text.extend_from_slice(value);
                    text.push(b'\'');
                    return Err(Error::bytes(text));
                }
                b"skipme" if value.eq_ignore_ascii_case(b"yes") => filter.skip_me = true,
                b"skipme" if value.eq_ignore_ascii_case(b"no") => filter.skip_me = false,
                _ => return Err(Error::SYNTAX),
            }
        }
        Ok(filter)
    }

    /// Whether this one is meant.
    pub fn fits(&self, it: &Candidate<'_>) -> bool {
        self.id.is_none_or(|id| it.id == id)
            && self.class.is_none_or(|class| it.class == class)
            && self.addr.is_none_or(|addr| it.peer.to_string().as_bytes() == addr)
            && self.laddr.is_none_or(|addr| it.local.to_string().as_bytes() == addr)
            && self.user.is_none_or(|user| it.user == user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use command::Owned;

    #[test]
    fn a_connection_is_meant_where_every_filter_fits() {
        let peer = |text: &str| Peer::Ip(text.parse().expect("an address"));
        let (peer, local) = (peer("10.0.0.1:1234"), peer("10.0.0.9:6379"));
        let it =
            Candidate { id: 7, class: Class::Pubsub, peer: &peer, local: &local, user: b"default" };
        for (words, want) in [
            ("id 7", Some(true)),
            ("id 8", Some(false)),
            ("TYPE pubsub ADDR 10.0.0.1:1234", Some(true)),
            ("TYPE normal ADDR 10.0.0.1:1234", Some(false)),
            ("laddr 10.0.0.9:6379 user default skipme NO", Some(true)),
            ("user bob", Some(false)),
            ("id 0", None),
            ("type king", None),
            ("user nobody", None),
            ("skipme perhaps", None),
            ("id", None),
        ] {
            let request = Owned::new(words.split(' '));
            let filter = Filter::parse(Args::new(request.words(), 0), |user| user != b"nobody");
            assert_eq!(filter.ok().map(|filter| filter.fits(&it)), want, "{words}");
        }
        assert!(Filter::at(b"10.0.0.1:1234").fits(&it) && !Filter::at(b"10.0.0.1:1").fits(&it));
    }
}
