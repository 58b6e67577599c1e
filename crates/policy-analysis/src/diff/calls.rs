//! Single calls of one tool: which pass under the new policy that did not under the old.

use policy_core::{Effect, Value};

use super::change::{Caller, Calls, Change, ChangeKind, Direction, Example, ToolName};
use super::rule::{Rule, RuleKind, View};
use super::trial::{Trial, turns};
use crate::values::{Alternatives, Literal, Region, Search, json_text, solve};

/// One tool under both policies.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) tool: &'a ToolName,
    /// The name it is called by.
    pub(super) name: &'a str,
    pub(super) old: &'a View,
    pub(super) new: &'a View,
    pub(super) trials: [&'a Trial; 2],
    /// What examples had better satisfy besides: what the server asks of the arguments.
    pub(super) wishes: &'a [Literal],
}

impl Pair<'_> {
    /// The calls that pass and did not, or pass without the approval that they needed.
    pub(super) fn widenings(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        if self.new.denied.is_some() {
            return changes;
        }
        if let Some(place) = &self.old.denied {
            changes.extend(self.tool_widening(place));
            return changes;
        }
        let news = |rules: &[Rule], old: &Rule| rules.iter().any(|new| new.key == old.key);
        for rule in self.old.hard.iter().filter(|rule| !news(&self.new.hard, rule)) {
            let found = self.first(&rule.fails, |ways| self.escape(ways, &[]));
            changes.extend(self.rule_change(rule, found, ChangeKind::Arguments));
        }
        for rule in self.old.asks.iter().filter(|rule| !news(&self.new.asks, rule)) {
            let found = self.first(&rule.fails, |way| self.unasked(way));
            changes.extend(self.rule_change(rule, found, ChangeKind::Approval));
        }
        if changes.is_empty() && self.old.reads && !self.new.reads {
            changes.extend(self.unread());
        }
        changes
    }

    /// Whether no single call passes under both policies, so that nothing is counted under both.
    pub(super) fn share_nothing(&self) -> bool {
        let rules = self.old.hard.iter().chain(&self.new.hard);
        let clauses: Vec<Alternatives> = rules.map(|rule| rule.passes.clone()).collect();
        matches!(solve(&Region::all(), &clauses, &mut |_| true), Search::Empty)
    }

    /// The tool was denied whatever the arguments.
    fn tool_widening(&self, place: &str) -> Option<Change> {
        let found = self.escape(&[], &[]);
        let change = |direction, example: Option<Example>| {
            let kind = match &example {
                Some(Example { new: (Effect::RequireApproval, _), .. }) => ChangeKind::Approvable,
                _ => ChangeKind::Tool,
            };
            let verdict = match (&example, self.new.hard.len(), self.new.asks.len()) {
                (Some(Example { new: (Effect::RequireApproval, _), .. }), ..) => {
                    "every call was denied, now calls can be approved"
                }
                (None, ..) => "every call was denied, and it could not be decided whether one passes now",
                (Some(_), 0, 0) => "every call was denied, now calls are allowed",
                (Some(_), ..) => "every call was denied, now those that the rules permit are allowed",
            };
            Change {
                direction,
                kind,
                tools: vec![self.tool.clone()],
                old: Some(place.to_owned()),
                new: None,
                message: verdict.to_owned(),
                example,
            }
        };
        match found {
            Search::Found(example) => Some(change(Direction::Widening, Some(example))),
            Search::Unknown => Some(change(Direction::MaybeWidening, None)),
            Search::Empty => None,
        }
    }

    fn first(
        &self,
        ways: &[Vec<Literal>],
        mut look: impl FnMut(&[Literal]) -> Search<Example>,
    ) -> Search<Example> {
        ways.iter().fold(Search::Empty, |so_far, way| so_far.or_else(|| look(way)))
    }

    /// A call that the old policy denies in this way, and that passes now.
    fn escape(&self, way: &[Literal], more: &[Alternatives]) -> Search<Example> {
        let hard: Vec<Alternatives> =
            self.new.hard.iter().map(|rule| rule.passes.clone()).chain(more.iter().cloned()).collect();
        let any = self.solve(way, &[], &hard, |old, new| old == Effect::Deny && new != Effect::Deny);
        if matches!(any, Search::Empty) {
            return any;
        }
        // Rather one that is allowed outright, and that the server would take.
        let outright: Vec<Alternatives> =
            hard.iter().cloned().chain(self.new.asks.iter().map(|rule| rule.passes.clone())).collect();
        let allowed = |old, new| old == Effect::Deny && new == Effect::Allow;
        self.solve(way, self.wishes, &outright, allowed)
            .or_else(|| {
                self.solve(way, self.wishes, &hard, |old, new| old == Effect::Deny && new != Effect::Deny)
            })
            .or_else(|| self.solve(way, &[], &outright, allowed))
            .found()
            .map_or(any, Search::Found)
    }

    /// A call that had to be approved for this reason, and is now allowed without.
    fn unasked(&self, way: &[Literal]) -> Search<Example> {
        let rules = self.old.hard.iter().chain(&self.new.hard).chain(&self.new.asks);
        let clauses: Vec<Alternatives> = rules.map(|rule| rule.passes.clone()).collect();
        let wanted = |old, new| old == Effect::RequireApproval && new == Effect::Allow;
        let any = self.solve(way, &[], &clauses, wanted);
        if matches!(any, Search::Empty) || self.wishes.is_empty() {
            return any;
        }
        self.solve(way, self.wishes, &clauses, wanted).found().map_or(any, Search::Found)
    }

    fn solve(
        &self,
        way: &[Literal],
        wishes: &[Literal],
        clauses: &[Alternatives],
        wanted: impl Fn(Effect, Effect) -> bool,
    ) -> Search<Example> {
        let mut region = Region::all();
        way.iter().chain(wishes).for_each(|literal| region.demand(literal.clone()));
        let mut example = None;
        let found = solve(&region, clauses, &mut |arguments| {
            example = self.example(arguments, &wanted);
            example.is_some()
        });
        match (found, example) {
            (Search::Empty, _) => Search::Empty,
            (Search::Found(_), Some(example)) => Search::Found(example),
            _ => Search::Unknown,
        }
    }

    fn example(&self, arguments: &Value, wanted: impl Fn(Effect, Effect) -> bool) -> Option<Example> {
        let [old, new] = turns(self.trials, self.name, &json_text(arguments), wanted)?;
        Some(Example { calls: vec![self.call(arguments.clone())], old, new })
    }

    fn call(&self, arguments: Value) -> Calls {
        Calls {
            tool: self.name.to_owned(),
            arguments,
            caller: Caller { server: 0, grant: 0, session: None },
            at: policy_core::Timestamp::from_millis(0),
            count: 1,
        }
    }

    /// Arguments that cannot be read were denied because something looked at them, and nothing does any more.
    fn unread(&self) -> Option<Change> {
        let example =
            self.example(&Value::Array(Vec::new()), |old, new| old == Effect::Deny && new != Effect::Deny)?;
        Some(Change {
            direction: Direction::Widening,
            kind: ChangeKind::Arguments,
            tools: vec![self.tool.clone()],
            old: None,
            new: None,
            message:
                "no rule looks at the arguments any more, so those that cannot be read are no longer denied"
                    .to_owned(),
            example: Some(example),
        })
    }

    fn rule_change(&self, rule: &Rule, found: Search<Example>, kind: ChangeKind) -> Option<Change> {
        let (direction, example) = match found {
            Search::Empty => return None,
            Search::Found(example) => (Direction::Widening, Some(example)),
            Search::Unknown => (Direction::MaybeWidening, None),
        };
        let nearest = self.nearest(rule);
        let approvable = example.as_ref().is_some_and(|example| example.new.0 == Effect::RequireApproval);
        let kind = if approvable { ChangeKind::Approvable } else { kind };
        let what = match (direction, kind) {
            (Direction::Widening, ChangeKind::Approval) => "calls that needed approval are allowed without",
            (Direction::Widening, ChangeKind::Approvable) => "calls that were denied can be approved",
            (Direction::Widening, _) => "calls that were denied are allowed",
            (_, ChangeKind::Approval) => {
                "it could not be decided whether calls are allowed without approval now"
            }
            _ => "it could not be decided whether calls that were denied pass now",
        };
        let now = match nearest {
            Some(new) => format!(" (now: {})", new.text),
            None => " (now: no such rule)".to_owned(),
        };
        Some(Change {
            direction,
            kind,
            tools: vec![self.tool.clone()],
            old: Some(rule.pointer.clone()),
            new: nearest.map(|new| new.pointer.clone()),
            message: format!("{what}: {}{now}", rule.text),
            example,
        })
    }

    /// The rule of the new policy that has most to do with one of the old: of the same kind, on the same arguments.
    fn nearest(&self, rule: &Rule) -> Option<&Rule> {
        let olds = |new: &&Rule| !self.old.hard.iter().chain(&self.old.asks).any(|old| old.key == new.key);
        let same_kind = |new: &&Rule| new.kind == rule.kind;
        let same_paths = |new: &&Rule| new.paths() == rule.paths();
        let rules = || {
            self.new
                .hard
                .iter()
                .chain(&self.new.asks)
                .filter(|new| !same_kind(new) || new.kind != RuleKind::Cost)
        };
        rules()
            .filter(olds)
            .filter(same_kind)
            .find(same_paths)
            .or_else(|| rules().filter(same_kind).find(same_paths))
            .or_else(|| rules().filter(olds).find(same_paths))
    }
}
