//! Finding a name's index among a policy's names: made once at load, looked into once a call.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// Open addressing over at most a quarter of the places. The names are the author's, so a fast hash is no way in: who calls
/// cannot add any.
#[derive(Debug)]
pub(crate) struct Names {
    hasher: RandomState,
    /// The upper half of a name's hash, and its index plus one; zero where there is none. A power of two of them.
    places: Box<[u64]>,
}

const INDEX: u64 = 0xffff_ffff;

impl Names {
    /// The names in the order of their indices; where one comes twice, the first is found.
    pub(crate) fn new<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let hasher = RandomState::default();
        let length = names.len().saturating_mul(4).next_power_of_two().max(4);
        let mut places = vec![0_u64; length].into_boxed_slice();
        for (index, name) in (1_u64..=INDEX).zip(names) {
            let hash = hasher.hash_one(name);
            let free = probe(hash, length).find(|place| places.get(*place) == Some(&0));
            if let Some(place) = free.and_then(|place| places.get_mut(place)) {
                *place = (hash & !INDEX) | index;
            }
        }
        Self { hasher, places }
    }

    /// The index of a name; `is_named` says whether the name of an index is `name`.
    #[inline(always)]
    pub(crate) fn find(&self, name: &str, is_named: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        for place in probe(hash, self.places.len()) {
            let found = *self.places.get(place)?;
            if found == 0 {
                return None;
            }
            if (found ^ hash) & !INDEX == 0 {
                let index = u32::try_from(found & INDEX).unwrap_or_default().wrapping_sub(1);
                if is_named(index) {
                    return Some(index);
                }
            }
        }
        None
    }
}

/// The places of a hash, in the order they are tried.
#[inline(always)]
fn probe(hash: u64, length: usize) -> impl Iterator<Item = usize> {
    let mask = length.wrapping_sub(1);
    let first = usize::try_from(hash & INDEX).unwrap_or_default();
    (0..length).map(move |step| first.wrapping_add(step) & mask)
}

/// Whether two names are the same: without a call where they are short.
#[inline(always)]
pub(crate) fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    // A name's first and last eight bytes are all that there is of one of 8 to 16; so with four.
    match left.len() {
        8..=16 => ends::<8>(left) == ends::<8>(right),
        4..8 => ends::<4>(left) == ends::<4>(right),
        _ => left == right,
    }
}

#[inline(always)]
fn ends<const N: usize>(name: &[u8]) -> (Option<&[u8; N]>, Option<&[u8; N]>) {
    (name.first_chunk(), name.last_chunk())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn find(names: &Names, all: &[String], name: &str) -> Option<u32> {
        names.find(name, |index| same(&all[usize::try_from(index).unwrap()], name))
    }

    proptest! {
        #[test]
        fn finds_what_a_map_finds(all in proptest::collection::hash_set("[ab]{0,20}", 0..60), asked in "[ab]{0,20}") {
            let all: Vec<String> = all.into_iter().collect();
            let names = Names::new(all.iter().map(String::as_str));
            let map: HashMap<&str, u32> = all.iter().map(String::as_str).zip(0..).collect();
            for name in all.iter().map(String::as_str).chain([asked.as_str()]) {
                prop_assert_eq!(find(&names, &all, name), map.get(name).copied());
            }
        }

        #[test]
        fn names_are_the_same_where_their_bytes_are(left in "[ab]{0,40}", right in "[ab]{0,40}", place in 0..40_usize) {
            prop_assert_eq!(same(&left, &right), left == right);
            prop_assert!(same(&left, &left.clone()));
            let mut other = left.clone().into_bytes();
            if let Some(byte) = other.get_mut(place) {
                *byte ^= 3;
                prop_assert!(!same(&left, std::str::from_utf8(&other).unwrap()));
            }
        }
    }
}
