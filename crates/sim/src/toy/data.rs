//! The toy's dataset: a few keys in two databases, a running fingerprint, and its form on disk and on the wire.

use replication::{Offset, ReplicationId};
use std::collections::BTreeMap;

/// Keys and values of all databases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    keys: BTreeMap<(u32, Vec<u8>), Vec<u8>>,
    /// The sum of the fingerprints of all pairs, so that the order of writes does not matter and a change is cheap.
    digest: u64,
}

/// FNV-1a: fast, and plenty for data that nobody forges.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for byte in part.iter().chain([&0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

impl Data {
    pub(crate) fn set(&mut self, db: u32, key: &[u8], value: &[u8]) {
        let pair = |value: &[u8]| hash(&[&db.to_le_bytes(), key, value]);
        self.digest = self.digest.wrapping_add(pair(value));
        if let Some(old) = self.keys.insert((db, key.to_vec()), value.to_vec()) {
            self.digest = self.digest.wrapping_sub(pair(&old));
        }
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// A dataset with its place in a history.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) data: Data,
    pub(crate) place: Option<(ReplicationId, Offset)>,
    /// The database that the stream has selected at that place.
    pub(crate) stream_db: u32,
}

const MAGIC: &[u8; 4] = b"TOY1";

impl Snapshot {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        match self.place {
            Some((id, offset)) => {
                out.push(1);
                out.extend_from_slice(id.as_str().as_bytes());
                out.extend_from_slice(&offset.0.to_le_bytes());
            }
            None => out.push(0),
        }
        out.extend_from_slice(&self.stream_db.to_le_bytes());
        out.extend_from_slice(&(self.data.keys.len() as u32).to_le_bytes());
        for ((db, key), value) in &self.data.keys {
            out.extend_from_slice(&db.to_le_bytes());
            for part in [key, value] {
                out.extend_from_slice(&(part.len() as u32).to_le_bytes());
                out.extend_from_slice(part);
            }
        }
        let sum = hash(&[&out]);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads what `encode` wrote; none where it is cut off, torn or foreign.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Snapshot> {
        let (body, sum) = bytes.split_last_chunk::<8>()?;
        if hash(&[body]) != u64::from_le_bytes(*sum) {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let place = match take(&mut rest, 1)? {
            [1] => {
                let id = ReplicationId::parse(take(&mut rest, 40)?)?;
                let offset = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
                Some((id, Offset(offset)))
            }
            _ => None,
        };
        let stream_db = number(&mut rest)?;
        let mut data = Data::default();
        for _ in 0..number(&mut rest)? {
            let db = number(&mut rest)?;
            let key_len = number(&mut rest)? as usize;
            let key = take(&mut rest, key_len)?;
            let value_len = number(&mut rest)? as usize;
            data.set(db, key, take(&mut rest, value_len)?);
        }
        Some(Snapshot { data, place, stream_db })
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_survives_the_trip_and_a_torn_one_is_known() {
        let mut data = Data::default();
        data.set(0, b"a", b"1");
        data.set(1, b"a", b"2");
        data.set(0, b"a", b"3");
        let id = ReplicationId::parse(&[b'a'; 40]);
        let place = id.map(|id| (id, Offset(9)));
        let bytes = Snapshot { data: data.clone(), place, stream_db: 1 }.encode();
        let back = Snapshot::decode(&bytes).expect("it is whole");
        assert_eq!((back.data.digest(), back.place, back.stream_db), (data.digest(), place, 1));
        for cut in 0..bytes.len() {
            assert!(Snapshot::decode(&bytes[..cut]).is_none());
        }
    }
}
