//! Finding a name's index among a policy's names: made once at load, looked into once a call.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// Open addressing over at most half the places. The names are the author's, so a fast hash is no way in: who calls
/// cannot add any.
#[derive(Debug)]
pub(crate) struct Names {
    hasher: RandomState,
    /// A power of two of them.
    places: Box<[Place]>,
    /// All names, one after the other, so that they are near when they are looked up.
    text: Box<str>,
}

/// A place, and all that is needed to see whose it is: what is looked at next then need not wait for the name.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The upper half of the name's hash.
    tag: u32,
    /// One more than the name's index; zero where there is none.
    number: u32,
    name: Name,
}

/// Where a name stands among all of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Name {
    start: u32,
    end: u32,
}

impl Names {
    /// The names in the order of their indices, and where each stands; of two that are the same, the first is found. All of
    /// them together are shorter than 4 GiB: see `Policy::check`.
    pub(crate) fn new<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> (Self, Vec<Name>) {
        let hasher = RandomState::default();
        // Few names are worth some room: what is not there is then mostly seen at once.
        let room = if names.len() < 1_000 { 4 } else { 2 };
        let length = names.len().saturating_mul(room).next_power_of_two().max(4);
        let mut places = vec![Place::default(); length].into_boxed_slice();
        let mut text = String::new();
        let mut standing = Vec::with_capacity(names.len());
        for (number, word) in (1..).zip(names) {
            let start = offset(text.len());
            text.push_str(word);
            let name = Name { start, end: offset(text.len()) };
            standing.push(name);
            let hash = hasher.hash_one(word);
            let is_free = |place: &usize| places.get(*place).is_some_and(|place| place.number == 0);
            let free = probe(hash, length).find(is_free);
            if let Some(place) = free.and_then(|place| places.get_mut(place)) {
                *place = Place { tag: tag(hash), number, name };
            }
        }
        (Self { hasher, places, text: text.into() }, standing)
    }

    /// The name that stands there.
    pub(crate) fn text(&self, Name { start, end }: Name) -> &str {
        let place = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text.get(place(start)..place(end)).unwrap_or_default()
    }

    /// The index of a name.
    #[inline(always)]
    pub(crate) fn find(&self, word: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(word);
        for place in probe(hash, self.places.len()) {
            let Place { tag: found, number, name } = *self.places.get(place)?;
            if number == 0 {
                return None;
            }
            if found == tag(hash) && self.is(name, word) {
                return Some(number.wrapping_sub(1));
            }
        }
        None
    }

    /// Whether the name that stands there is that one.
    #[inline(always)]
    fn is(&self, Name { start, end }: Name, word: &str) -> bool {
        let place = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text.as_bytes().get(place(start)..place(end)).is_some_and(|bytes| same(bytes, word.as_bytes()))
    }
}

#[inline(always)]
fn tag(hash: u64) -> u32 {
    u32::try_from(hash.wrapping_shr(32)).unwrap_or_default()
}

fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The places of a hash, in the order they are tried.
#[inline(always)]
fn probe(hash: u64, length: usize) -> impl Iterator<Item = usize> {
    let mask = length.wrapping_sub(1);
    let first = usize::try_from(hash & 0xffff_ffff).unwrap_or_default();
    (0..length).map(move |step| first.wrapping_add(step) & mask)
}

/// Whether two names are the same: without a call where they are short.
#[inline(always)]
fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // The first and last eight bytes are all that there is of a name of 8 to 16; so with 4 and with 16.
    match left.len() {
        8..=16 => ends::<8>(left) == ends::<8>(right),
        17..=32 => ends::<16>(left) == ends::<16>(right),
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

    proptest! {
        #[test]
        fn finds_what_a_map_finds(all in proptest::collection::hash_set("[ab]{0,20}", 0..60), asked in "[ab]{0,20}") {
            let all: Vec<String> = all.into_iter().collect();
            let (names, standing) = Names::new(all.iter().map(String::as_str));
            for (name, place) in all.iter().zip(standing) {
                prop_assert_eq!(name, names.text(place));
            }
            let map: HashMap<&str, u32> = all.iter().map(String::as_str).zip(0..).collect();
            for name in all.iter().map(String::as_str).chain([asked.as_str()]) {
                prop_assert_eq!(names.find(name), map.get(name).copied());
            }
        }

        #[test]
        fn names_are_the_same_where_their_bytes_are(left in "[ab]{0,40}", right in "[ab]{0,40}", place in 0..40_usize) {
            let (left, right) = (left.as_bytes(), right.as_bytes());
            prop_assert_eq!(same(left, right), left == right);
            prop_assert!(same(left, left));
            let mut other = left.to_vec();
            if let Some(byte) = other.get_mut(place) {
                *byte ^= 3;
                prop_assert!(!same(left, &other));
            }
        }
    }
}
