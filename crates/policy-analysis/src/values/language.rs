//! Patterns as automata: whether there is a string that some match, others do not, and that is none of a few.
//!
//! An automaton is made by the crate that `regex` is built on, so that both read a pattern alike. What is found is
//! judged once more by the real operator; that nothing is there rests on the automaton alone.

use std::collections::{BTreeSet, HashMap, VecDeque};

use regex_automata::Input;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;

use super::outcomes::Search;

/// How large an automaton may get, in bytes.
const AUTOMATON_SIZE_MAX: usize = 1 << 21;
/// How many states of several automata taken together are looked at.
const STATES_MAX: usize = 10_000;
/// How many strings are offered to whoever wants one.
const OFFERS_MAX: usize = 64;

/// The strings in which a pattern is found.
#[derive(Debug)]
pub(crate) struct Language {
    automaton: dense::DFA<Vec<u32>>,
    /// What the automaton says of strings with other characters than ASCII is not to be relied on.
    ascii_only: bool,
}

/// Where one automaton stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// The pattern has not been found, and may be yet.
    Open(StateID),
    /// It has been found, whatever follows.
    Found,
    /// It will not be found, whatever follows.
    Lost,
    /// The automaton gives up.
    Unsure,
}

impl Language {
    /// The strings in which the pattern is found; `None` where its automaton would get too large.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        // Word boundaries between characters that are not ASCII are beyond such automata.
        let ascii_only = ["\\b", "\\B", "\\<", "\\>"].iter().any(|boundary| pattern.contains(boundary));
        let config = dense::Config::new()
            .start_kind(StartKind::Unanchored)
            .unicode_word_boundary(ascii_only)
            .accelerate(false)
            .dfa_size_limit(Some(AUTOMATON_SIZE_MAX))
            .determinize_size_limit(Some(AUTOMATON_SIZE_MAX));
        let thompson = thompson::Config::new().nfa_size_limit(Some(AUTOMATON_SIZE_MAX));
        let automaton = dense::Builder::new().configure(config).thompson(thompson).build(pattern).ok()?;
        Some(Self { automaton, ascii_only })
    }

    fn start(&self) -> Place {
        match self.automaton.start_state_forward(&Input::new("")) {
            Ok(state) => self.place(state),
            Err(_) => Place::Unsure,
        }
    }

    fn place(&self, state: StateID) -> Place {
        if self.automaton.is_match_state(state) {
            Place::Found
        } else if self.automaton.is_dead_state(state) {
            Place::Lost
        } else if self.automaton.is_quit_state(state) {
            Place::Unsure
        } else {
            Place::Open(state)
        }
    }

    fn next(&self, place: Place, byte: u8) -> Place {
        match place {
            Place::Open(_) if self.ascii_only && !byte.is_ascii() => Place::Unsure,
            Place::Open(state) => self.place(self.automaton.next_state(state, byte)),
            settled => settled,
        }
    }

    /// What it comes to where the string ends here.
    fn end(&self, place: Place) -> Place {
        match place {
            Place::Open(state) => match self.place(self.automaton.next_eoi_state(state)) {
                Place::Open(_) => Place::Lost,
                settled => settled,
            },
            settled => settled,
        }
    }
}

/// What is looked for: each language, and whether the string is to be in it; and strings that it is not to be.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) languages: Vec<(&'a Language, bool)>,
    pub(crate) except: &'a BTreeSet<Box<str>>,
}

/// Where everything stands after some bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    places: Vec<Place>,
    utf8: Utf8,
    /// The place in the tree of the strings that are not wanted; `None` off it.
    tree: Option<usize>,
}

