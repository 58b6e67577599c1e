//! What judging comes to, and which way a condition is read where it could be read two ways.

use std::ops::ControlFlow;

/// What judging a condition, or a group of them, comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    False,
    /// The argument is there, and of a type that the operator cannot judge.
    Mismatch,
    /// The argument is a string that is not what the operator reads, or that two readers could read differently. It denies
    /// like a mismatch, and unlike one it cannot be ignored: an odd spelling must not slip under a `deny_if`. A group
    /// comes to a mismatch where one of its conditions comes to this.
    Refused,
}

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::False }
    }
}

/// What follows where a rule holds. Some conditions can be read narrowly or widely: which elements `[*]` speaks of, which
/// ports a host without one has. They are read so that fewer calls pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// The call may pass, as under `require`. Read narrowly: **every** element, the scheme's own port.
    Permits,
    /// The call is kept from passing, as under `deny_if`. Read widely: **any** element, any port.
    Forbids,
}

impl Sense {
    /// What the outcomes at several places come to.
    pub(super) fn all_told(self, places: impl FnOnce(&mut dyn FnMut(Outcome) -> ControlFlow<()>)) -> Outcome {
        let mut told = match self {
            Self::Permits => Outcome::Holds,
            Self::Forbids => Outcome::False,
        };
        // What one place alone decides. Otherwise what cannot be judged is what counts.
        let decisive = match self {
            Self::Permits => Outcome::False,
            Self::Forbids => Outcome::Holds,
        };
        places(&mut |outcome| {
            if outcome == decisive {
                told = outcome;
                return ControlFlow::Break(());
            }
            told = match (told, outcome) {
                (Outcome::Refused, _) | (_, Outcome::Refused) => Outcome::Refused,
                (Outcome::Mismatch, _) | (_, Outcome::Mismatch) => Outcome::Mismatch,
                _ => told,
            };
            ControlFlow::Continue(())
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sense: Sense, outcomes: &[Outcome]) -> Outcome {
        sense.all_told(|place| {
            let _ended = outcomes.iter().try_for_each(|outcome| place(*outcome));
        })
    }

    #[test]
    fn one_element_decides_against_the_call_and_what_cannot_be_judged_denies() {
        use Outcome::{False, Holds, Mismatch, Refused};
        for (outcomes, permits, forbids) in [
            (&[Holds, Holds][..], Holds, Holds),
            (&[Holds, False], False, Holds),
            (&[False, Holds], False, Holds),
            (&[False, False], False, False),
            (&[Holds, Mismatch], Mismatch, Holds),
            (&[Mismatch, False], False, Mismatch),
            (&[Mismatch, Refused, Mismatch], Refused, Refused),
            (&[False, Refused], False, Refused),
            (&[Refused, Holds], Refused, Holds),
        ] {
            assert_eq!(told(Sense::Permits, outcomes), permits, "{outcomes:?} under require");
            assert_eq!(told(Sense::Forbids, outcomes), forbids, "{outcomes:?} under deny_if");
        }
    }
}
