//! Sets of numbers: intervals with exact bounds. Closed under intersection and complement.

use std::cmp::Ordering;

use policy_core::{Amount, Number};

use super::exact::Exact;
use super::outcomes::Search;

/// Where an interval begins: below everything, or at a number that is in it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Low {
    Unbounded,
    At { number: Exact, included: bool },
}

/// Where an interval ends.
#[derive(Clone, Debug, PartialEq, Eq)]
enum High {
    Unbounded,
    At { number: Exact, included: bool },
}

/// An interval, and which of its numbers are meant: those that a counter can be charged (multiples of a millionth), the
/// others, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    low: Low,
    high: High,
    chargeable: bool,
    fine: bool,
}

/// A set of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSet {
    /// In order, no two with a number in common.
    pieces: Vec<Piece>,
}

impl NumberSet {
    /// No number.
    pub const EMPTY: Self = Self { pieces: Vec::new() };

    /// Every number.
    #[must_use]
    pub fn all() -> Self {
        Self {
            pieces: vec![Piece { low: Low::Unbounded, high: High::Unbounded, chargeable: true, fine: true }],
        }
    }

    /// These numbers.
    #[must_use]
    pub fn only<'a>(numbers: impl IntoIterator<Item = &'a Number>) -> Self {
        let mut points: Vec<Exact> = numbers.into_iter().map(Exact::new).collect();
        points.sort();
        points.dedup();
        let piece = |number: Exact| Piece {
            low: Low::At { number: number.clone(), included: true },
            high: High::At { number, included: true },
            chargeable: true,
            fine: true,
        };
        Self { pieces: points.into_iter().map(piece).collect() }
    }

    /// The numbers below this one, itself among them or not.
    #[must_use]
    pub fn below(number: &Number, included: bool) -> Self {
        let high = High::At { number: Exact::new(number), included };
        Self { pieces: vec![Piece { low: Low::Unbounded, high, chargeable: true, fine: true }] }
    }

    /// The numbers above this one, itself among them or not.
    #[must_use]
    pub fn above(number: &Number, included: bool) -> Self {
        let low = Low::At { number: Exact::new(number), included };
        Self { pieces: vec![Piece { low, high: High::Unbounded, chargeable: true, fine: true }] }
    }

    /// What a call may cost under a limit: zero or more, at most `max`, a multiple of a millionth.
    #[must_use]
    pub fn costs(max: Amount) -> Self {
        let (Some(zero), Some(max)) = (Exact::zero(), Exact::parse(&max.to_string())) else {
            return Self::EMPTY;
        };
        let low = Low::At { number: zero, included: true };
        let high = High::At { number: max, included: true };
        Self { pieces: vec![Piece { low, high, chargeable: true, fine: false }] }
    }

    /// Whether it was built without a number in it. Sets that only turn out to hold none are found by
    /// [`find`](Self::find).
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether every number is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// Whether the number is in it.
    #[must_use]
    pub fn contains(&self, number: &Number) -> bool {
        let number = Exact::new(number);
        self.pieces.iter().any(|piece| piece.contains(&number))
    }

    /// The numbers in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut pieces = Vec::new();
        let (mut ours, mut theirs) = (self.pieces.iter().peekable(), other.pieces.iter().peekable());
        while let (Some(one), Some(two)) = (ours.peek(), theirs.peek()) {
            let piece = Piece {
                low: later(&one.low, &two.low),
                high: earlier(&one.high, &two.high),
                chargeable: one.chargeable && two.chargeable,
                fine: one.fine && two.fine,
            };
            if piece.is_possible() {
                pieces.push(piece);
            }
            match ends(&one.high, &two.high) {
                Ordering::Less => ours.next(),
                Ordering::Equal | Ordering::Greater => theirs.next(),
            };
        }
        Self { pieces }
    }

    /// The numbers that are not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut pieces = Vec::new();
        let mut low = Some(Low::Unbounded);
        for piece in &self.pieces {
            let before = match &piece.low {
                Low::Unbounded => None,
                Low::At { number, included } => {
                    Some(High::At { number: number.clone(), included: !included })
                }
            };
            if let (Some(low), Some(high)) = (low, before) {
                pieces.push(Piece { low, high, chargeable: true, fine: true });
            }
            pieces.push(Piece { chargeable: !piece.chargeable, fine: !piece.fine, ..piece.clone() });
            low = match &piece.high {
                High::Unbounded => None,
                High::At { number, included } => {
                    Some(Low::At { number: number.clone(), included: !included })
                }
            };
        }
        if let Some(low) = low {
            pieces.push(Piece { low, high: High::Unbounded, chargeable: true, fine: true });
        }
        pieces.retain(Piece::is_possible);
        Self { pieces }
    }

    /// A number that is in it, plain ones first.
    #[must_use]
    pub fn find(&self) -> Search<Number> {
        self.pieces.iter().fold(Search::Empty, |so_far, piece| so_far.or_else(|| piece.find()))
    }
}

impl Piece {
    /// Whether there can be a number in it: false only where there is none.
    fn is_possible(&self) -> bool {
        if !self.chargeable && !self.fine {
            return false;
        }
        match (&self.low, &self.high) {
            (Low::At { number: low, included: from }, High::At { number: high, included: to }) => {
                match low.cmp(high) {
                    Ordering::Less => true,
                    Ordering::Equal => *from && *to && self.has_grain(low),
                    Ordering::Greater => false,
                }
            }
            _ => true,
        }
    }