impl Wanted<'_> {
    /// Looks for a string, short ones first, until one is accepted. `Empty` is said only where there is none at all, whoever
    /// accepts.
    pub(crate) fn find(&self, mut accept: impl FnMut(&str) -> bool) -> Search<Box<str>> {
        let tree = Tree::new(self.except);
        let alphabet = self.alphabet(&tree);
        let start = State {
            places: self.languages.iter().map(|(language, _)| language.start()).collect(),
            utf8: Utf8::Boundary,
            tree: Some(0),
        };
        let mut seen: HashMap<State, usize> = HashMap::from([(start.clone(), 0)]);
        // How each state was come to: from which, by which byte.
        let mut ways: Vec<(usize, u8)> = vec![(0, 0)];
        let mut queue = VecDeque::from([(start, 0_usize)]);
        let (mut unsure, mut offers) = (false, 0_usize);
        while let Some((state, number)) = queue.pop_front() {
            match self.standing(&state, &tree) {
                Standing::In => {
                    offers = offers.saturating_add(1);
                    unsure = true;
                    match spelled(&ways, number) {
                        Some(found) if accept(&found) => return Search::Found(found.into()),
                        _ if offers >= OFFERS_MAX => return Search::Unknown,
                        _ => {}
                    }
                }
                Standing::Unsure => unsure = true,
                Standing::Out => {}
            }
            for byte in &alphabet {
                let Some(next) = self.next(&state, *byte, &tree) else { continue };
                if next.places.contains(&Place::Unsure) {
                    unsure = true;
                    continue;
                }
                let count = seen.len();
                if seen.contains_key(&next) {
                    continue;
                }
                if count >= STATES_MAX {
                    return Search::Unknown;
                }
                seen.insert(next.clone(), count);
                ways.push((number, *byte));
                queue.push_back((next, count));
            }
        }
        if unsure { Search::Unknown } else { Search::Empty }
    }

    /// Where the byte leads; `None` where nothing wanted can follow.
    fn next(&self, state: &State, byte: u8, tree: &Tree) -> Option<State> {
        let utf8 = state.utf8.next(byte)?;
        let places: Vec<Place> = self
            .languages
            .iter()
            .zip(&state.places)
            .map(|((language, _), place)| language.next(*place, byte))
            .collect();
        let hopeless = self.languages.iter().zip(&places).any(|((_, wanted), place)| match place {
            Place::Found => !wanted,
            Place::Lost => *wanted,
            Place::Open(_) | Place::Unsure => false,
        });
        (!hopeless).then(|| State { places, utf8, tree: state.tree.and_then(|node| tree.next(node, byte)) })
    }

    fn standing(&self, state: &State, tree: &Tree) -> Standing {
        if state.utf8 != Utf8::Boundary || state.tree.is_some_and(|node| tree.is_end(node)) {
            return Standing::Out;
        }
        let mut standing = Standing::In;
        for ((language, wanted), place) in self.languages.iter().zip(&state.places) {
            match language.end(*place) {
                Place::Unsure => standing = Standing::Unsure,
                Place::Found if *wanted => {}
                Place::Lost if !wanted => {}
                Place::Found | Place::Lost | Place::Open(_) => return Standing::Out,
            }
        }
        standing
    }

    /// One byte for each kind that something tells apart from the others, those that read well first.
    fn alphabet(&self, tree: &Tree) -> Vec<u8> {
        let plain = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(*b" /-_.:@");
        let all = plain.chain(0x21..=0x7e).chain(0x80..=0xff).chain(0x00..=0x20).chain([0x7f]);
        let mut kinds = std::collections::HashSet::new();
        all.filter(|byte| {
            let classes: Vec<u8> = self
                .languages
                .iter()
                .map(|(language, _)| language.automaton.byte_classes().get(*byte))
                .collect();
            kinds.insert((classes, utf8_kind(*byte), tree.bytes.contains(byte).then_some(*byte)))
        })
        .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    In,
    Out,
    Unsure,
}

/// The string whose bytes led to a state.
fn spelled(ways: &[(usize, u8)], mut number: usize) -> Option<String> {
    let mut bytes = Vec::new();
    while number != 0 {
        let (before, byte) = ways.get(number)?;
        bytes.push(*byte);
        number = *before;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

/// How much of a character has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Utf8 {
    Boundary,
    /// So many bytes of the usual range are missing.
    One,
    Two,
    Three,
    /// The next byte has a narrower range: after E0, ED, F0, F4.
    AfterE0,
    AfterEd,
    AfterF0,
    AfterF4,
}

impl Utf8 {
    fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Boundary, 0x00..=0x7f) | (Self::One, 0x80..=0xbf) => Some(Self::Boundary),
            (Self::Boundary, 0xc2..=0xdf)
            | (Self::Two, 0x80..=0xbf)
            | (Self::AfterE0, 0xa0..=0xbf)
            | (Self::AfterEd, 0x80..=0x9f) => Some(Self::One),
            (Self::Boundary, 0xe0) => Some(Self::AfterE0),
            (Self::Boundary, 0xed) => Some(Self::AfterEd),
            (Self::Boundary, 0xe1..=0xef)
            | (Self::Three, 0x80..=0xbf)
            | (Self::AfterF0, 0x90..=0xbf)
            | (Self::AfterF4, 0x80..=0x8f) => Some(Self::Two),
            (Self::Boundary, 0xf0) => Some(Self::AfterF0),
            (Self::Boundary, 0xf1..=0xf3) => Some(Self::Three),
            (Self::Boundary, 0xf4) => Some(Self::AfterF4),
            _ => None,
        }
    }
}

