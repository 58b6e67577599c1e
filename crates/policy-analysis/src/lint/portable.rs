//! What is not in the published format. Everything is named here that is in it, so that whatever the engine learns besides is
//! an extension without anybody saying so.

use policy_core::arguments::{Json, Kind};
use policy_core::escape;
use policy_json::{Parsed, Part};

use super::code::LintCode;
use super::finding::{Findings, shown};

const OPERATORS: [&str; 11] =
    ["eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte", "regex", "contains", "exists"];

pub(super) fn check(parsed: &Parsed<'_>, findings: &mut Findings) {
    let Some(root) = parsed.root() else { return };
    let at = String::new();
    fields(root, &at, &["version", "default", "hide", "all_tools", "tools"], findings);
    if let Some(all_tools) = root.get("all_tools") {
        fields(all_tools, "/all_tools", &["limits"], findings);
        limits(all_tools, "/all_tools", findings);
    }
    for (name, tool) in root.get("tools").into_iter().flat_map(|tools| tools.members()) {
        let at = format!("/tools/{}", escape(name.as_str().unwrap_or_default()));
        fields(tool, &at, &["require", "deny_if", "limits", "action", "reason", "rate_limit"], findings);
        limits(tool, &at, findings);
        for list in ["require", "deny_if"] {
            for (place, group) in elements(tool, list) {
                self::group(group, &format!("{at}/{list}/{place}"), findings);
            }
        }
    }
}

/// Every member of an object that is none of the published fields.
fn fields(object: Json<'_>, at: &str, published: &[&str], findings: &mut Findings) {
    for (name, _) in object.members() {
        let name = name.as_str().unwrap_or_default();
        if !published.contains(&name) {
            let message = format!("the field `{}` is an extension", shown(name));
            let code = LintCode::NotPortable;
            let place = (format!("{at}/{}", escape(name)), Part::Name);
            findings.add_as(code, code.severity(), place, message, Some(instead(name).to_owned()));
        }
    }
}

fn group(group: Json<'_>, at: &str, findings: &mut Findings) {
    fields(group, at, &["conditions", "on_deny"], findings);
    for (place, condition) in elements(group, "conditions") {
        let at = format!("{at}/conditions/{place}");
        if let Some(op) = condition.get("op").and_then(|op| op.as_str()).filter(|op| !OPERATORS.contains(op))
        {
            extension(format!("{at}/op"), &format!("the operator `{}`", shown(op)), instead(op), findings);
        }
        if let Some(path) = condition.get("path").and_then(|path| path.as_str()) {
            self::path(path, format!("{at}/path"), findings);
        }
    }
}

fn path(path: &str, at: String, findings: &mut Findings) {
    let indexed =
        path.split('.').any(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()));
    if indexed || path.contains(['[', ']']) {
        let help =
            "the published format has names joined by dots alone; judge the list as a whole with `contains`";
        extension(at, "an index, a star or a quoted name in a path", help, findings);
    }
}

fn limits(owner: Json<'_>, at: &str, findings: &mut Findings) {
    for (place, limit) in elements(owner, "limits") {
        let at = format!("{at}/limits/{place}");
        fields(limit, &at, &["counter", "window", "max", "scope"], findings);
        if let Some(window) = limit.get("window") {
            let published = matches!(window.as_str(), Some("minute" | "hour" | "day"));
            if !published {
                let help = "write `\"minute\"`, `\"hour\"` or `\"day\"`";
                extension(format!("{at}/window"), "this window", help, findings);
            }
        }
        if let Some(scope) = limit.get("scope").and_then(|scope| scope.as_str())
            && !matches!(scope, "grant" | "session")
        {
            let what = format!("the scope `{}`", shown(scope));
            let help = "write `\"grant\"`, or `\"session\"` as the short dialect has it";
            extension(format!("{at}/scope"), &what, help, findings);
        }
    }
}

fn elements<'t>(owner: Json<'t>, list: &str) -> impl Iterator<Item = (usize, Json<'t>)> {
    let list = owner.get(list).filter(|list| list.kind() == Kind::Array);
    list.into_iter().flat_map(|list| list.elements()).enumerate()
}

fn extension(pointer: String, what: &str, help: &str, findings: &mut Findings) {
    findings.add(LintCode::NotPortable, pointer, format!("{what} is an extension"), help.to_owned());
}

/// What the published format has in its place.
fn instead(word: &str) -> &'static str {
    match word {
        "description" => "leave it out, or keep it beside the policy: it has no effect",
        "$schema" => "leave it out, and tell the editor which schema the file has",
        "mode" => "leave it out where it is `enforce`; keep rules in shadow mode in a policy of their own",
        "increment_from" => "count calls, and bound the amount of one call with a condition",
        "on_deny" => "leave it out of the limit: the published format has it on groups alone",
        "algorithm" | "burst" | "lease" => "leave it out: the published format has fixed windows alone",
        "on_store_error" => "leave it out: a store that fails denies",
        "schema" => "write the bounds as conditions under `require`",
        "approve_if" => "write `\"action\": \"require_approval\"` on the tool, or deny under `deny_if`",
        "require" | "deny_if" => "write the group under each tool",
        "starts_with" => "write a `regex` that begins with `^`",
        "ends_with" => "write a `regex` that ends with `$`",
        "path_within" => "write a `regex` from `^` to `$` that permits no `..`",
        "url_host_in" => "write a `regex` from `^` that closes the host with `/`",
        "cidr_in" => "write the addresses out under `in`",
        _ => "leave it out, or say it with what the published format has",
    }
}
