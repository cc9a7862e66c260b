//! Which name somebody may have meant who wrote one that there is not.

/// The known name that is nearest to `name`, if one is near enough: a third of its letters may be wrong, and no more
/// than three.
pub(crate) fn nearest<'a>(name: &[u8], known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.len() / 3).min(3);
    let distances = known.map(|it| (distance(name, it.as_bytes(), most), it));
    let (least, near) = distances.min_by_key(|(distance, _)| *distance)?;
    (0 < least && least <= most).then_some(near)
}

/// How many letters have to be put in, taken out, replaced or swapped with their neighbours to make one of the other;
/// something larger than `most` where it is more.
fn distance(a: &[u8], b: &[u8], most: usize) -> usize {
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut before = vec![0; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            next[j] = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_understood() {
        let known = ["maxmemory", "maxmemory-policy", "port", "save", "appendonly", "replicaof"];
        for (name, want) in [
            ("maxmemroy", Some("maxmemory")),
            ("maxmemory-polic", Some("maxmemory-policy")),
            ("prot", Some("port")),
            ("replica-of", Some("replicaof")),
            ("apendonly", Some("appendonly")),
            ("nonsense", None),
            ("x", None),
            ("", None),
            ("port", None),
        ] {
            assert_eq!(nearest(name.as_bytes(), known.into_iter()), want, "{name}");
        }
    }
}
