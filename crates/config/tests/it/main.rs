//! The room seen from outside: files in, values and files out; and the same done by Redis, where it is installed.

mod host;
mod included;
mod load;
mod peer;
mod rewrite;