/// Bytes of one kind lead from every place of a character to the same next one.
fn utf8_kind(byte: u8) -> u8 {
    match byte {
        0x00..=0x7f => 0,
        0x80..=0x8f => 1,
        0x90..=0x9f => 2,
        0xa0..=0xbf => 3,
        0xc0..=0xc1 | 0xf5..=0xff => 4,
        0xc2..=0xdf => 5,
        0xe0 => 6,
        0xed => 7,
        0xe1..=0xef => 8,
        0xf0 => 9,
        0xf1..=0xf3 => 10,
        0xf4 => 11,
    }
}

/// The strings that are not wanted, byte by byte.
#[derive(Debug, Default)]
struct Tree {
    next: HashMap<(usize, u8), usize>,
    ends: BTreeSet<usize>,
    bytes: BTreeSet<u8>,
}

impl Tree {
    fn new(strings: &BTreeSet<Box<str>>) -> Self {
        let mut tree = Self::default();
        let mut nodes = 1_usize;
        for string in strings {
            let mut node = 0;
            for byte in string.bytes() {
                tree.bytes.insert(byte);
                node = *tree.next.entry((node, byte)).or_insert_with(|| {
                    let new = nodes;
                    nodes = nodes.saturating_add(1);
                    new
                });
            }
            tree.ends.insert(node);
        }
        tree
    }

    fn next(&self, node: usize, byte: u8) -> Option<usize> {
        self.next.get(&(node, byte)).copied()
    }

    fn is_end(&self, node: usize) -> bool {
        self.ends.contains(&node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(wanted: &[(&str, bool)], except: &[&str]) -> Search<Box<str>> {
        let languages: Vec<_> =
            wanted.iter().map(|(pattern, wanted)| (Language::new(pattern).unwrap(), *wanted)).collect();
        let except = except.iter().map(|text| (*text).into()).collect();
        let languages = languages.iter().map(|(language, wanted)| (language, *wanted)).collect();
        Wanted { languages, except: &except }.find(|_| true)
    }

    #[test]
    fn a_wider_pattern_has_a_string_that_the_narrower_has_not() {
        assert_eq!(find(&[("^[a-z]+$", false), ("^[a-z0-9]+$", true)], &[]), Search::Found("0".into()));
        assert_eq!(find(&[("^[a-z]+$", true), ("^[a-z0-9]+$", false)], &[]), Search::Empty);
        assert_eq!(find(&[("^/data/", false), ("^/data", true)], &[]), Search::Found("/data".into()));
        assert_eq!(find(&[("(?i)drop", true), ("DROP", false)], &["drop"]).found().map(|s| s.len()), Some(4));
    }

    #[test]
    fn strings_that_are_not_wanted_are_left_out_exactly() {
        assert_eq!(find(&[("^(a|b)$", true)], &["a", "b"]), Search::Empty);
        assert_eq!(find(&[("^(a|b|é)$", true)], &["a", "b"]), Search::Found("é".into()));
        assert_eq!(find(&[], &[""]), Search::Found("a".into()));
    }

    #[test]
    fn an_anchor_is_no_part_of_the_text() {
        assert_eq!(find(&[("^a$", true), ("^a", false)], &[]), Search::Empty);
        assert_eq!(find(&[("^a", true), ("^a$", false)], &[]).found().as_deref(), Some("aa"));
        assert_eq!(find(&[("(?m)^a$", true), ("^a$", false)], &[]).found().as_deref(), Some("a\n"));
    }

    #[test]
    fn word_boundaries_are_decided_within_ascii_and_left_open_beyond() {
        assert_eq!(find(&[(r"\bdrop\b", true)], &[]), Search::Found("drop".into()));
        assert_eq!(find(&[(r"\bdrop\b", true), ("drop", false)], &[]), Search::Unknown);
    }
}
