//! RFC 6901 pointers into a text that was read: whether there is anything where a message says something stands.

use policy_core::arguments::{Json, Kind};

/// The values that a pointer leads to: several where a name stands twice, none where it leads nowhere.
pub(crate) fn resolve<'t>(root: Json<'t>, pointer: &str) -> Vec<Json<'t>> {
    if pointer.is_empty() {
        return vec![root];
    }
    let steps = pointer.strip_prefix('/').expect("a pointer is empty or begins with a slash").split('/');
    steps.fold(vec![root], |values, step| values.iter().flat_map(|value| inside(*value, step)).collect())
}

/// What a pointer's last step is taken from, and that step.
pub(crate) fn split_last(pointer: &str) -> Option<(&str, String)> {
    pointer.rsplit_once('/').map(|(parent, last)| (parent, unescape(last)))
}

fn inside<'t>(value: Json<'t>, step: &str) -> Vec<Json<'t>> {
    match value.kind() {
        Kind::Object => {
            let name = unescape(step);
            value
                .members()
                .filter(|(member, _)| member.as_str() == Some(name.as_str()))
                .map(|(_, value)| value)
                .collect()
        }
        Kind::Array => {
            let place: usize = step.parse().expect("a step into a list is a number");
            assert_eq!(place.to_string(), step, "a step into a list is a plain number");
            value.elements().nth(place).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
