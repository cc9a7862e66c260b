//! What operators' documents show of Sentinel, with real processes: starting it, asking it, losing a replica, a master,
//! the network. One function per row of the table of what such documents contain; names and fields are those of 7.2.
//!
//! Every row is played twice: by our Sentinels, and by the installed ones of Redis, both over our servers. The second
//! shows that the judge is fair, and that stock Sentinels are at home with our servers. `quorums` mixes them.
//!
//! Where no `redis-sentinel` is installed its tests say so and pass; `REGENT_REQUIRE_PEERS=1` makes that a failure.

mod ask;
mod failover;
mod group;
mod notice;
mod partition;
mod promises;
mod quorums;
mod scripts;
mod start;

use std::path::Path;

use testkit::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

/// The name that the documents give to what is watched.
const NAME: &str = "mymaster";

/// What a group is made of.
#[derive(Clone)]
pub(crate) struct Kinds {
    sentinel: Program,
    server: Program,
}

fn regent() -> Program {
    Program::regent(PROGRAM)
}

fn is_ours(program: &Program) -> bool {
    program.path() == Path::new(PROGRAM)
}

/// Our Sentinel over our servers.
fn ours() -> Kinds {
    Kinds { sentinel: Program::regent_sentinel(PROGRAM), server: regent() }
}

/// The installed Sentinel over our servers.
fn theirs() -> Option<Kinds> {
    Some(Kinds { sentinel: Program::redis_sentinel()?, server: regent() })
}

/// Tests of the same names for both kinds.
macro_rules! rows {
    ($($room:ident :: $row:ident)*) => {
        mod ours {
            $(#[test] fn $row() { crate::$room::$row(&crate::ours()); })*
        }
        mod theirs {
            $(#[test] fn $row() {
                if let Some(kinds) = crate::theirs() {
                    crate::$room::$row(&kinds);
                }
            })*
        }
    };
}

rows! {
    notice::row_13_a_watched_server_sees_what_it_is_asked
    start::row_14_forms_of_starting_and_what_the_log_opens_with
    start::row_14_a_daemon_writes_its_files
    start::row_14_what_it_refuses_to_start_with
    start::row_14_the_directives_of_stock_files
    start::row_14_what_the_log_tells_of_names_and_of_the_file
    scripts::row_15_scripts_are_told_what_happens
    scripts::row_15_scripts_are_tried_again_given_up_and_killed
    scripts::row_15_a_script_that_cannot_run_is_refused
    ask::row_16_every_field_in_order
    notice::row_17_a_replica_goes_and_comes_back
    failover::rows_18_to_20_one_sentinel_replaces_the_master_and_tames_the_old_one
    failover::row_18_observers_learn_of_it
    failover::row_18_without_the_leader_they_wait
    ask::row_21_two_names_for_one_master
    ask::row_22_listening_and_publishing
    partition::row_23_a_cut_off_master_refuses_writes_and_returns_as_a_replica
    failover::row_24_four_replicas_with_passwords_in_a_hurry
}
