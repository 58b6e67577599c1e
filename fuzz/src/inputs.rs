//! What an engine is given, made of choices: policies, whom they apply to, and calls.

use std::rc::Rc;

use policy_core::{Arguments as _, Decision, Engine, Identity, Policy, PolicySet};
use policy_json::JsonText;

use crate::choices::Choices;
use crate::grammar;

/// Who calls.
pub(crate) const GRANTS: [&str; 5] = ["ana", "bo", "a:b", "§grant§1", ""];
/// Servers and sessions.
const PARTS: [Option<&str>; 4] = [None, Some("x"), Some(""), Some("b:x")];
/// A policy, and the text that it was loaded from.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) policy: Policy,
    pub(crate) text: String,
}

impl Document {
    pub(crate) fn choose(choices: &mut Choices<'_>, id: &str) -> Self {
        let text = grammar::policy(choices);
        let policy = policy_json::load(id, text.as_bytes());
        let policy = policy.unwrap_or_else(|error| panic!("what the grammar makes loads: {error}\n{text}"));
        Self { policy, text }
    }
}

/// Which policy applies to whom.
#[derive(Clone, Debug)]
pub(crate) struct Rulebook {
    documents: Vec<Rc<Document>>,
    /// Grants, and the places of their policies.
    grants: Vec<(&'static str, usize)>,
    fallback: Option<usize>,
}

impl Rulebook {
    pub(crate) fn choose(choices: &mut Choices<'_>) -> Self {
        let first = Rc::new(Document::choose(choices, "first"));
        if !choices.once_in(4) {
            return Self { documents: vec![first], grants: Vec::new(), fallback: Some(0) };
        }
        let second = Rc::new(Document::choose(choices, "second"));
        let fallback = choices.one_of(&[None, Some(0), Some(1)]);
        Self { documents: vec![first, second], grants: vec![("ana", 0), ("bo", 1)], fallback }
    }

    pub(crate) fn applying(&self, grant: &str) -> Option<Rc<Document>> {
        let own = self.grants.iter().find(|(mapped, _)| *mapped == grant).map(|(_, place)| *place);
        let place = own.or(self.fallback).filter(|_| !grant.is_empty())?;
        self.documents.get(place).cloned()
    }

    pub(crate) fn to_set(&self) -> PolicySet {
        let id = |place: usize| &*self.documents[place].policy.id;
        let mut set = PolicySet::empty();
        for document in &self.documents {
            set = set.with_policy(document.policy.clone()).expect("what loads can be decided by");
        }
        for (grant, place) in &self.grants {
            set = set.with_grant(*grant, id(*place)).expect("a grant is mapped once");
        }
        match self.fallback {
            Some(place) => set.with_fallback(id(place)).expect("the policy is in the set"),
            None => set,
        }
    }
}

/// A call, made of choices.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) identity: Identity,
    pub(crate) tool: &'static str,
    pub(crate) arguments: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn choose(choices: &mut Choices<'_>) -> Self {
        let mut identity = Identity::new(choices.one_of(&GRANTS));
        if let Some(server) = choices.one_of(&PARTS) {
            identity = identity.with_server(server);
        }
        if let Some(session) = choices.one_of(&PARTS) {
            identity = identity.with_session(session);
        }
        let tool = if choices.once_in(3) { choices.one_of(&grammar::TOOLS) } else { "t" };
        Self { identity, tool, arguments: grammar::arguments(choices) }
    }

    pub(crate) fn evaluate(&self, engine: &Engine) -> Decision {
        let arguments = self.arguments.as_deref().map(JsonText::new);
        engine.evaluate(&self.identity, self.tool, arguments)
    }

    /// The same with an approval token.
    pub(crate) fn evaluate_with(&self, engine: &Engine, token: &str) -> Decision {
        let arguments = self.arguments.as_deref().map(JsonText::new).with_approval(token);
        engine.evaluate(&self.identity, self.tool, arguments)
    }

    /// What the arguments are, as text.
    pub(crate) fn text(&self) -> &[u8] {
        self.arguments.as_deref().unwrap_or(b"{}")
    }
}
