//! The tools that a server lists, as data: names, and the schemas of their arguments as the server wrote them. Compiling a
//! schema is another's business.

use std::collections::{HashMap, HashSet};

use policy_core::arguments::{Caps, Json, Kind};
use policy_core::{ToolSchemas, Value};

use crate::diagnostic::{DiagnosticCode, LoadError};
use crate::document::fields::{At, Reading};
use crate::document::{find, report_duplicates};
use crate::load::unreadable;
use crate::schema::{SchemaFault, compile};
use crate::text::{Parsed, to_value};

/// How large a list of tools may be.
pub const CATALOGUE_CAPS: Caps = Caps { depth: 256, bytes: 64 << 20, nodes: 4_000_000 };

/// What a server answers to `tools/list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCatalogue {
    tools: Vec<CatalogueTool>,
    places: HashMap<Box<str>, usize>,
    partial: bool,
    /// The text, in which mistakes of schemas are shown.
    text: Box<[u8]>,
}

/// A tool on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueTool {
    /// Its name, which no other tool of the list has.
    pub name: Box<str>,
    /// What it says of itself; nothing that anybody may rely on.
    pub description: Option<Box<str>>,
    /// The JSON Schema of its arguments (`inputSchema`): an object, `true` or `false`. MCP wants one of every tool; not all
    /// servers give it.
    pub input_schema: Option<Value>,
    /// RFC 6901 pointer to the tool in the text that was read, such as `/result/tools/0`.
    pub pointer: String,
}

impl ToolCatalogue {
    /// Reads a list of tools: a JSON-RPC response that has it in its `result`, such a result, or the bare list. Fields that
    /// are not looked at may hold anything.
    ///
    /// ```
    /// use policy_json::ToolCatalogue;
    ///
    /// let text = br#"{"tools": [{"name": "list-pods", "inputSchema": {"type": "object"}}]}"#;
    /// let catalogue = ToolCatalogue::parse(text)?;
    /// assert!(catalogue.tool("list-pods").is_some());
    /// # Ok::<(), policy_json::LoadError>(())
    /// ```
    ///
    /// # Errors
    /// When the text is no such list: all that is wrong with it, each with its place. A name that stands twice in one
    /// object, anywhere, is an error: it would depend on the reader which of them counts. So are two tools of one name.
    pub fn parse(text: &[u8]) -> Result<Self, LoadError> {
        let parsed = Parsed::parse(text, CATALOGUE_CAPS)
            .map_err(|error| unreadable(text, &error, CATALOGUE_CAPS, "a list of tools"))?;
        let mut reading = Reading::new(&parsed);
        let mut catalogue =
            Self { tools: Vec::new(), places: HashMap::new(), partial: false, text: text.into() };
        if let Some(root) = parsed.root() {
            report_duplicates(&mut reading, root, &parsed);
            catalogue.read(&mut reading, root);
        }
        if reading.diagnostics.is_empty() {
            Ok(catalogue)
        } else {
            Err(LoadError::new(text, reading.diagnostics))
        }
    }

    /// The tools, in the order of the list.
    pub fn tools(&self) -> impl ExactSizeIterator<Item = &CatalogueTool> {
        self.tools.iter()
    }

    /// The tool of that name, byte for byte.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&CatalogueTool> {
        self.tools.get(*self.places.get(name)?)
    }

    /// Whether the server had more to list than stands here: there is a `nextCursor`.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.partial
    }

    /// Compiles every input schema, for an engine to hold arguments against.
    ///
    /// # Errors
    /// When a schema cannot be used: all that is wrong with all of them, each with its place in the list.
    pub fn compile(&self) -> Result<ToolSchemas, LoadError> {
        let mut schemas = ToolSchemas::new();
        let mut faults = Vec::new();
        for tool in &self.tools {
            match tool.input_schema.as_ref().map(compile) {
                None => {}
                Some(Ok(schema)) => {
                    schemas.insert(tool.name.clone(), schema);
                }
                Some(Err(wrong)) => faults.push((tool, wrong)),
            }
        }
        if faults.is_empty() { Ok(schemas) } else { Err(self.report(faults)) }
    }

    /// Finds the places of faults in the text again.
    fn report(&self, faults: Vec<(&CatalogueTool, Vec<SchemaFault>)>) -> LoadError {
        let Ok(parsed) = Parsed::parse(&self.text, CATALOGUE_CAPS) else {
            return LoadError::new(&self.text, Vec::new());
        };
        let mut reading = Reading::new(&parsed);
        for (tool, faults) in faults {
            for fault in faults {
                let below = format!("{}/inputSchema{}", tool.pointer, fault.pointer);
                if let Some(root) = parsed.root() {
                    let wrong = find(root, &below);
                    let SchemaFault { kind, message, help, .. } = fault;
                    reading.report_below(kind.code(), &At::ROOT, &below, wrong, message, help);
                }
            }
        }
        LoadError::new(&self.text, reading.diagnostics)
    }

    fn read(&mut self, reading: &mut Reading<'_>, root: Json<'_>) {
        let at_root = At::ROOT;
        let at_result = at_root.name("result");
        let (at, result) = match root.get("result") {
            Some(result) => (at_result, result),
            None => (at_root, root),
        };
        self.partial = result.get("nextCursor").is_some_and(|cursor| cursor.kind() != Kind::Null);
        let at_tools = at.name("tools");
        let (at, tools) = match (result.kind(), result.get("tools")) {
            (_, Some(tools)) => (at_tools, tools),
            (Kind::Object, None) => {
                return reading.missing(&at, result, "tools", "what a server answers to `tools/list` has it");
            }
            (_, None) => (at, result),
        };
        let mut names = HashSet::new();
        self.tools = reading.list(&at, tools, "a list of tools, each with a `name`", |this, at, json| {
            let tool = read_tool(this, at, json)?;
            if !names.insert(tool.name.clone()) {
                let message = "another tool of the list has this name already";
                let name = json.get("name").unwrap_or(json);
                this.report(DiagnosticCode::DuplicateName, &at.name("name"), name, message, None);
            }
            Some(tool)
        });
        self.places = (0..).zip(&self.tools).map(|(place, tool)| (tool.name.clone(), place)).collect();
    }
}

