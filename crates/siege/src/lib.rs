//! Hostile clients of every kind beside well-behaved ones, for as long as one wants: what a server and a Sentinel owe
//! those who behave, whatever the others do.
//!
//! # The tour
//! [`target`] starts a server and a Sentinel as processes with folders of their own. [`guests`] are twenty clients that
//! know what each reply must be. [`attacks`] are the hostile ones, a file for each kind. [`stage`] is what their threads
//! share, and [`siege`] lets them meet, first the guests alone and then all, and judges what came of it; [`report`]
//! writes it down. docs/siege.md says what is promised and how it is counted.
//!
//! # Running it
//! `cargo xtask siege --seconds 3600`. The guests' latencies tell something in a release build on a machine that does
//! nothing else.

pub mod attacks;
pub mod guests;
pub mod options;
pub mod report;
pub mod siege;
pub mod stage;
pub mod target;
