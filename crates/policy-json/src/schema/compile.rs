//! The steps from a schema's document to a compiled schema. Each looks for all that is wrong before the next begins.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use policy_core::{Schema, Value};
use referencing::{Registry, Retrieve, Uri};
use serde_json::Value as Serde;

use super::compiled::Compiled;
use super::fault::{FaultKind, SchemaFault};
use super::node::OnTape;
use super::{convert, dialect, keywords, work};

/// How many faults of one schema are reported.
const FAULTS_MAX: usize = 20;

/// How large one compiled pattern may be, in bytes, and how large all of a schema's together.
const PATTERN_SIZE_MAX: usize = policy_core::PATTERN_SIZE_MAX;
const PATTERNS_SIZE_MAX: usize = 16 << 20;

/// Compiles a schema.
pub(crate) fn compile(document: &Value) -> Result<Schema, Vec<SchemaFault>> {
    let converted = convert::to_serde(document).map_err(|fault| vec![fault])?;
    let draft = dialect_of(&converted).map_err(|fault| vec![fault])?;
    let faults = meta_faults(&converted, draft);
    if !faults.is_empty() {
        return Err(faults);
    }
    let base = converted.get("$id").and_then(Serde::as_str).unwrap_or_default();
    let base = base.strip_suffix('#').unwrap_or(base);
    let registry = Registry::new()
        .retriever(NothingElsewhere)
        .draft(draft)
        .add(base, draft.create_resource_ref(&converted))
        .and_then(|builder| builder.prepare())
        .map_err(|error| vec![elsewhere(&converted, &error)])?;
    let faults = work::faults(&converted, draft, &registry, base);
    if !faults.is_empty() {
        return Err(faults);
    }
    let names = property_names(&converted);
    let size = PATTERNS_SIZE_MAX.checked_div(patterns(&converted)).unwrap_or(PATTERN_SIZE_MAX);
    let size = size.min(PATTERN_SIZE_MAX);
    let options = jsonschema::options_for::<OnTape>()
        .with_draft(draft)
        .with_retriever(NothingElsewhere)
        .with_pattern_options(PatternOptions::regex().size_limit(size).dfa_size_limit(size))
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true);
    let mut options = keywords::exact(options);
    if draft == Draft::Draft7 {
        // Standard by now, and named under this dialect too.
        for format in ["uuid", "duration"] {
            options = options.with_format(format, move |text: &str| is_of_format(format, text));
        }
    }
    match options.build(&converted) {
        Ok(validator) => Ok(Schema::new(document.clone(), Arc::new(Compiled { validator, names }))),
        Err(error) => Err(vec![build_fault(&error)]),
    }
}

/// Retrieves nothing: a schema stands for itself.
struct NothingElsewhere;

impl Retrieve for NothingElsewhere {
    fn retrieve(&self, _: &Uri<String>) -> Result<Serde, Box<dyn std::error::Error + Send + Sync>> {
        Err("schemas elsewhere are not looked at".into())
    }
}

fn dialect_of(document: &Serde) -> Result<Draft, SchemaFault> {
    let Some(address) = document.get("$schema") else { return Ok(dialect::DEFAULT) };
    address.as_str().and_then(dialect::named).ok_or_else(|| {
        SchemaFault::invalid("/$schema", "this dialect of JSON Schema is not known")
            .with_help(dialect::help())
    })
}

