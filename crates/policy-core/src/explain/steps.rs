//! Walks the steps that a call is decided by, to the last, and notes what each comes to. Whatever judges is `plan`'s: what stands
//! here is the order, and who asks whom. The last two steps are `limits`' business.

use crate::arguments::{Arguments, Json, Tape};
use crate::clock::Timestamp;
use crate::code::Code;
use crate::condition::{Condition, Outcome};
use crate::group::{Group, Mode};
use crate::judge::{judge_group, lists, read, satisfies, sense};
use crate::path::Found as FoundValue;
use crate::plan::{Found, Request, find};
use crate::policy::Action;
use crate::program::Reads;
use crate::reason::Context;
use crate::snapshot::Snapshot;
use crate::verdict::{Approval, Detail, GroupList, Place, Verdict, Whose};
use crate::weigh::weigh;

use super::{
    ExplainOptions, ExplainedCondition, ExplainedPlaces, ExplainedStep, StepKind, StepOutcome, text,
};

/// How many values of one condition are shown.
const VALUES_MAX: usize = 8;

/// The steps of a call that was decided so.
pub(super) fn walk<A: Arguments>(
    snapshot: &Snapshot,
    verdict: &Verdict,
    request: &Request<'_, A>,
    now: Timestamp,
    options: ExplainOptions,
) -> Vec<ExplainedStep> {
    let context = Context { snapshot, verdict };
    let mut walk = Walk { context, tool: request.tool, options, steps: Vec::new(), ended: false };
    let mut found = Verdict::undecided();
    let there = find(snapshot, request.identity, request.tool, &mut found);
    if let Some(there) = walk.is_there(there, &found) {
        let mut tape = Tape::new();
        walk.arguments(there, request, &mut tape, now);
    }
    walk.steps
}

pub(super) struct Walk<'a> {
    /// What places are in: the decision's, which holds the same policy and tool.
    pub(super) context: Context<'a>,
    /// The tool that was asked for.
    tool: &'a str,
    pub(super) options: ExplainOptions,
    steps: Vec<ExplainedStep>,
    /// Whether a step has ended it.
    pub(super) ended: bool,
}

/// What a step comes to: a code where it denies or asks.
pub(super) type Finding = Option<Code>;

