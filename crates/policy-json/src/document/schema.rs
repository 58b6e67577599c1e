//! The JSON Schema of a tool's arguments.

use policy_core::Schema;
use policy_core::arguments::{Json, Kind};

use super::fields::{At, Reading};
use crate::schema::compile;
use crate::text::to_value;

impl Reading<'_> {
    pub(crate) fn schema(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Schema> {
        if !matches!(value.kind(), Kind::Object | Kind::True | Kind::False) {
            self.wrong_type(at, value, "a JSON Schema: an object, `true` or `false`");
            return None;
        }
        if self.has_duplicates() {
            // Reported already; which of two members counts nobody knows.
            return None;
        }
        let document = to_value(value)?;
        let faults = match compile(&document) {
            Ok(schema) => return Some(schema),
            Err(faults) => faults,
        };
        for fault in faults {
            let wrong = find(value, &fault.pointer);
            self.report_below(fault.kind.code(), at, &fault.pointer, wrong, fault.message, fault.help);
        }
        None
    }
}

/// The value that a pointer leads to, or the last on the way that there is.
pub(crate) fn find<'t>(root: Json<'t>, pointer: &str) -> Json<'t> {
    let mut here = root;
    for step in pointer.split('/').skip(1) {
        let next = match here.kind() {
            Kind::Array => step.parse().ok().and_then(|place| here.elements().nth(place)),
            _ => here.get(&step.replace("~1", "/").replace("~0", "~")),
        };
        let Some(next) = next else { break };
        here = next;
    }
    here
}