/// What the dialect's own schema says of the document.
fn meta_faults(document: &Serde, draft: Draft) -> Vec<SchemaFault> {
    let validator = match draft {
        Draft::Draft7 => jsonschema::draft7::meta::validator(),
        Draft::Draft201909 => jsonschema::draft201909::meta::validator(),
        _ => jsonschema::draft202012::meta::validator(),
    };
    let mut faults: Vec<SchemaFault> = Vec::new();
    for error in validator.iter_errors(document) {
        let pointer = error.instance_path().as_str();
        // One mistake can fail several keywords of the dialect's schema.
        if faults.iter().any(|fault| fault.pointer == pointer) {
            continue;
        }
        faults.push(SchemaFault::invalid(pointer, format!("this is no JSON Schema: {}", error.masked())));
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    faults
}

/// A reference to something that is not in the document.
fn elsewhere(document: &Serde, error: &referencing::Error) -> SchemaFault {
    let referencing::Error::Unretrievable { uri, .. } = error else {
        return SchemaFault::invalid(String::new(), format!("a reference cannot be followed: {error}"));
    };
    let uri = uri.split('#').next().unwrap_or_default();
    let leads_there = |reference: &str| {
        let address = reference.split('#').next().unwrap_or_default();
        !address.is_empty() && uri.ends_with(address.trim_start_matches(['.', '/']))
    };
    let mut pointer = String::new();
    find(document, &mut String::new(), &mut |at, keyword, value| {
        let is_reference = matches!(keyword, "$ref" | "$dynamicRef" | "$recursiveRef" | "$schema");
        if pointer.is_empty() && is_reference && value.as_str().is_some_and(leads_there) {
            pointer = format!("{at}/{keyword}");
        }
    });
    SchemaFault::invalid(pointer, "this refers to a schema that is not in the document")
        .with_help("nothing is ever fetched; put the schema under `$defs` and refer to `#/$defs/NAME`")
}

/// Goes over all members of all objects.
fn find<'d>(value: &'d Serde, at: &mut String, found: &mut impl FnMut(&str, &'d str, &'d Serde)) {
    let length = at.len();
    match value {
        Serde::Object(members) => {
            for (name, value) in members {
                found(at, name, value);
                at.push('/');
                at.push_str(&policy_core::escape(name));
                find(value, at, found);
                at.truncate(length);
            }
        }
        Serde::Array(elements) => {
            for (place, value) in elements.iter().enumerate() {
                at.push('/');
                at.push_str(&place.to_string());
                find(value, at, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

/// The names that a schema has for properties itself.
fn property_names(document: &Serde) -> HashSet<Box<str>> {
    let mut names = HashSet::new();
    find(document, &mut String::new(), &mut |_, keyword, value| match value {
        Serde::Object(members) if matches!(keyword, "properties" | "dependentSchemas" | "dependencies") => {
            names.extend(members.keys().map(|name| name.as_str().into()));
        }
        _ => {}
    });
    names
}

/// How many patterns there are.
fn patterns(document: &Serde) -> usize {
    let mut count: usize = 0;
    find(document, &mut String::new(), &mut |_, keyword, value| match (keyword, value) {
        ("pattern", Serde::String(_)) => count = count.saturating_add(1),
        ("patternProperties", Serde::Object(members)) => count = count.saturating_add(members.len()),
        _ => {}
    });
    count
}

/// What the compiler found that nobody found before it.
fn build_fault(error: &jsonschema::ValidationError<'_>) -> SchemaFault {
    let pointer = [error.instance_path().as_str(), error.schema_path().as_str()];
    let pointer = pointer.into_iter().find(|pointer| !pointer.is_empty()).unwrap_or_default();
    match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => pattern_fault(pointer),
        ValidationErrorKind::Pattern { .. } => pattern_fault(pointer),
        _ => SchemaFault::invalid(pointer, format!("this cannot be compiled: {}", error.masked())),
    }
}

fn pattern_fault(pointer: &str) -> SchemaFault {
    let help = "patterns are matched in linear time: no look-around, no back-references; at most 1 MiB compiled, and 16 MiB for all of a schema's";
    SchemaFault::invalid(pointer, "this is no pattern that can be used")
        .with_help(help)
        .of_kind(FaultKind::Pattern)
}

/// Whether a text is of a format that the dialect at hand does not have.
fn is_of_format(format: &'static str, text: &str) -> bool {
    static UUID: LazyLock<Option<Validator>> = LazyLock::new(|| only_format("uuid"));
    static DURATION: LazyLock<Option<Validator>> = LazyLock::new(|| only_format("duration"));
    let validator = if format == "uuid" { &*UUID } else { &*DURATION };
    validator.as_ref().is_some_and(|validator| validator.is_valid(&Serde::String(text.to_owned())))
}

fn only_format(format: &str) -> Option<Validator> {
    let schema =
        Serde::Object([("format".to_owned(), Serde::String(format.to_owned()))].into_iter().collect());
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(&schema).ok()
}
