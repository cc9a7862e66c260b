//! What every program that answers requests needs for a connected peer, whatever it answers: what has arrived and was
//! not executed ([`Inbox`]), what waits to be sent ([`Outbox`]), and who listens to what ([`Pubsub`] for all together,
//! [`Subscriptions`] for one).
//!
//! It runs no command and knows no kind of peer: a program's own session holds these among its fields. What two
//! programs read in the same words about connections is read here: [`Hello`], [`Filter`] of CLIENT KILL, [`Class`]. How
//! much may wait for a peer is judged in one place, [`judge`].

mod browsers;
mod class;
mod door;
mod hello;
mod inbox;
mod kill;
mod limits;
mod lineup;
mod outbox;
mod pubsub;
mod subscriptions;
mod visits;

pub use browsers::{Browsers, is_http};
pub use class::Class;
pub use door::{PROTECTED, TOO_MANY, check_name, client_id, set_library};
pub use hello::{HELLO_NO_AUTH, Hello, write_hello};
pub use inbox::Inbox;
pub use kill::{Candidate, Filter};
pub use limits::{Verdict, hard_limit_bytes, harmless_bytes, judge, output_limit};
pub use lineup::Lineup;
pub use outbox::{KEEP_BYTES, Outbox};
pub use pubsub::{Audience, Pubsub, write_message};
pub use subscriptions::{Subscriptions, Way, write_subscription};
pub use visits::{arrival, departure};
