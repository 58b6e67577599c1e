//! The tools that a server lists, to hold the names in a policy and in calls against, and arguments against their input
//! schemas.

use std::io::Write as _;
use std::path::Path;

use policy_core::ToolSchemas;
use policy_json::{DOCUMENT_CAPS, Parsed, ToolCatalogue};

use crate::diagnostics::{self, Note};
use crate::failure::Failure;
use crate::input;
use crate::object::nearest;
use crate::policy_file;
use crate::printable;

/// How many unlisted names the nearest listed one is looked for.
const HELPED_MAX: usize = 100;

/// A server's list, and the file that it was read from.
#[derive(Debug)]
pub(crate) struct ToolList {
    catalogue: ToolCatalogue,
    /// Fit to be shown.
    file: String,
    text: Vec<u8>,
}

impl ToolList {
    /// Reads the result of `tools/list`, or a list of tools.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = input::read(path)?;
        let file = printable::path(path);
        match ToolCatalogue::parse(&text) {
            Ok(catalogue) => Ok(Self { catalogue, file, text }),
            Err(error) => {
                let _said = write!(anstream::stderr(), "{}", policy_file::render(&file, &text, 0, &error));
                Err(Failure::new(format!("`{file}` is no list of tools")).with_help(
                    "wanted is what a server answers to `tools/list`: `{\"tools\": [{\"name\": ...}, ...]}`",
                ))
            }
        }
    }

    /// What the server lists.
    pub(crate) const fn catalogue(&self) -> &ToolCatalogue {
        &self.catalogue
    }

    /// The tools' input schemas, ready to judge by.
    pub(crate) fn schemas(&self) -> Result<ToolSchemas, Failure> {
        self.catalogue.compile().map_err(|error| {
            let shown = policy_file::render(&self.file, &self.text, 0, &error);
            let _said = write!(anstream::stderr(), "{shown}");
            Failure::new(format!(
                "`{}` has input schemas that cannot be used, so no call was decided",
                self.file
            ))
            .with_help("without `--tools` arguments are held against the policy alone")
        })
    }

    /// Whether the server lists the tool.
    pub(crate) fn has(&self, tool: &str) -> bool {
        self.catalogue.tool(tool).is_some()
    }

    /// Warns of names in a policy that the server does not list, each with its place in the policy's text.
    pub(crate) fn compare(&self, policy: &str, text: &[u8]) -> String {
        let mut warnings = String::new();
        if self.catalogue.is_partial() {
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
            let known = self.catalogue.tools().map(|tool| &*tool.name).take(if number < HELPED_MAX {
                usize::MAX
            } else {
                0
            });
            let near = nearest(name, known);
            let help = near.map(|near| format!("did you mean `{}`?", printable::name(near)));
            Some(Note::warning(parsed.span(place), message, help))
        });
        warnings.push_str(&diagnostics::render(policy, text, notes.collect()));
        warnings
    }
}
