//! What each code means to whoever meets it: why it matters, a policy that brings it up, what to do about it.

use policy_core::arguments::{Json, Kind};
use policy_json::{DOCUMENT_CAPS, Parsed};

use super::code::LintCode;

/// What there is to know of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Why it matters.
    pub why: &'static str,
    /// A policy that brings it up.
    pub example: &'static str,
    /// The list of tools that it takes, if it takes one.
    pub tools: Option<&'static str>,
    /// What to do about it.
    pub fix: &'static str,
}

impl Explanation {
    /// A text of JSON broken into lines where it is long, its members in their order; as it is, where it is no JSON.
    #[must_use]
    pub fn in_lines(text: &str) -> String {
        let Ok(parsed) = Parsed::parse(text.as_bytes(), DOCUMENT_CAPS) else { return text.to_owned() };
        let mut lines = String::new();
        if let Some(root) = parsed.root() {
            write_lines(&parsed, root, 0, &mut lines);
        }
        lines
    }
}

/// How long a line may be before it is broken, in bytes.
const LINE_MAX: usize = 90;

/// Recurses as deep as the text nests, which the caps bound.
fn write_lines(parsed: &Parsed<'_>, value: Json<'_>, depth: usize, lines: &mut String) {
    let raw = parsed.raw(value);
    let brackets = match value.kind() {
        Kind::Array => ('[', ']'),
        Kind::Object => ('{', '}'),
        _ => return lines.push_str(raw),
    };
    if raw.len().saturating_add(depth.saturating_mul(2)) <= LINE_MAX {
        return lines.push_str(raw);
    }
    let names = value.members().map(|(name, value)| (Some(name), value));
    let inside: Vec<_> = names.chain(value.elements().map(|value| (None, value))).collect();
    lines.push(brackets.0);
    for (place, (name, value)) in inside.into_iter().enumerate() {
        lines.push_str(if place == 0 { "\n" } else { ",\n" });
        (0..=depth).for_each(|_| lines.push_str("  "));
        if let Some(name) = name {
            lines.push_str(parsed.raw(name));
            lines.push_str(": ");
        }
        write_lines(parsed, value, depth.saturating_add(1), lines);
    }
    lines.push('\n');
    (0..depth).for_each(|_| lines.push_str("  "));
    lines.push(brackets.1);
}

impl LintCode {
    /// All of it as a page of Markdown, without a heading.
    #[must_use]
    pub fn page(self) -> String {
        let Explanation { why, example, tools, fix } = self.explanation();
        let json = |text: &str| format!("```json\n{}\n```\n", Explanation::in_lines(text));
        let mut page =
            format!("{} ({})\n\n{why}\n\n{}", self.summary(), self.severity().name(), json(example));
        if let Some(tools) = tools {
            page.push_str(&format!("\nwith the list of tools\n\n{}", json(tools)));
        }
        page.push_str(&format!("\n**What to do.** {fix}\n"));
        page
    }

    /// What there is to know of it.
    #[must_use]
    pub const fn explanation(self) -> Explanation {
        let (why, example, fix) = self.texts();
        Explanation { why, example, tools: self.tools(), fix }
    }