impl Walk<'_> {
    /// A step as it stands. `place` is that of the rule it looks at.
    pub(super) fn step(
        &self,
        kind: StepKind,
        mode: Mode,
        finding: Finding,
        place: Place,
        note: impl Into<String>,
    ) -> ExplainedStep {
        let outcome = match (finding, mode) {
            _ if self.ended => StepOutcome::NotReached,
            (None, _) => StepOutcome::Passed,
            (Some(_), Mode::Shadow) => StepOutcome::Shadowed,
            (Some(Code::ApprovalRequired), _) if kind == StepKind::Approval => StepOutcome::Waits,
            (Some(Code::ApprovalRequired), _) => StepOutcome::Asks,
            (Some(_), _) => StepOutcome::Denied,
        };
        ExplainedStep {
            kind,
            outcome,
            code: finding,
            rule: self.context.rule(place),
            pointer: self.context.pointer(place),
            note: note.into(),
            mode,
            conditions: Vec::new(),
            limit: None,
        }
    }

    /// The steps after one that denies are not reached.
    pub(super) fn add(&mut self, step: ExplainedStep) {
        self.ended |= matches!(step.outcome, StepOutcome::Denied | StepOutcome::Waits);
        self.steps.push(step);
    }

    pub(super) fn message(&self, code: Code, place: Place, detail: Option<&Detail>) -> String {
        self.context.message(code, place, detail, self.tool, None)
    }

    /// Steps 1 to 5, of which the first four are `find`'s.
    fn is_there<'f>(&mut self, there: Option<Found<'f>>, found: &Verdict) -> Option<Found<'f>> {
        let denied = there.is_none().then_some(found.code);
        let named = there.is_some_and(|there| there.rules.is_some());
        let steps: [(StepKind, &[Code]); 4] = [
            (StepKind::Revocation, &[Code::GrantRevoked]),
            (StepKind::Policy, &[Code::NoPolicy]),
            (StepKind::Hide, &[Code::Hidden]),
            (StepKind::Tool, &[Code::DefaultDeny, Code::InvalidToolName]),
        ];
        for (kind, codes) in steps {
            let finding = denied.filter(|code| codes.contains(code));
            let place = match (finding, kind) {
                (Some(_), _) => found.place,
                (None, StepKind::Tool) if !named => Place::Default,
                (None, _) => Place::Nowhere,
            };
            let note = match (kind, finding) {
                (StepKind::Revocation, None) => "the grant has not been revoked",
                (StepKind::Revocation, Some(_)) => "the grant has been revoked",
                (StepKind::Policy, None) => "a policy applies to the grant",
                (StepKind::Policy, Some(_)) => "no policy applies to the grant",
                (StepKind::Hide, None) => "`hide` does not name the tool",
                (StepKind::Hide, Some(_)) => "`hide` names the tool, or everything",
                (_, None) if named => "`tools` names the tool",
                (_, None) => "`tools` does not name the tool, and `default` allows such",
                (_, Some(Code::InvalidToolName)) => {
                    "`tools` does not name the tool, and its name is none that a tool can have"
                }
                (_, Some(_)) => "`tools` does not name the tool, and `default` denies such",
            };
            let mut step = self.step(kind, Mode::Enforce, finding, place, note);
            if kind == StepKind::Tool && named {
                step.pointer = self.context.tool_pointer();
            }
            self.add(step);
            if finding.is_some() {
                return None;
            }
        }
        let there = there?;
        if let Some(rules) = there.rules {
            let finding = match rules.tool.action {
                _ if rules.denies => Some(Code::ToolDenied),
                Action::RequireApproval => Some(Code::ApprovalRequired),
                _ => None,
            };
            let note = format!("`action` is `{}`", rules.tool.action.name());
            let place = if finding.is_some() { Place::Action } else { Place::Nowhere };
            self.add(self.step(StepKind::Action, Mode::Enforce, finding, place, note));
        }
        Some(there)
    }

    /// Steps 6 to 12.
    fn arguments<A: Arguments>(
        &mut self,
        Found { program, rules }: Found<'_>,
        request: &Request<'_, A>,
        tape: &mut Tape,
        now: Timestamp,
    ) {
        let snapshot = self.context.snapshot;
        let input = snapshot.catalogues.find(|| request.identity.server(), request.tool);
        let reads = match (input, rules) {
            (Some(_), _) => Reads::Enforced,
            (None, Some(rules)) => rules.reads,
            (None, None) => program.all_tools_read,
        };
        let root = self.read(reads, request, tape);
        let tool = rules.map(|rules| &*rules.tool);
        let own = tool.and_then(|tool| tool.schema.as_ref());
        for (kind, schema, place) in
            [(StepKind::InputSchema, input, Place::InputSchema), (StepKind::Schema, own, Place::Schema)]
        {
            let Some(schema) = schema else { continue };
            if root.is_none() {
                self.not_judged(kind, Mode::Enforce, place);
                continue;
            }
            let mut found = Verdict::undecided();
            let finding = (!satisfies(schema, place, root, &mut found)).then_some(found.code);
            let note = match finding {
                Some(code) => {
                    self.message(code, place, found.more.as_ref().and_then(|more| more.detail.as_ref()))
                }
                None => "the arguments satisfy it".to_owned(),
            };
            self.add(self.step(kind, Mode::Enforce, finding, place, note));
        }
        let mut asking = tool.filter(|tool| tool.action == Action::RequireApproval).map(|_| Place::Action);
        for (whose, list, groups) in lists(tool, &program.everybodys) {
            for (number, group) in (0..).zip(groups) {
                let asks = self.group((whose, list, number), group, root, request);
                asking = asking.or(asks);
            }
        }
        if let Some(asking) = asking {
            self.approval(program.bound, root, asking, request);
        }
        let limits = (rules.map_or(&[][..], |rules| &*rules.limits), program.all_tools.as_slice());
        self.limits(limits, root, reads, request, now);
    }

    /// Step 6. `None` where nothing looks at the arguments, or they cannot be read.
    fn read<'t, A: Arguments>(
        &mut self,
        reads: Reads,
        request: &'t Request<'_, A>,
        tape: &'t mut Tape,
    ) -> Option<Json<'t>> {
        if reads == Reads::Nothing {
            let note = "nothing looks at the arguments, so they are not read";
            self.add(self.step(StepKind::Arguments, Mode::Enforce, None, Place::Nowhere, note));
            return None;
        }
        let mode = if reads == Reads::Shadowed { Mode::Shadow } else { Mode::Enforce };
        match read(request.arguments, request.options.caps, tape) {
            Ok(root) => {
                let note = "the arguments are read";
                self.add(self.step(StepKind::Arguments, mode, None, Place::Nowhere, note));
                Some(root)
            }
            Err(error) => {
                let (code, place) = (Code::InvalidArguments, Place::Arguments);
                let note = self.message(code, place, Some(&Detail::Argument(error)));
                self.add(self.step(StepKind::Arguments, mode, Some(code), place, note));
                None
            }
        }
    }

    pub(super) fn not_judged(&mut self, kind: StepKind, mode: Mode, place: Place) {
        let mut step = self.step(kind, mode, None, place, "the arguments could not be read");
        step.outcome = StepOutcome::NotJudged;
        step.rule.clear();
        self.add(step);
    }

    /// Steps 8 to 10: one group. Its place, where it asks for approval.
    fn group<A: Arguments>(
        &mut self,
        (whose, list, number): (Whose, GroupList, u32),
        group: &Group,
        root: Option<Json<'_>>,
        request: &Request<'_, A>,
    ) -> Option<Place> {
        let kind = match list {
            GroupList::Require => StepKind::Require,
            GroupList::DenyIf => StepKind::DenyIf,
            GroupList::ApproveIf => StepKind::ApproveIf,
        };
        let whole = Place::Group { whose, list, group: number, condition: None };
        if root.is_none() && !group.conditions.is_empty() {
            self.not_judged(kind, group.mode, whole);
            return None;
        }
        let judged = judge_group(list, group, root, request.options.type_mismatch);
        let place = match judged {
            Some((_, condition)) => Place::Group { whose, list, group: number, condition },
            None => whole,
        };
        let note = if group.conditions.is_empty() { "it has no conditions, so it always holds" } else { "" };
        let conditions = root.map_or_else(Vec::new, |root| {
            let one = |(condition, place): (&Condition, u32)| {
                let place = Place::Group { whose, list, group: number, condition: Some(place) };
                self.condition(condition, list, root, place)
            };
            group.conditions.iter().zip(0..).map(one).collect()
        });
        let finding = judged.map(|(code, _)| code);
        let mut step = self.step(kind, group.mode, finding, place, note);
        if judged.is_none() {
            // The rule's id would name no condition, as if there were none.
            step.rule.clear();
        }
        step.conditions = conditions;
        self.add(step);
        (group.mode == Mode::Enforce && finding == Some(Code::ApprovalRequired)).then_some(place)
    }

    fn condition(
        &self,
        condition: &Condition,
        list: GroupList,
        root: Json<'_>,
        place: Place,
    ) -> ExplainedCondition {
        let mut places = ExplainedPlaces::default();
        let mut seen: Vec<&'static str> = Vec::new();
        let mut values = Vec::new();
        condition.look(root, sense(list), &mut |found, outcome| {
            let count = match outcome {
                Outcome::Holds => &mut places.holds,
                Outcome::False => &mut places.fails,
                Outcome::Mismatch => &mut places.mismatch,
                Outcome::Refused => &mut places.refused,
            };
            *count = count.saturating_add(1);
            let kind = match found {
                FoundValue::Value(value) => {
                    if self.options.show_values && values.len() < VALUES_MAX {
                        values.push(text::of_argument(value));
                    }
                    text::kind(value.kind())
                }
                FoundValue::Absent => {
                    places.absent = places.absent.saturating_add(1);
                    "absent"
                }
                FoundValue::NoList => "no array where the path needs one",
            };
            if !seen.contains(&kind) {
                seen.push(kind);
            }
        });
        let found = match places.all() {
            1 => seen.concat(),
            many => format!("{many} elements: {}", seen.join(", ")),
        };
        ExplainedCondition {
            pointer: self.context.pointer(place),
            path: condition.path().text().to_owned(),
            operator: condition.operator(),
            value: text::of_value(condition.value()),
            outcome: condition.judge(root, sense(list)),
            found,
            places,
            values,
        }
    }

    /// The end of step 10: whether the call came with what was asked for.
    fn approval<A: Arguments>(
        &mut self,
        bound: crate::approval::BoundPolicy,
        root: Option<Json<'_>>,
        asking: Place,
        request: &Request<'_, A>,
    ) {
        if root.is_none() {
            return self.not_judged(StepKind::Approval, Mode::Enforce, asking);
        }
        let mut found = Verdict::undecided();
        let caller = (request.identity, request.tool);
        let once = weigh(bound, caller, root, request.presented, asking, &mut found);
        let finding = once.is_none().then_some(found.code);
        let place = if finding.is_some() { found.place } else { asking };
        let more = found.more.as_ref();
        let note = match (finding, more.and_then(|more| more.approval.as_ref())) {
            (None, Some(Approval::Given { approver, .. })) => {
                format!("approved by {approver}; whether the token was used before is not looked at")
            }
            (Some(Code::ApprovalRequired), _) => "no token came with the call".to_owned(),
            (Some(code), _) => self.message(code, place, more.and_then(|more| more.detail.as_ref())),
            (None, _) => String::new(),
        };
        self.add(self.step(StepKind::Approval, Mode::Enforce, finding, place, note));
    }
}

impl ExplainedPlaces {
    /// How many places there are.
    #[must_use]
    pub const fn all(&self) -> usize {
        self.holds.saturating_add(self.fails).saturating_add(self.mismatch).saturating_add(self.refused)
    }
}
