//! What every decision tells, whatever it is: its words agree with each other and with its JSON, its pointers lead
//! somewhere, and it gives nothing of the call away.

use policy_core::arguments::{Caps, Json};
use policy_core::{ApprovalRequest, Code, Decision, Effect};
use policy_json::{DOCUMENT_CAPS, Parsed};
use serde_json::Value;

use crate::grammar::{SECRET, SECRET_NUMBER};

/// Checks a decision on a call of `tool` with these arguments; `policy` is the text of the one that applies.
///
/// # Panics
/// Where it is not as said above.
pub(crate) fn check(decision: &Decision, tool: &str, arguments: &str, policy: Option<&String>) {
    let allowed = decision.code() == Code::Allowed;
    assert_eq!(decision.is_allowed(), allowed);
    let effect = match decision.code() {
        Code::Allowed => Effect::Allow,
        Code::ApprovalRequired => Effect::RequireApproval,
        _ => Effect::Deny,
    };
    assert_eq!(decision.effect(), effect);
    assert_eq!(decision.approval().is_some(), effect == Effect::RequireApproval);
    assert!(allowed || decision.approved_by().is_none());
    assert_ne!(decision.code(), Code::InternalError, "{decision:?}");
    assert_eq!(decision.rule().is_empty(), allowed, "{decision:?}");
    if allowed {
        assert_eq!((decision.message(), decision.pointer()), (String::new(), String::new()));
        assert_eq!(decision.retry_after(), None);
    }
    let json = check_json(decision);

    let policy = policy.map(String::as_str).unwrap_or_default();
    let parsed = Parsed::parse(policy.as_bytes(), DOCUMENT_CAPS).ok();
    let root = parsed.as_ref().and_then(|parsed| parsed.root());
    let pointers = decision.shadowed().map(|finding| finding.pointer()).chain([decision.pointer()]);
    for pointer in pointers.filter(|pointer| !pointer.is_empty()) {
        let root = root.expect("where there is a pointer, there is a policy");
        let found = crate::pointer::resolve(root, &pointer);
        assert_eq!(found.len(), 1, "{pointer} leads to something in the policy");
    }

    let message = decision.message();
    for secret in secrets(arguments) {
        if !tool.contains(&secret) && !policy.contains(&secret) {
            assert!(!message.contains(&secret), "the message shows {secret:?}: {message:?}");
            assert!(!json.contains(&secret), "the decision shows {secret:?}: {json}");
        }
    }
    if !policy.contains(SECRET_NUMBER) {
        assert!(!message.contains(SECRET_NUMBER), "the message shows a number: {message:?}");
    }
}

/// The JSON form says what the decision says.
fn check_json(decision: &Decision) -> String {
    let json = serde_json::to_string(decision).expect("a decision serialises");
    let strictly = Parsed::parse(json.as_bytes(), Caps::default()).expect("the JSON is JSON");
    assert_eq!(strictly.duplicates().count(), 0, "no name stands twice");
    let value: Value = serde_json::from_str(&json).expect("the JSON is JSON");
    let text = |name: &str| value[name].as_str().map(ToOwned::to_owned);
    assert_eq!(text("effect").as_deref(), Some(decision.effect().name()));
    assert_eq!(text("code").as_deref(), Some(decision.code().name()));
    assert_eq!(text("rule"), Some(decision.rule()));
    assert_eq!(text("pointer"), Some(decision.pointer()));
    assert_eq!(text("message"), Some(decision.message()));
    assert_eq!(value["policy"]["id"].as_str(), decision.policy().map(|policy| policy.id));
    let length = |name: &str| value[name].as_array().map_or(0, Vec::len);
    assert_eq!(length("limits"), decision.limits().count());
    assert_eq!(length("shadowed"), decision.shadowed().count());
    let wait = decision.retry_after().map(|wait| wait.as_millis().to_string());
    assert_eq!(value.get("retry_after_ms").map(ToString::to_string), wait);
    let request = value.get("approval").cloned().map(serde_json::from_value::<ApprovalRequest>);
    let request = request.map(|request| request.expect("a request is read as it was written"));
    assert_eq!(request.as_ref(), decision.approval());
    if let Some(request) = request {
        assert_eq!((&*request.rule, &*request.pointer), (&*decision.rule(), &*decision.pointer()));
        assert_eq!(*request.message, *decision.message());
        // Whoever is asked has to know who calls what; nothing else of the call is in there.
        let mut rest = value;
        let request = rest["approval"].as_object_mut().expect("a request is an object");
        request.remove("grant");
        request.remove("tool");
        return rest.to_string();
    }
    json
}

/// The names and strings in arguments that must not be shown: those of six characters and more that have a character
/// which no text of the engine's has. A name of the caller's too.
fn secrets(arguments: &str) -> Vec<String> {
    let mut secrets = vec!["§grant§1".to_owned()];
    if let Ok(parsed) = Parsed::parse(arguments.as_bytes(), Caps::default())
        && let Some(root) = parsed.root()
    {
        collect(root, &mut secrets);
    }
    secrets.retain(|secret| secret.contains(SECRET) && secret.chars().count() >= 6);
    secrets
}

fn collect(value: Json<'_>, secrets: &mut Vec<String>) {
    secrets.extend(value.as_str().map(ToOwned::to_owned));
    value.elements().for_each(|element| collect(element, secrets));
    for (name, value) in value.members() {
        collect(name, secrets);
        collect(value, secrets);
    }
}