    /// The list of tools that the example takes.
    const fn tools(self) -> Option<&'static str> {
        Some(match self {
            Self::UnlistedTool | Self::UnlistedHiddenTool | Self::UnruledTool => {
                r#"{"tools": [{"name": "stop-pod"}, {"name": "delete-pod"}]}"#
            }
            Self::PartialList => r#"{"tools": [{"name": "stop-pod"}], "nextCursor": "2"}"#,
            Self::UnknownArgument
            | Self::OptionalArgument
            | Self::TypeNeverFits
            | Self::ValueOutsideSchema
            | Self::OptionalCost => {
                r#"{"tools": [{"name": "pay", "inputSchema": {"type": "object", "additionalProperties": false, "required": ["currency"], "properties": {"amount": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}}}]}"#
            }
            _ => return None,
        })
    }

    #[expect(clippy::too_many_lines, reason = "three texts for each code")]
    const fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NotPortable => (
                "`--portable` asks for a policy that other readers of the format understand too. They refuse what this engine has beyond the published format, or worse, pass over it.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"limits": [{"counter": "pay", "window": 30, "max": 5}]}}}"#,
                "Say it with what the published format has, or do without `--portable`. Each finding names the alternative.",
            ),
            Self::UnlistedTool => (
                "Names are compared byte for byte. A rule for a name that the server does not have rules nothing: under `default: \"deny\"` the tool that was meant stays denied, under `default: \"allow\"` it stays open. Servers rename and fold their tools together, so a policy that was right goes stale.",
                r#"{"version": "1", "default": "deny", "tools": {"stop-pods": {}, "delete-pod": {}}}"#,
                "Write the name as the server lists it, or take the rules out.",
            ),
            Self::UnlistedHiddenTool => (
                "A hidden name that the server does not have hides nothing, and the tool that was meant is listed and can be called.",
                r#"{"version": "1", "default": "allow", "hide": ["delete-pods"], "tools": {"stop-pod": {}, "delete-pod": {}}}"#,
                "Write the name as the server lists it, or take it out.",
            ),
            Self::UnruledTool => (
                "Under `default: \"allow\"` a tool that the policy does not speak of can be called without conditions, and so can the one that the server adds tomorrow.",
                r#"{"version": "1", "default": "allow", "hide": ["delete-pod"]}"#,
                "Name each tool under `tools`, `{}` where it may be called freely; or write `\"default\": \"deny\"`.",
            ),
            Self::PartialList => (
                "A list with a `nextCursor` is one page of several. What is not on it may be on another page, so that nothing is certain of names that it lacks.",
                r#"{"version": "1", "default": "deny", "tools": {"stop-pod": {}}}"#,
                "Ask the server for all pages, and put their tools into one list.",
            ),
            Self::UnknownArgument => (
                "The tool's input schema has no such argument. Under `require` every call is then denied; under `deny_if` the rule never denies anything.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amuont", "op": "gt", "value": 100}]}]}}}"#,
                "Write the path as the schema has it. Where the schema leaves open what arguments there are, nothing is reported, but for a note where a described name is near.",
            ),
            Self::OptionalArgument => (
                "An argument that is left out satisfies no condition but `exists: false`, so the call passes by a `deny_if` that reads it, and the server does what it does by default. Nothing is reported where the schema gives a default that the rule would let through.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]}}}"#,
                "Require that the argument exists: `{\"path\": \"args.amount\", \"op\": \"exists\", \"value\": true}` under `require`. Where a call without it may pass, put that condition into the group itself: it changes nothing and says so.",
            ),
            Self::TypeNeverFits => (
                "The operator judges another type than the argument has by the tool's input schema. A value that it cannot judge denies, so every call that has the argument is denied.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"require": [{"conditions": [{"path": "args.currency", "op": "gt", "value": 100}]}]}}}"#,
                "Use an operator for the argument's type, or another argument.",
            ),
            Self::ValueOutsideSchema => (
                "By the tool's input schema the argument never has this value: it is none of the enumerated ones, of another type, or out of bounds. `eq` and `in` are then always false, `neq` and `not_in` always true.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"require": [{"conditions": [{"path": "args.currency", "op": "in", "value": ["EUR", "US"]}]}]}}}"#,
                "Write the value as the schema has it.",
            ),
            Self::OptionalCost => (
                "A call without the argument that its cost is taken from is denied with `invalid_cost`. It is safe, but the agent reads of a cost where it should read which argument is missing.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"limits": [{"counter": "spend", "window": "day", "max": 100, "increment_from": "args.amount"}]}}}"#,
                "Require that the argument exists, with an `on_deny` that says so.",
            ),
            Self::UnreachableRule => (
                "No call comes to what stands here: the tool is hidden or denied as a whole, or another group has decided before. The author meant one of the two.",
                r#"{"version": "1", "default": "deny", "tools": {"ls": {}, "rm": {"action": "deny", "limits": [{"counter": "rm", "window": "day", "max": 1}]}}}"#,
                "Take out one of the two. Where the later group has a text of its own, put it first.",
            ),
            Self::HidesEverything => (
                "`\"*\"` under `hide` hides all tools, and a hidden tool cannot be called. Whatever else the policy says has no effect.",
                r#"{"version": "1", "default": "deny", "hide": ["*"], "tools": {"ls": {}}}"#,
                "Leave it out, and name the tools that are to be hidden.",
            ),
            Self::DeniesEverything => (
                "Under `default: \"deny\"` only tools that are named can be called, and none is named that is not denied or hidden. As a policy for an emergency that is right; otherwise the list is missing.",
                r#"{"version": "1", "default": "deny"}"#,
                "Name the tools that may be called under `tools`.",
            ),
            Self::AllowsEverything => (
                "The policy has no rule, no limit and no hidden name: it is as if there were none.",
                r#"{"version": "1", "default": "allow"}"#,
                "Write `\"default\": \"deny\"` and name what may be called, or give rules.",
            ),
            Self::OnlyShadow => (
                "A rule in shadow mode is reported on and never decides. Here all are, and everything is allowed. That is how a policy is tried out, and easily forgotten.",
                r#"{"version": "1", "default": "allow", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}], "mode": "shadow"}]}}}"#,
                "Take `\"mode\": \"shadow\"` out where a rule is to decide.",
            ),
            Self::DeniesEveryCall => (
                "What `require` asks for, `deny_if` denies, or two groups of `require` ask for what cannot be together. Whatever the arguments are, the call is denied.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"require": [{"conditions": [{"path": "args.currency", "op": "in", "value": ["EUR"]}]}], "deny_if": [{"conditions": [{"path": "args.currency", "op": "eq", "value": "EUR"}]}]}}}"#,
                "Correct the rule that was meant otherwise; for a tool that is to be denied, write `\"action\": \"deny\"`.",
            ),
            Self::NeverHolds => (
                "Conditions of one group are ANDed, and no argument satisfies all of these. Under `require` every call is denied; under `deny_if` the group never denies.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "lt", "value": 1}, {"path": "args.amount", "op": "gt", "value": 100}]}]}}}"#,
                "For alternatives, write a group for each under `deny_if`, or `in` with a list.",
            ),
            Self::AlwaysHolds => (
                "The group or condition holds whatever the argument is, so it asks nothing under `require` and denies too much under `deny_if`.",
                r#"{"version": "1", "default": "deny", "tools": {"run": {"require": [{"conditions": [{"path": "args.image", "op": "regex", "value": ".*"}]}]}}}"#,
                "Say what is meant. For \"the argument is there\", write `exists` with `true`.",
            ),
            Self::DuplicateCondition => (
                "The same condition twice asks nothing more than once. Mostly the path or the value of one of them should have been changed after copying.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}, {"path": "args.amount", "op": "gt", "value": 1e2}]}]}}}"#,
                "Take one of them out, or correct what should differ.",
            ),
            Self::DuplicateGroup => (
                "Two groups of one list have the same conditions; the second decides nothing, and its text is never read. Mostly one of them should have been changed after copying.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}, {"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]}}}"#,
                "Take one of them out, or correct what should differ.",
            ),
            Self::RedundantCondition => (
                "The condition holds wherever the others of its group do. It changes nothing, and may have been meant to.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"require": [{"conditions": [{"path": "args.amount", "op": "lt", "value": 10}, {"path": "args.amount", "op": "lt", "value": 100}]}]}}}"#,
                "Take it out, or correct what should ask more.",
            ),
            Self::AbsentPasses => (
                "`deny_if x not_in [...]` reads like \"`x` must be one of these\". But an absent argument satisfies no condition, so a call that leaves `x` out passes.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.currency", "op": "not_in", "value": ["EUR", "USD"]}]}]}}}"#,
                "Write it the right way round: `require` with `in`. Or require that the argument exists.",
            ),
            Self::DuplicateValue => (
                "An element that is equal to another one of the list adds nothing. Numbers are equal by value: `1` and `1.0` are one.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"require": [{"conditions": [{"path": "args.currency", "op": "in", "value": ["EUR", "USD", "EUR"]}]}]}}}"#,
                "Take it out, or correct what should differ.",
            ),
            Self::StarInPath => (
                "Paths have no wildcards of this form: the star is part of an argument's name. No call has such an argument, so `require` denies all and `deny_if` none.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"deny_if": [{"conditions": [{"path": "args.*", "op": "contains", "value": "secret"}]}]}}}"#,
                "Name the arguments, one condition each.",
            ),
            Self::UnanchoredPattern => (
                "`regex` searches: a pattern is satisfied by a text that has a match anywhere in it. Without `^` and `$`, `prod-[0-9]+` also matches `anything; prod-1; anything`. An alternation binds weaker than an anchor: `^a|b$` is `^a` or `b$`.",
                r#"{"version": "1", "default": "deny", "tools": {"run": {"require": [{"conditions": [{"path": "args.image", "op": "regex", "value": "acme/[a-z]+"}]}]}}}"#,
                "Write `^(?:...)$`. Where anything may stand before or after, say so with `.*`.",
            ),
            Self::UnescapedDot => (
                "A dot in a pattern is any character, so `api.example.com` is also found in `apixexample.com`, which anybody can register.",
                r#"{"version": "1", "default": "deny", "tools": {"fetch": {"require": [{"conditions": [{"path": "args.host", "op": "regex", "value": "^api\\.example.com$"}]}]}}}"#,
                "Write `\\.`, which in JSON is `\"\\\\.\"`; or compare with `eq` or `in`.",
            ),
            Self::LargePattern => (
                "Patterns are matched in linear time, but a large one takes memory and is slow to load. Counted repetitions of large classes grow fastest.",
                r#"{"version": "1", "default": "deny", "tools": {"run": {"deny_if": [{"conditions": [{"path": "args.image", "op": "regex", "value": "^\\w{12}$"}]}]}}}"#,
                "Repeat less, or repeat a smaller class: `[0-9A-Za-z_]` in place of `\\w`, which has more than a hundred thousand characters.",
            ),
            Self::PathPrefix => (
                "A path that begins well can lead elsewhere: `/data/../etc/passwd` begins with `/data/`, and `/data-other` begins with `/data`. Such a value was tried against every rule on the argument, and passed.",
                r#"{"version": "1", "default": "deny", "tools": {"read": {"require": [{"conditions": [{"path": "args.path", "op": "regex", "value": "^/data/.*$"}]}]}}}"#,
                "Use `path_within`, which knows `..`. Or permit only what a path needs, from `^` to `$`: `^/data/[a-z0-9_-]+$`.",
            ),
            Self::AddressPart => (
                "An address whose host is not closed can go on, and what stands in a part of an address need not be its host: `https://example.com` is also the beginning of `https://example.com.attacker.example/` and of `https://example.com@attacker.example/`; `notexample.com` ends with `example.com`. Such a value was tried against every rule on the argument, and passed.",
                r#"{"version": "1", "default": "deny", "tools": {"fetch": {"require": [{"conditions": [{"path": "args.url", "op": "regex", "value": "^https://example\\.com.*$"}]}]}}}"#,
                "Use `url_host_in`, which reads the address. Or close the host: `^https://example\\.com/`, and a dot before the end of a host: `.example.com`.",
            ),
            Self::NamesAlike => (
                "Names are compared byte for byte, so two that a reader takes for one are two tools, or two counters that do not share their count. With `--tools`, names that the server both lists are not reported.",
                r#"{"version": "1", "default": "deny", "hide": ["delete_pod"], "tools": {"list-pods": {}, "delete-pod": {}}}"#,
                "Write one name, the one that the server has.",
            ),
            Self::BlankInName => (
                "The name begins or ends with a blank, or has a character that does not show. It is another name than the one that it looks like, and no server has it.",
                r#"{"version": "1", "default": "deny", "tools": {"list-pods ": {}}}"#,
                "Write the name as the server does.",
            ),
            Self::UnusualName => (
                "MCP names have 1 to 128 characters of A-Z a-z 0-9 _ . - /. A name that looks like plain letters and has others in it is reported as a warning: it is not the tool that it looks like.",
                r#"{"version": "1", "default": "deny", "tools": {"größe": {}}}"#,
                "Check how the server writes it.",
            ),
            Self::StarInName => (
                "There are no wildcards in names: `delete-*` is one tool that is called so, and hides or rules no other. Only `hide` knows the whole name `\"*\"`.",
                r#"{"version": "1", "default": "allow", "hide": ["delete-*"]}"#,
                "Write out each name, or write `\"default\": \"deny\"`.",
            ),
            Self::LimitNeverReached => (
                "The same calls are counted in a longer window that has no more room: it is used up first, and the shorter limit never decides. Mostly the two numbers were exchanged.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"limits": [{"counter": "c", "window": "minute", "max": 100}, {"counter": "c", "window": "hour", "max": 50}]}}}"#,
                "Give the shorter window less room than the longer one has.",
            ),
            Self::LimitAdmitsNothing => (
                "A limit of 0 denies every call with `limit_exceeded`, which agents take for something that passes with time.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"limits": [{"counter": "pay", "window": "day", "max": 0}]}}}"#,
                "Write `\"action\": \"deny\"` with a `reason`, or the number that was meant.",
            ),
            Self::CounterMixesUnits => (
                "One counter is charged 1 for each call in one place and an amount in another. Its sum is of nothing.",
                r#"{"version": "1", "default": "deny", "tools": {"pay": {"limits": [{"counter": "spend", "window": "day", "max": 100, "increment_from": "args.amount"}]}, "refund": {"limits": [{"counter": "spend", "window": "day", "max": 100}]}}}"#,
                "Count calls and amounts in counters of their own.",
            ),
            Self::EmptyText => (
                "The text is handed to the agent word for word. An empty one tells it nothing, and it will try again.",
                r#"{"version": "1", "default": "deny", "tools": {"ls": {}, "rm": {"action": "deny", "reason": ""}}}"#,
                "Say what is not permitted and what would be, or leave the field out: the engine has a text of its own.",
            ),
            Self::ReasonWithoutEffect => (
                "`reason` is read where `action` denies or asks for approval. Here it does neither: perhaps `action` was forgotten, and the tool is open.",
                r#"{"version": "1", "default": "deny", "tools": {"rm": {"reason": "Nobody deletes files."}}}"#,
                "Add `\"action\": \"deny\"`; for a text for people, use `description`.",
            ),
            Self::UnsuitableSchemaUri => (
                "`$schema` names the schema that a document is an instance of. The address of a JSON Schema dialect says that the policy is itself a schema, and editors then complete and check it as one. A name that begins with `urn:policy:` and is not `urn:policy:policy.v1` is of another version of the format.",
                r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "version": "1", "default": "deny", "tools": {"ls": {}}}"#,
                "Give the address of a file that `policy schema` was written to, such as `./policy.v1.schema.json`; or leave it out.",
            ),
        }
    }
}
