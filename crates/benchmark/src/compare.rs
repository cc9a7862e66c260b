//! Two servers in one run: short measurements in turns, so that what the machine does beside falls on both.

use crate::failure::Failure;
use crate::load::{Measured, Pace};

/// How often each has its turn.
pub(crate) const ROUNDS: u64 = 5;

/// Carries out `turn` for the servers 0 and 1 in turns, the other way round every second time, and adds up what each
/// did. A turn is told which server it is about.
pub(crate) fn alternate(
    precision: u8,
    pace: Pace,
    mut turn: impl FnMut(usize) -> Result<(Measured, Option<u64>), Failure>,
) -> Result<[(Measured, Option<u64>); 2], Failure> {
    let nothing = || (Measured::nothing(precision, pace), None);
    let mut sums = [nothing(), nothing()];
    for round in 0..ROUNDS {
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for server in order {
            let (measured, cpu_us) = turn(server)?;
            let (sum, cpu_sum) = &mut sums[server];
            sum.add(&measured);
            *cpu_sum = cpu_us.map(|us| us + cpu_sum.unwrap_or(0));
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_take_turns_and_each_has_its_own_sum() {
        let mut order = Vec::new();
        let turn = |server: usize| {
            order.push(server);
            let mut measured = Measured::nothing(3, Pace::Closed);
            measured.finished = server as u64 + 1;
            Ok((measured, (server == 1).then_some(10)))
        };
        let [(a, cpu_a), (b, cpu_b)] = alternate(3, Pace::Closed, turn).expect("no turn fails");
        assert_eq!(order, [0, 1, 1, 0, 0, 1, 1, 0, 0, 1]);
        assert_eq!((a.finished, b.finished), (5, 10));
        assert_eq!((cpu_a, cpu_b), (None, Some(50)));
    }
}
