//! When and by which schema arguments are judged. The schemas here know one thing: how many members the arguments may have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use policy_core::arguments::{ArgumentError, Json, TapeWriter};
use policy_core::{
    Action, Arguments, CheckArguments, Code, DefaultEffect, Engine, Identity, NoArguments, Policy, PolicySet,
    Schema, SchemaViolation, Tool, ToolSchemas, Value,
};

/// Permits so many members, and counts how often it is asked.
struct AtMost {
    members: usize,
    asked: Arc<AtomicUsize>,
}

impl CheckArguments for AtMost {
    fn check(&self, arguments: Json<'_>) -> Result<(), SchemaViolation> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if arguments.len() <= self.members {
            return Ok(());
        }
        let keyword = "maxProperties".into();
        Err(SchemaViolation { pointer: String::new(), keyword, schema_pointer: "/maxProperties".to_owned() })
    }
}

fn at_most(members: usize) -> (Schema, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let check = AtMost { members, asked: Arc::clone(&asked) };
    (Schema::new(Value::Bool(true), Arc::new(check)), asked)
}

fn schemas(tool: &str, members: usize) -> ToolSchemas {
    let mut schemas = ToolSchemas::new();
    assert!(schemas.insert(tool, at_most(members).0).is_none());
    schemas
}

/// An object of so many members.
struct Members(usize);

impl Arguments for Members {
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        tape.begin_object(0)?;
        for place in 0..self.0 {
            tape.name_owned(0, &format!("m{place}"))?;
            tape.literal(None, 0)?;
        }
        tape.end()
    }
}

fn policies(default: DefaultEffect, tools: Vec<(&str, Tool)>) -> PolicySet {
    let mut policy = Policy::new("p", default);
    policy.tools.extend(tools.into_iter().map(|(name, tool)| (name.into(), tool)));
    PolicySet::single(policy).unwrap()
}

fn code(engine: &Engine, server: Option<&str>, tool: &str, members: usize) -> Code {
    let caller = Identity::new("ana");
    let caller = server.map_or(caller.clone(), |server| caller.with_server(server));
    engine.evaluate(&caller, tool, Members(members)).code()
}

#[test]
fn each_server_has_its_own_schemas_and_the_others_have_those_for_all() {
    let engine = Engine::builder(policies(DefaultEffect::Allow, vec![]))
        .catalogue(schemas("run", 1))
        .catalogue_for("git", schemas("run", 2))
        .catalogue_for("empty", ToolSchemas::new())
        .build();
    for (server, most) in [(None, 1), (Some("other"), 1), (Some("git"), 2), (Some("empty"), 9)] {
        assert_eq!(code(&engine, server, "run", most), Code::Allowed, "{server:?}");
        let more = if server == Some("empty") { Code::Allowed } else { Code::SchemaViolation };
        assert_eq!(code(&engine, server, "run", most + 1), more, "{server:?}");
        assert_eq!(code(&engine, server, "Run", 9), Code::Allowed, "names are exact");
    }
}

#[test]
fn schemas_are_replaced_for_the_next_call_and_outlive_policies_and_revocations() {
    let engine = Engine::builder(policies(DefaultEffect::Allow, vec![])).catalogue(schemas("run", 1)).build();
    assert_eq!(code(&engine, None, "run", 2), Code::SchemaViolation);
    engine.replace_policies(policies(DefaultEffect::Deny, vec![("run", Tool::default())]));
    engine.revoke("ben");
    engine.reinstate("ben");
    assert_eq!(code(&engine, None, "run", 2), Code::SchemaViolation);
    engine.replace_catalogue(schemas("run", 2));
    assert_eq!(code(&engine, None, "run", 2), Code::Allowed);
    engine.replace_catalogue_for("git", schemas("run", 0));
    assert_eq!(code(&engine, Some("git"), "run", 1), Code::SchemaViolation);
    assert_eq!(code(&engine, None, "run", 2), Code::Allowed);
}

#[test]
fn a_violation_is_handed_out_and_what_was_decided_keeps_its_schema() {
    let engine = Engine::builder(policies(DefaultEffect::Allow, vec![])).catalogue(schemas("run", 0)).build();
    let denied = engine.evaluate(&Identity::new("ana"), "run", Members(1));
    engine.replace_catalogue(ToolSchemas::new());
    assert_eq!(&*denied.violation().unwrap().keyword, "maxProperties");
    assert_eq!((denied.rule().as_str(), denied.pointer().as_str()), ("(input schema)", ""));
    assert_eq!(denied.message(), "The arguments do not satisfy the tool's schema (`maxProperties`)");
    assert!(engine.evaluate(&Identity::new("ana"), "run", Members(1)).violation().is_none());
}

#[test]
fn a_schema_is_asked_once_and_not_at_all_where_the_call_is_denied_before() {
    let (schema, asked) = at_most(1);
    let (input, input_asked) = at_most(2);
    let tool = |action| Tool { schema: Some(schema.clone()), action, ..Tool::default() };
    let mut catalogue = ToolSchemas::new();
    for name in ["run", "off", "unknown"] {
        catalogue.insert(name, input.clone());
    }
    let tools = vec![("run", tool(Action::Allow)), ("off", tool(Action::Deny))];
    let engine = Engine::builder(policies(DefaultEffect::Deny, tools)).catalogue(catalogue).build();
    let asked = || (input_asked.load(Ordering::Relaxed), asked.load(Ordering::Relaxed));
    assert_eq!(code(&engine, None, "off", 1), Code::ToolDenied);
    assert_eq!(code(&engine, None, "unknown", 1), Code::DefaultDeny);
    assert_eq!(asked(), (0, 0));
    assert_eq!(code(&engine, None, "run", 1), Code::Allowed);
    assert_eq!(asked(), (1, 1));
    assert_eq!(code(&engine, None, "run", 3), Code::SchemaViolation);
    assert_eq!(asked(), (2, 1), "the input schema comes first");
    let alone = engine.evaluate(&Identity::new("ana"), "run", NoArguments);
    assert!(alone.is_allowed());
    assert_eq!(asked(), (3, 2), "no arguments are `{{}}`");
}
