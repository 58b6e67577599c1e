//! The tools that a server lists, to hold the names in a policy and in calls against. Their argument schemas are not
//! looked at.

use std::collections::BTreeSet;
use std::path::Path;

use policy_core::arguments::{Caps, Json, Kind};
use policy_json::{DOCUMENT_CAPS, Parsed};

use crate::diagnostics::{self, Note};
use crate::failure::Failure;
use crate::input;
use crate::object::nearest;
use crate::printable;

/// Lists come from servers, and hold schemas of any depth that are passed over.
const CAPS: Caps = Caps { depth: 10_000, bytes: input::BYTES_MAX, nodes: usize::MAX };

/// How many unlisted names the nearest listed one is looked for.
const HELPED_MAX: usize = 100;

/// The names on a server's list.
#[derive(Debug)]
pub(crate) struct ToolList {
    names: BTreeSet<String>,
    /// The file that the list was read from, fit to be shown.
    file: String,
    /// The server had more to list than stands here.
    partial: bool,
}

impl ToolList {
    /// Reads the result of `tools/list`, or a list of tools.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = input::read(path)?;
        let file = printable::path(path);
        let wrong = |what: &str| {
            Failure::new(format!("`{file}` is no list of tools: {what}")).with_help(
                "wanted is what a server answers to `tools/list`: `{\"tools\": [{\"name\": ...}, ...]}`",
            )
        };
        let parsed = Parsed::parse(&text, CAPS).map_err(|error| wrong(&error.to_string()))?;
        let root = parsed.root().ok_or_else(|| wrong("there is nothing in it"))?;
        let result = root.get("result").unwrap_or(root);
        let tools = result.get("tools").unwrap_or(result);
        if tools.kind() != Kind::Array {
            return Err(wrong("no `tools` in it that are a list"));
        }
        let name = |tool: Json<'_>| {
            // Where a name stands twice it depends on the reader which of them counts.
            let mut names = tool.members().filter(|(name, _)| name.as_str() == Some("name"));
            let (_, name) = names.next()?;
            if names.next().is_some() { None } else { name.as_str().map(str::to_owned) }
        };
        let names = tools.elements().enumerate().map(|(place, tool)| {
            name(tool).ok_or_else(|| {
                wrong(&format!("tool {} of it has no `name` that is a string", place.saturating_add(1)))
            })
        });
        let names = names.collect::<Result<_, _>>()?;
        let partial = result.get("nextCursor").is_some_and(|cursor| cursor.kind() != Kind::Null);
        Ok(Self { names, file, partial })
    }

    /// Whether the server lists the tool.
    pub(crate) fn has(&self, tool: &str) -> bool {
        self.names.contains(tool)
    }

    /// Warns of names in a policy that the server does not list, each with its place in the policy's text.
    pub(crate) fn compare(&self, policy: &str, text: &[u8]) -> String {
        let mut warnings = String::new();
        if self.partial {
            warnings = format!("warning: `{}` is one page of a longer list\n\n", self.file);
        }
        // The text has been loaded before, so there is nothing to say where it cannot be read.
        let Ok(parsed) = Parsed::parse(text, DOCUMENT_CAPS) else { return warnings };
        let Some(root) = parsed.root() else { return warnings };
        let ruled = root.get("tools").into_iter().flat_map(|tools| tools.members()).map(|(name, _)| name);
        let hidden = root.get("hide").into_iter().flat_map(|hide| hide.elements());
        let hidden = hidden.filter(|name| name.as_str() != Some("*"));
        let unlisted = ruled.chain(hidden).filter(|place| place.as_str().is_some_and(|name| !self.has(name)));
        let notes = unlisted.enumerate().filter_map(|(number, place)| {
            let name = place.as_str()?;
            let message = format!("`{}` does not list a tool `{}`", self.file, printable::name(name));
            // A policy for quite another server has no near names, and looking for them takes long.
            let known =
                self.names.iter().map(String::as_str).take(if number < HELPED_MAX { usize::MAX } else { 0 });
            let near = nearest(name, known);
            let help = near.map(|near| format!("did you mean `{}`?", printable::name(near)));
            Some(Note::warning(parsed.span(place), message, help))
        });
        warnings.push_str(&diagnostics::render(policy, text, notes.collect()));
        warnings
    }
}
