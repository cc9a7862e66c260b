//! What every program that answers requests needs for a connected peer, whatever it answers: what has arrived and was
//! not executed ([`Inbox`]), what waits to be sent ([`Outbox`]), and who listens to what ([`Pubsub`] for all together,
//! [`Subscriptions`] for one).
//!
//! It knows no command and no kind of peer: a program's own session holds these among its fields.

mod door;
mod inbox;
mod outbox;
mod pubsub;
mod subscriptions;

pub use door::{PROTECTED, TOO_MANY, is_client_name, is_same_secret};
pub use inbox::Inbox;
pub use outbox::{KEEP_BYTES, Outbox};
pub use pubsub::{Audience, Pubsub, write_message};
pub use subscriptions::{Subscriptions, Way, write_subscription};
