//! The tools that a server lists, to hold the names in a policy and in calls against, and arguments against their input
//! schemas.

use std::io::Write as _;
use std::path::Path;

use policy_analysis::{Finding, LintCode, LintInput, lint};
use policy_core::{Policy, ToolSchemas};
use policy_json::ToolCatalogue;

use crate::diagnostics::{self, Note};
use crate::failure::Failure;
use crate::input;
use crate::policy_file;
use crate::printable;

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

    /// What the server lists.
    pub(crate) const fn catalogue(&self) -> &ToolCatalogue {
        &self.catalogue
    }

    /// Warns of names in a policy that the server does not list, each with its place in the policy's text.
    pub(crate) fn compare(&self, file: &str, text: &[u8], policy: &Policy) -> String {
        let input = LintInput { text, policy, catalogue: Some(&self.catalogue), portable: false };
        let about_names = |finding: &Finding| {
            matches!(
                finding.code,
                LintCode::UnlistedTool | LintCode::UnlistedHiddenTool | LintCode::PartialList
            )
        };
        let findings = lint(&input).into_iter().filter(about_names);
        diagnostics::render(file, text, findings.map(|finding| Note::finding(&finding)).collect())
    }
}
