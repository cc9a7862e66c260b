//! What list commands answer, tell and propagate, as conversations.

mod ends;
mod inside;
