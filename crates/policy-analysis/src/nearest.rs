//! The known name that was probably meant.

/// How long a name may be for another one to be like it, in bytes.
const LIKE_MAX: usize = 128;

/// The known name that is most like the other, if any is: a third of its letters may be wrong. Of several that are alike, the
/// first.
#[must_use]
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // Comparing takes the product of the lengths, so names of which too many letters differ are passed over before.
    let mut best: Option<(usize, &str)> = None;
    for candidate in known.filter(|known| known.len().max(name.len()) <= LIKE_MAX) {
        let bound = name.len().max(candidate.len()).div_ceil(3);
        let bound = best.map_or(bound, |(distance, _)| bound.min(distance.saturating_sub(1)));
        if name.len().abs_diff(candidate.len()) > bound {
            continue;
        }
        let distance = strsim::damerau_levenshtein(name, candidate);
        if distance <= bound {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}