fn read_tool(reading: &mut Reading<'_>, at: &At<'_>, tool: Json<'_>) -> Option<CatalogueTool> {
    if tool.kind() != Kind::Object {
        reading.wrong_type(at, tool, "an object (a tool)");
        return None;
    }
    let name = match tool.get("name") {
        Some(name) => reading.text(&at.name("name"), name),
        None => {
            reading.missing(at, tool, "name", "every tool has a name");
            None
        }
    };
    let input_schema = tool.get("inputSchema").and_then(|schema| {
        let is_schema = matches!(schema.kind(), Kind::Object | Kind::True | Kind::False);
        if !is_schema {
            reading.wrong_type(
                &at.name("inputSchema"),
                schema,
                "a JSON Schema: an object, `true` or `false`",
            );
        }
        to_value(schema).filter(|_| is_schema)
    });
    Some(CatalogueTool {
        name: name?.into(),
        description: tool.get("description").and_then(|text| text.as_str()).map(Into::into),
        input_schema,
        pointer: at.pointer(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<(String, DiagnosticCode)> {
        let error = ToolCatalogue::parse(text.as_bytes()).unwrap_err();
        error.diagnostics().iter().map(|found| (found.pointer.clone(), found.code)).collect()
    }

    #[test]
    fn a_list_comes_in_three_forms() {
        let bare = r#"[{"name": "a", "inputSchema": {"maximum": 1.10}}, {"name": "b"}]"#;
        let result = format!(r#"{{"tools": {bare}, "nextCursor": "2"}}"#);
        let response = format!(r#"{{"jsonrpc": "2.0", "id": 1, "result": {result}}}"#);
        for (text, pointer, partial) in
            [(bare, "/1", false), (&result, "/tools/1", true), (&response, "/result/tools/1", true)]
        {
            let catalogue = ToolCatalogue::parse(text.as_bytes()).unwrap();
            assert_eq!(catalogue.tools().map(|tool| &*tool.name).collect::<Vec<_>>(), ["a", "b"]);
            let number = policy_core::Number::parse("1.10").unwrap();
            let schema = Value::Object(vec![("maximum".into(), Value::Number(number))]);
            assert_eq!(catalogue.tool("a").unwrap().input_schema, Some(schema), "exactly as written");
            assert_eq!(catalogue.tool("b").unwrap().pointer, pointer);
            assert_eq!(catalogue.tool("B"), None);
            assert_eq!(catalogue.is_partial(), partial);
        }
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let text = r#"{"tools": [{"name": "a"}, 1, {"name": 2}, {}, {"name": "b", "inputSchema": []}, {"name": "a"},
            {"name": "c", "name": "d"}, {"name": "e", "inputSchema": {"x": 1, "\u0078": 2}}]}"#;
        let expected = [
            ("/tools/1", DiagnosticCode::WrongType),
            ("/tools/2/name", DiagnosticCode::WrongType),
            ("/tools/3", DiagnosticCode::MissingField),
            ("/tools/4/inputSchema", DiagnosticCode::WrongType),
            ("/tools/5/name", DiagnosticCode::DuplicateName),
            ("/tools/6/name", DiagnosticCode::DuplicateKey),
            ("/tools/7/inputSchema/x", DiagnosticCode::DuplicateKey),
        ];
        let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code));
        assert_eq!(mistakes(text), expected);
        assert_eq!(mistakes("{}"), [(String::new(), DiagnosticCode::MissingField)]);
        assert_eq!(mistakes(r#""x""#), [(String::new(), DiagnosticCode::WrongType)]);
        assert_eq!(mistakes(""), [(String::new(), DiagnosticCode::InvalidJson)]);
        assert_eq!(mistakes(&"[".repeat(300)), [(String::new(), DiagnosticCode::TooLarge)]);
    }
}