    fn has_grain(&self, number: &Exact) -> bool {
        if number.is_fine() { self.fine } else { self.chargeable }
    }

    fn contains(&self, number: &Exact) -> bool {
        let after = match &self.low {
            Low::Unbounded => true,
            Low::At { number: low, included } => low < number || (*included && low == number),
        };
        let before = match &self.high {
            High::Unbounded => true,
            High::At { number: high, included } => number < high || (*included && number == high),
        };
        after && before && self.has_grain(number)
    }

    fn find(&self) -> Search<Number> {
        let candidates = self.candidates();
        match candidates.into_iter().flatten().find(|candidate| self.contains(candidate)) {
            Some(found) => Search::Found(found.number().clone()),
            None => Search::Unknown,
        }
    }

    /// Numbers that may well be in it: next to its ends, in its middle, and those that are no multiples of a millionth.
    fn candidates(&self) -> Vec<Option<Exact>> {
        let low = match &self.low {
            Low::Unbounded => None,
            Low::At { number, .. } => Some(number),
        };
        let high = match &self.high {
            High::Unbounded => None,
            High::At { number, .. } => Some(number),
        };
        let step = |text: &str| Exact::parse(text);
        let beside = |end: Option<&Exact>, text: &str| end.and_then(|end| end.plus(&step(text)?));
        let middle = match (low, high) {
            (Some(low), Some(high)) => low.middle(high),
            _ => None,
        };
        let mut candidates = vec![
            low.cloned(),
            beside(low, "1"),
            beside(high, "-1"),
            high.cloned(),
            step("0"),
            step("1"),
            step("-1"),
            beside(low, "0.01"),
            beside(low, "0.000001"),
            beside(high, "-0.000001"),
            middle.clone(),
            beside(low, "0.0000001"),
            beside(high, "-0.0000001"),
            step("0.0000001"),
        ];
        // Where numbers are so large that one more cannot be written beside them.
        candidates.extend(
            [low, high, middle.as_ref()]
                .into_iter()
                .flat_map(|end| [1, -1].map(|places| end.and_then(|end| end.shifted(places)))),
        );
        candidates.extend([low, high].map(|end| end.and_then(|end| end.plus(end))));
        let quarter = |one: Option<&Exact>| one.and_then(|one| one.middle(middle.as_ref()?));
        candidates.extend([quarter(low), quarter(high)]);
        candidates
    }
}

fn later(one: &Low, two: &Low) -> Low {
    match (one, two) {
        (Low::Unbounded, other) | (other, Low::Unbounded) => other.clone(),
        (Low::At { number: a, included: with_a }, Low::At { number: b, included: with_b }) => {
            match a.cmp(b) {
                Ordering::Greater => one.clone(),
                Ordering::Less => two.clone(),
                Ordering::Equal => Low::At { number: a.clone(), included: *with_a && *with_b },
            }
        }
    }
}

fn earlier(one: &High, two: &High) -> High {
    if ends(one, two) == Ordering::Greater { two.clone() } else { one.clone() }
}

/// Which of two intervals ends first.
fn ends(one: &High, two: &High) -> Ordering {
    match (one, two) {
        (High::Unbounded, High::Unbounded) => Ordering::Equal,
        (High::Unbounded, High::At { .. }) => Ordering::Greater,
        (High::At { .. }, High::Unbounded) => Ordering::Less,
        (High::At { number: a, included: with_a }, High::At { number: b, included: with_b }) => {
            a.cmp(b).then(with_a.cmp(with_b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn an_interval_that_closes_is_empty_and_one_that_does_not_has_an_element() {
        let above = NumberSet::above(&number("10"), false);
        assert_eq!(above.and(&NumberSet::below(&number("10.0"), true)).find(), Search::Empty);
        assert_eq!(above.and(&NumberSet::below(&number("20"), true)).find(), Search::Found(number("11")));
        let narrow = above.and(&NumberSet::below(&number("10.0000000000000000000001"), false));
        let found = narrow.find().found().unwrap();
        assert!(narrow.contains(&found));
    }

    #[test]
    fn a_set_and_its_complement_share_nothing_and_leave_nothing_out() {
        let sets = [
            NumberSet::EMPTY,
            NumberSet::all(),
            NumberSet::only([&number("1"), &number("1.0"), &number("-3")]),
            NumberSet::above(&number("5"), true),
            NumberSet::costs(Amount::ONE),
        ];
        for set in &sets {
            let rest = set.complement();
            assert_eq!(set.and(&rest).find(), Search::Empty, "{set:?}");
            assert_eq!(rest.complement().and(&rest).find(), Search::Empty, "{set:?}");
            for probe in ["-3", "-1", "0", "0.5", "0.0000001", "1", "1.0", "4.9", "5", "1e400"] {
                assert_ne!(set.contains(&number(probe)), rest.contains(&number(probe)), "{probe} in {set:?}");
            }
        }
    }

    #[test]
    fn costs_are_multiples_of_a_millionth() {
        let costs = NumberSet::costs(Amount::whole(5).unwrap());
        assert!(costs.contains(&number("4.999999")) && !costs.contains(&number("4.9999999")));
        let refused = costs
            .complement()
            .and(&NumberSet::above(&number("0"), true))
            .and(&NumberSet::below(&number("5"), true));
        assert_eq!(refused.find(), Search::Found(number("0.0000001")));
    }
}
