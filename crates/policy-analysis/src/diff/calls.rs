//! Single calls of one tool: which pass under the new policy that did not under the old.

use policy_core::{Effect, Value};

use super::change::{Caller, Calls, Change, ChangeKind, Direction, Example, ToolName};
use super::rule::{Rule, RuleKind, View};
use super::trial::{Trial, turns};
use super::words::{What, Words};
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
    pub(super) fn widenings(&self) -> Vec<(Change, Words)> {
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
            let found = self.first(&rule.fails, |way| self.escape(way));
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
    fn tool_widening(&self, place: &str) -> Option<(Change, Words)> {
        let (direction, example) = decided(self.escape(&[]))?;
        let approvable = example.as_ref().is_some_and(|example| example.new.0 == Effect::RequireApproval);
        let has_rules = !self.new.hard.is_empty() || !self.new.asks.is_empty();
        let what = match &example {
            None => What::ToolUndecided,
            Some(_) if approvable => What::ToolWithApproval,
            Some(_) if has_rules => What::ToolWithRules,
            Some(_) => What::Tool,
        };
        let kind = if approvable { ChangeKind::Approvable } else { ChangeKind::Tool };
        let change = self.change(direction, kind, [Some(place.to_owned()), None], example);
        Some((change, Words::bare(what)))
    }

    fn change(
        &self,
        direction: Direction,
        kind: ChangeKind,
        [old, new]: [Option<String>; 2],
        example: Option<Example>,
    ) -> Change {
        let tools = vec![self.tool.clone()];
        Change { direction, kind, tools, old, new, message: String::new(), example }
    }

    fn first(
        &self,
        ways: &[Vec<Literal>],
        mut look: impl FnMut(&[Literal]) -> Search<Example>,
    ) -> Search<Example> {
        ways.iter().fold(Search::Empty, |so_far, way| so_far.or_else(|| look(way)))
    }

    /// A call that the old policy denies in this way, and that passes now.
    fn escape(&self, way: &[Literal]) -> Search<Example> {
        let hard: Vec<Alternatives> = self.new.hard.iter().map(|rule| rule.passes.clone()).collect();
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
        let (caller, [old, new]) = turns(self.trials, self.name, &json_text(arguments), wanted)?;
        Some(Example { calls: vec![self.call(caller, arguments.clone())], old, new })
    }

    fn call(&self, caller: Caller, arguments: Value) -> Calls {
        Calls {
            tool: self.name.to_owned(),
            arguments,
            caller,
            at: policy_core::Timestamp::from_millis(0),
            count: 1,
        }
    }

    /// Arguments that cannot be read were denied because something looked at them, and nothing does any more.
    fn unread(&self) -> Option<(Change, Words)> {
        let wanted = |old, new| old == Effect::Deny && new != Effect::Deny;
        let example = self.example(&Value::Array(Vec::new()), wanted)?;
        let change = self.change(Direction::Widening, ChangeKind::Arguments, [None, None], Some(example));
        Some((change, Words::bare(What::Unread)))
    }

    fn rule_change(&self, rule: &Rule, found: Search<Example>, kind: ChangeKind) -> Option<(Change, Words)> {
        let (direction, example) = decided(found)?;
        let approvable = example.as_ref().is_some_and(|example| example.new.0 == Effect::RequireApproval);
        let kind = if approvable { ChangeKind::Approvable } else { kind };
        let what = match (&example, kind) {
            (Some(_), ChangeKind::Approval) => What::WithoutApproval,
            (Some(_), ChangeKind::Approvable) => What::CallsWithApproval,
            (Some(_), _) => What::Calls,
            (None, ChangeKind::Approval) => What::WithoutApprovalUndecided,
            (None, _) => What::CallsUndecided,
        };
        let nearest = self.nearest(rule);
        let places = [Some(rule.pointer.clone()), nearest.map(|new| new.pointer.clone())];
        let nearest = nearest.map(|new| new.text.clone());
        let words = Words { what, rule: Some(rule.text.clone()), nearest };
        Some((self.change(direction, kind, places, example), words))
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

/// A widening where there is an example, and otherwise what may be one; nothing where nothing passes.
fn decided(found: Search<Example>) -> Option<(Direction, Option<Example>)> {
    match found {
        Search::Empty => None,
        Search::Found(example) => Some((Direction::Widening, Some(example))),
        Search::Unknown => Some((Direction::MaybeWidening, None)),
    }
}
