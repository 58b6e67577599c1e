//! Whether arguments meet demands of which some are alternatives: a search that is led by examples, and bounded.

use policy_core::Value;

use super::outcomes::Search;
use super::region::{Literal, Region, meets_all};

/// Alternatives: the arguments must meet all demands of at least one.
pub type Alternatives = Vec<Vec<Literal>>;

/// How many regions are looked at before a question counts as undecided.
pub const REGIONS_MAX: usize = 400;

/// Looks for arguments in the region that meet one alternative of each of the `clauses`, and that `accept` accepts.
/// `Empty` is said only where there are none, whatever `accept` would say.
pub fn solve(region: &Region, clauses: &[Alternatives], accept: &mut dyn FnMut(&Value) -> bool) -> Search {
    let mut region = region.clone();
    let mut open: Vec<&Alternatives> = Vec::new();
    for clause in clauses {
        match clause.as_slice() {
            [] => return Search::Empty,
            [only] => only.iter().for_each(|literal| region.demand(literal.clone())),
            _ => open.push(clause),
        }
    }
    let mut left = REGIONS_MAX;
    descend(&region, &open, accept, &mut left)
}

fn descend(
    region: &Region,
    clauses: &[&Alternatives],
    accept: &mut dyn FnMut(&Value) -> bool,
    left: &mut usize,
) -> Search {
    let Some(fewer) = left.checked_sub(1) else { return Search::Unknown };
    *left = fewer;
    // What an example does not meet yet is what is decided next.
    let place = match region.find() {
        Search::Empty => return Search::Empty,
        Search::Unknown => (!clauses.is_empty()).then_some(0),
        Search::Found(example) => {
            let is_met = |clause: &&Alternatives| clause.iter().any(|demands| meets_all(demands, &example));
            match clauses.iter().position(|clause| !is_met(clause)) {
                None if accept(&example) => return Search::Found(example),
                // Another example, from a smaller region, may do.
                None => (!clauses.is_empty()).then_some(0),
                place => place,
            }
        }
    };
    let Some((place, clause)) = place.and_then(|place| Some((place, clauses.get(place)?))) else {
        return Search::Unknown;
    };
    let mut others = clauses.to_vec();
    others.remove(place);
    let mut so_far = Search::Empty;
    for demands in clause.iter() {
        so_far = so_far.or_else(|| {
            let mut smaller = region.clone();
            demands.iter().for_each(|literal| smaller.demand(literal.clone()));
            descend(&smaller, &others, accept, left)
        });
        if matches!(so_far, Search::Found(_)) {
            break;
        }
    }
    so_far
}
