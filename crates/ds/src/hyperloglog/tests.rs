//! Both encodings against plain registers, and damaged values.

use proptest::prelude::*;

use super::*;

fn add(bytes: &mut Vec<u8>, element: u64) -> bool {
    raise(bytes, place(&element.to_le_bytes()), 3000).expect("sound")
}

fn told(bytes: &[u8]) -> u64 {
    let mut registers = Registers::new();
    registers.merge(bytes).expect("sound");
    assert_eq!(count(bytes), Ok(registers.count()));
    registers.count()
}

#[test]
fn counts_are_near_the_truth_and_the_same_in_both_encodings() {
    let (mut sparse, mut dense) = (empty(), to_dense(&empty()).expect("sound"));
    for n in 1..=100_000u64 {
        let element = n ^ 0x1234_5678_9abc_def0;
        assert_eq!(add(&mut sparse, element), add(&mut dense, element), "{n}");
        if [1, 10, 100, 1000, 10_000, 100_000].contains(&n) {
            let told_dense = told(&dense);
            assert_eq!(told(&sparse), told_dense);
            let error = told_dense.abs_diff(n) as f64 / n as f64;
            assert!(error <= 6.0 * 1.04 / 128.0, "{told_dense} of {n}");
            let want = if n < 1500 { Encoding::Sparse } else { Encoding::Dense };
            assert_eq!(encoding(&sparse), Some(want), "{n}");
        }
    }
    assert_eq!(sparse[HEADER..], dense[HEADER..]);
}

#[test]
fn nothing_seen_is_zero() {
    assert_eq!((cached(&empty()), told(&empty()), empty().len()), (Some(0), 0, 18));
    assert_eq!(runs(&empty()).collect::<Vec<_>>(), [Run::ManyZeros(REGISTERS)]);
}

#[test]
fn cached_counts_go_out_of_date() {
    let mut bytes = empty();
    let change = cache(12);
    bytes[change.offset..change.offset + 8].copy_from_slice(&change.bytes);
    assert_eq!(cached(&bytes), Some(12));
    make_stale(&mut bytes);
    assert_eq!(cached(&bytes), None);
}

#[test]
fn runs_are_split_and_joined() {
    let mut bytes = empty();
    let mut step = |index, rank, want: &[Run]| {
        assert_eq!(raise(&mut bytes, Place { index, rank }, 3000), Ok(true));
        assert_eq!(runs(&bytes).collect::<Vec<_>>(), want);
    };
    use Run::{ManyZeros, Values, Zeros};
    step(100, 2, &[ManyZeros(100), Values(2, 1), ManyZeros(16283)]);
    step(102, 2, &[ManyZeros(100), Values(2, 1), Zeros(1), Values(2, 1), ManyZeros(16281)]);
    step(101, 2, &[ManyZeros(100), Values(2, 3), ManyZeros(16281)]);
    step(101, 5, &[ManyZeros(100), Values(2, 1), Values(5, 1), Values(2, 1), ManyZeros(16281)]);
    step(
        0,
        1,
        &[Values(1, 1), ManyZeros(99), Values(2, 1), Values(5, 1), Values(2, 1), ManyZeros(16281)],
    );
    assert_eq!(raise(&mut bytes, Place { index: 101, rank: 5 }, 3000), Ok(false));
    assert_eq!(raise(&mut bytes, Place { index: 200, rank: 5 }, 24), Ok(true));
    assert_eq!(encoding(&bytes), Some(Encoding::Dense), "too long");
    let mut bytes = empty();
    assert_eq!(raise(&mut bytes, Place { index: 7, rank: 33 }, 3000), Ok(true));
    assert_eq!(encoding(&bytes), Some(Encoding::Dense), "too high for a run");
}

proptest! {
    #[test]
    fn any_registers_are_those_of_a_plain_array(
        steps in proptest::collection::vec((0usize..300, 1u8..=40), 0..200), sparse_max in 18usize..400,
    ) {
        let (mut bytes, mut plain) = (empty(), vec![0; REGISTERS]);
        for (index, rank) in steps {
            let rises = plain[index] < rank;
            plain[index] = rank.max(plain[index]);
            prop_assert_eq!(raise(&mut bytes, Place { index, rank }, sparse_max), Ok(rises));
            let mut registers = Registers::new();
            prop_assert_eq!(registers.merge(&bytes), Ok(()));
            prop_assert!(registers.ranks()[..] == plain[..]);
        }
    }

    #[test]
    fn a_cursor_changes_nothing(
        ranks in proptest::collection::vec(prop_oneof![3 => Just(0u8), 2 => 1u8..4, 1 => 1u8..30], 1..300),
        others in proptest::collection::vec(prop_oneof![3 => Just(0u8), 2 => 1u8..4, 1 => 1u8..30], 1..300),
    ) {
        let (mut with, mut without) = (empty(), empty());
        for ranks in [ranks, others] {
            let mut cursor = Cursor::default();
            for (index, rank) in ranks.into_iter().enumerate().filter(|(_, rank)| *rank > 0) {
                let place = Place { index, rank };
                let raised = raise_from(&mut with, place, 3000, &mut cursor);
                prop_assert_eq!(raised, raise(&mut without, place, 3000));
                prop_assert!(with == without);
            }
        }
    }

    #[test]
    fn damaged_values_are_refused_or_read(
        bytes in proptest::collection::vec(any::<u8>(), 0..60), index in 0usize..REGISTERS, rank in 1u8..=51,
    ) {
        let mut value = empty();
        value.truncate(HEADER);
        value.extend_from_slice(&bytes);
        let _ = raise(&mut value.clone(), Place { index, rank }, 3000);
        let _ = to_dense(&value);
        let mut registers = Registers::new();
        if registers.merge(&value).is_ok() {
            registers.count();
        }
        let _ = (encoding(&bytes), cached(&bytes), runs(&bytes).count(), stale(&bytes));
    }
}
