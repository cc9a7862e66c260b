//! Counted trees against plain vectors.

use super::*;
use proptest::prelude::*;

/// A number that takes as many places as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    key: u32,
    weight: usize,
}

impl Item for Run {
    type Key = u32;
    const UNIT: bool = false;

    fn key(&self) -> u32 {
        self.key
    }

    fn weight(&self) -> usize {
        self.weight
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct One(u32);

impl Item for One {
    type Key = u32;
    const UNIT: bool = true;

    fn key(&self) -> u32 {
        self.0
    }

    fn weight(&self) -> usize {
        1
    }
}

fn place(model: &[Run], index: usize) -> usize {
    model[..index].iter().map(|run| run.weight).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn runs_behave_as_a_vector(
        prefill in 0usize..3000,
        steps in proptest::collection::vec((0u8..5, any::<prop::sample::Index>(), 1usize..9), 0..300),
    ) {
        let mut model: Vec<Run> = (0..prefill).map(|i| Run { key: i as u32, weight: 1 + i % 3 }).collect();
        let mut tree: Tree<Run> = model.iter().copied().collect();
        for (kind, index, weight) in steps {
            let at = index.index(model.len() + 1);
            match kind {
                0 | 1 => {
                    let run = Run { key: weight as u32, weight };
                    tree.insert_at(place(&model, at), run);
                    model.insert(at, run);
                }
                2 if at < model.len() => {
                    let inside = place(&model, at) + weight % model[at].weight;
                    prop_assert_eq!(tree.remove_at(inside), model.remove(at));
                }
                3 if at < model.len() => {
                    let inside = place(&model, at) + weight % model[at].weight;
                    let offset = tree.update(inside, |run, offset| {
                        run.weight = weight;
                        offset
                    });
                    prop_assert_eq!(offset, weight % model[at].weight);
                    model[at].weight = weight;
                }
                4 if at < model.len() => {
                    // Empty a stretch, so that nodes join.
                    let n = (40 * weight).min(model.len() - at);
                    let from = place(&model, at);
                    (0..n).for_each(|_| { tree.remove_at(from); });
                    model.drain(at..at + n);
                }
                _ => {}
            }
        }
        tree.check();
        prop_assert!(tree.iter().eq(model.iter()));
        prop_assert!(tree.iter().rev().eq(model.iter().rev()));
        for (i, run) in model.iter().enumerate().step_by(7) {
            let start = place(&model, i);
            prop_assert_eq!(tree.get(start + run.weight - 1), Some((run, start)));
        }
        prop_assert_eq!(tree.get(tree.weight()), None);
        if model.len() > 2 {
            let (a, b) = (model.len() / 3, model.len() * 2 / 3);
            let mut both = tree.range(place(&model, a)..place(&model, b));
            let (mut front, mut back) = (Vec::<&Run>::new(), Vec::<&Run>::new());
            loop {
                front.extend(both.next());
                let Some(last) = both.next_back() else { break };
                back.push(last);
            }
            front.extend(back.into_iter().rev());
            prop_assert!(front.into_iter().eq(model[a..b].iter()));
        }
    }

    #[test]
    fn an_ordered_tree_behaves_as_a_sorted_vector(
        steps in proptest::collection::vec((any::<bool>(), 0u32..2000), 0..3000),
    ) {
        let (mut tree, mut model) = (Tree::new(), Vec::<u32>::new());
        for (add, n) in steps {
            match model.binary_search(&n) {
                Ok(at) if !add => {
                    prop_assert_eq!(tree.remove_by(|key: u32| key.cmp(&n)), One(n));
                    model.remove(at);
                }
                Err(at) if add => {
                    tree.insert_by(|key| key.cmp(&n), One(n));
                    model.insert(at, n);
                }
                _ => {}
            }
        }
        tree.check();
        prop_assert!(tree.iter().map(|one| one.0).eq(model.iter().copied()));
        prop_assert!(tree.iter().rev().map(|one| one.0).eq(model.iter().rev().copied()));
        for n in (0..2000).step_by(37) {
            prop_assert_eq!(tree.partition(|key| key < n), model.partition_point(|&m| m < n));
            let from = n as usize;
            prop_assert!(tree.range(from..from + 100).map(|one| one.0).eq(
                model.iter().copied().skip(from).take(100)));
            prop_assert_eq!(tree.get(from).map(|found| found.0.0), model.get(from).copied());
        }
    }
}

#[test]
fn a_tree_filled_in_order_has_full_leaves() {
    let tree: Tree<One> = (0..100_000).map(One).collect();
    assert!(tree.heap_bytes() < 100_000 * 5, "{}", tree.heap_bytes());
    let mut backwards = Tree::new();
    (0..100_000).rev().for_each(|n| backwards.insert_at(0, One(n)));
    assert!(backwards.heap_bytes() < 100_000 * 6, "{}", backwards.heap_bytes());
    assert!(tree.iter().eq(backwards.iter()));
}

/// Of two copies, each changes as if it were alone.
#[test]
fn copies_part_where_they_change() {
    let mut tree: Tree<One> = (0..5000).map(One).collect();
    let mut copies = Vec::new();
    let mut model: Vec<One> = (0..5000).map(One).collect();
    for step in 0..600usize {
        let place = step * 7919 % model.len();
        match step % 3 {
            0 => {
                tree.insert_at(place, One(step as u32));
                model.insert(place, One(step as u32));
            }
            1 => {
                (0..40.min(model.len() - place)).for_each(|_| {
                    assert_eq!(tree.remove_at(place), model.remove(place));
                });
            }
            _ => {
                tree.update(place, |one, _| one.0 += 1);
                model[place].0 += 1;
            }
        }
        if step % 50 == 0 {
            copies.push((tree.clone(), model.clone()));
        }
    }
    copies.push((tree, model));
    for (tree, model) in copies {
        tree.check();
        assert!(tree.iter().eq(model.iter()));
    }
}
