//! What HELLO asks for, and what it is told.

use command::{Args, Error, REDIS_VERSION};
use resp::{Proto, Writer};

/// The options of one HELLO.
pub struct Hello<'a> {
    pub proto: Option<Proto>,
    /// User and password.
    pub credentials: Option<(&'a [u8], &'a [u8])>,
    pub name: Option<&'a [u8]>,
}

/// The reply for who has to say more than HELLO.
pub const HELLO_NO_AUTH: Error = Error::fixed(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
     <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
     the same time",
);

impl<'a> Hello<'a> {
    /// Reads the words behind HELLO.
    pub fn parse(mut args: Args<'a>) -> Result<Hello<'a>, Error> {
        let mut proto = None;
        if let Some(version) = args.next() {
            proto = Some(match stdx::integer::parse_i64(version) {
                None => {
                    return Err(Error::fixed(
                        "ERR Protocol version is not an integer or out of range",
                    ));
                }
                Some(2) => Proto::Resp2,
                Some(3) => Proto::Resp3,
                Some(_) => return Err(Error::fixed("NOPROTO unsupported protocol version")),
            });
        }
        let mut credentials = None;
        let mut name = None;
        while let Some(option) = args.peek() {
            if option.eq_ignore_ascii_case(b"auth") && args.len() > 2 {
                args.word()?;
                credentials = Some((args.word()?, args.word()?));
            } else if option.eq_ignore_ascii_case(b"setname") && args.len() > 1 {
                args.word()?;
                name = Some(args.word()?);
            } else {
                let mut text = b"ERR Syntax error in HELLO option '".to_vec();
                text.extend_from_slice(option);
                text.push(b'\'');
                return Err(Error::bytes(text));
            }
        }
        Ok(Hello { proto, credentials, name })
    }
}

/// The reply: in what mode the program runs, and the role of a server. `id` is the session's.
pub fn write_hello(w: &mut Writer<'_>, id: u64, mode: &str, role: Option<&str>) {
    w.map(6 + role.iter().len());
    w.text("server");
    w.text("redis");
    w.text("version");
    w.text(REDIS_VERSION);
    w.text("proto");
    w.int(if w.is_resp3() { 3 } else { 2 });
    w.text("id");
    w.int(id as i64);
    w.text("mode");
    w.text(mode);
    if let Some(role) = role {
        w.text("role");
        w.text(role);
    }
    w.text("modules");
    w.array(0);
}
