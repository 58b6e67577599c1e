//! From a request to an answer, or to the charges that the answer depends on. Pure: no clock, no lock, no I/O.

use std::cell::Cell;

use smallvec::SmallVec;

use crate::arguments::{
    ArgumentError, ArgumentFault, Arguments, Caps, Duplicates, Json, Kind, Tape, check_source,
};
use crate::code::Code;
use crate::condition::Outcome;
use crate::counter::CounterKey;
use crate::decimal::{Amount, Decimal};
use crate::group::{Group, Mode};
use crate::identity::Identity;
use crate::limit::Limit;
use crate::path::Path;
use crate::policy::{Action, DefaultEffect};
use crate::program::{CompiledLimit, Program, Reads, Rules};
use crate::snapshot::Snapshot;
use crate::store::{Charge, ChargePlan};
use crate::verdict::{CostFault, Detail, Finding, GroupList, Place, Verdict};

/// How an engine decides, where the host may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionOptions {
    /// How much a call's arguments may ask.
    pub caps: Caps,
    /// What becomes of a present argument whose type a condition cannot judge.
    pub type_mismatch: TypeMismatch,
}

/// What becomes of a present argument whose type a condition cannot judge, such as `"5000"` under `gt`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TypeMismatch {
    /// The call is denied, under `require` and under `deny_if`.
    #[default]
    Deny,
    /// The condition is false, as in the format's origin: `deny_if` lets the call through.
    Ignore,
}

/// What planning comes to.
#[derive(Debug)]
pub(crate) enum Plan<'a> {
    /// No counter can change the answer.
    Settled(Verdict),
    /// Allowed if, and only if, every enforced charge fits.
    Contingent(Contingent<'a>),
}

/// Charges to be made, and the limits that ask for them.
#[derive(Debug)]
pub(crate) struct Contingent<'a> {
    pub(crate) charges: ChargePlan<'a>,
    /// In order: the tool's, then everybody's.
    pub(crate) limits: SmallVec<[PlannedLimit<'a>; 2]>,
    pub(crate) policy: usize,
    pub(crate) entry: Option<u32>,
    pub(crate) shadowed: Vec<Finding>,
}

/// A limit, and which of the charges is for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedLimit<'a> {
    pub(crate) limit: &'a CompiledLimit,
    pub(crate) charge: usize,
}

/// Plans one call. The steps stand in the order of docs/policy-format.md; the first that denies ends it.
#[inline]
pub(crate) fn plan<'a>(
    snapshot: &'a Snapshot,
    identity: &'a Identity,
    tool: &str,
    arguments: &impl Arguments,
    options: &DecisionOptions,
) -> Plan<'a> {
    let found = match find(snapshot, identity, tool) {
        Ok(found) => found,
        Err(denied) => return Plan::Settled(denied.verdict()),
    };
    let Found { program, policy, entry, rules } = found;
    let deny = |code, place| Plan::Settled(Verdict::settled(code, place, Some(policy), entry));
    let own_limits = match rules {
        None => &[][..],
        Some(rules) => {
            if rules.tool.action == Action::Deny {
                return deny(Code::ToolDenied, Place::Action);
            }
            rules.limits.as_slice()
        }
    };
    let reads = rules.map_or(program.all_tools_read, |rules| rules.reads);
    let groups = rules.is_some_and(|rules| rules.has_groups);
    if reads == Reads::Nothing && !groups {
        if own_limits.is_empty() && program.all_tools.is_empty() {
            return Plan::Settled(Verdict::settled(Code::Allowed, Place::Nowhere, Some(policy), entry));
        }
        return plan_limits(&found, own_limits, None, identity, Vec::new());
    }
    let mut tape = TAPE.take();
    let plan = plan_arguments(&found, own_limits, reads, identity, arguments, options, &mut tape);
    if !tape.is_oversized() {
        TAPE.set(tape);
    }
    plan
}

thread_local! {
    /// Kept from call to call so that reading arguments need not allocate.
    static TAPE: Cell<Tape> = const { Cell::new(Tape::new()) };
}

/// Whether a caller can see a tool at all: the same steps that a call of it begins with.
pub(crate) fn is_visible(snapshot: &Snapshot, identity: &Identity, tool: &str) -> bool {
    match find(snapshot, identity, tool) {
        Ok(_) => true,
        // What the policy does not permit may still be known of; what it hides, and what a caller without a policy asks
        // for, may not.
        Err(denied) => matches!(denied.code, Code::DefaultDeny),
    }
}

/// The policy that applies, and what it says of the tool.
#[derive(Clone, Copy, Debug)]
struct Found<'a> {
    program: &'a Program,
    policy: usize,
    entry: Option<u32>,
    /// `None` where the tool is not named, and permitted all the same.
    rules: Option<&'a Rules>,
}

/// A tool that is not there for the caller.
#[derive(Clone, Copy, Debug)]
struct Absent {
    code: Code,
    place: Place,
    policy: Option<usize>,
    entry: Option<u32>,
}

impl Absent {
    fn verdict(self) -> Verdict {
        Verdict::settled(self.code, self.place, self.policy, self.entry)
    }
}

/// Steps 1 to 3: the grant, its policy, and whether the tool is there for it at all.
#[inline]
fn find<'a>(snapshot: &'a Snapshot, identity: &Identity, tool: &str) -> Result<Found<'a>, Absent> {
    if snapshot.is_revoked(identity.grant()) {
        return Err(Absent {
            code: Code::GrantRevoked,
            place: Place::GrantRevoked,
            policy: None,
            entry: None,
        });
    }
    let applies = snapshot.policies.place_for(identity);
    let Some((policy, program)) = applies.and_then(|place| Some((place, snapshot.policies.program(place)?)))
    else {
        return Err(Absent { code: Code::NoPolicy, place: Place::NoPolicy, policy: None, entry: None });
    };
    let entry = program.find(tool);
    let known = entry.and_then(|index| program.entry(index));
    let deny = |code, place| Err(Absent { code, place, policy: Some(policy), entry });
    if let Some(place) = known.and_then(|known| known.hidden).or(program.hides_all) {
        return deny(Code::Hidden, Place::Hidden(place));
    }
    match known.and_then(|known| known.rules.as_ref()) {
        Some(rules) => Ok(Found { program, policy, entry, rules: Some(rules) }),
        None => match program.default {
            DefaultEffect::Deny => deny(Code::DefaultDeny, Place::Default),
            DefaultEffect::Allow if !is_tool_name(tool) => deny(Code::InvalidToolName, Place::ToolName),
            DefaultEffect::Allow => Ok(Found { program, policy, entry, rules: None }),
        },
    }
}

/// The names that MCP permits: 1 to 128 of `A-Z a-z 0-9 _ . - /`.
fn is_tool_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'))
}

/// Steps 5 to 7: the arguments, and the rules that look at them.
fn plan_arguments<'a>(
    found: &Found<'a>,
    own_limits: &'a [CompiledLimit],
    reads: Reads,
    identity: &'a Identity,
    arguments: &impl Arguments,
    options: &DecisionOptions,
    tape: &mut Tape,
) -> Plan<'a> {
    let mut shadowed = Vec::new();
    let settled = |code, place, shadowed| {
        let verdict = Verdict::settled(code, place, Some(found.policy), found.entry);
        Plan::Settled(Verdict { shadowed, ..verdict })
    };
    let root = match reads {
        Reads::Nothing => None,
        Reads::Shadowed | Reads::Enforced => match read(arguments, options.caps, tape) {
            Ok(root) => Some(root),
            Err(error) if reads == Reads::Enforced => {
                let verdict = Verdict::settled(
                    Code::InvalidArguments,
                    Place::Arguments,
                    Some(found.policy),
                    found.entry,
                );
                return Plan::Settled(Verdict { detail: Detail::Argument(error), ..verdict });
            }
            Err(_) => {
                // Only rules that do not decide wanted to read them.
                shadowed.push(Finding { code: Code::InvalidArguments, place: Place::Arguments });
                None
            }
        },
    };
    let rules = found.rules.map(|rules| &rules.tool);
    let lists = [
        (GroupList::Require, rules.map_or(&[][..], |tool| &tool.require)),
        (GroupList::DenyIf, rules.map_or(&[][..], |tool| &tool.deny_if)),
    ];
    for (list, groups) in lists {
        for (place, group) in groups.iter().enumerate() {
            let Some((code, condition)) = judge(list, group, root, options.type_mismatch) else { continue };
            let place = Place::Group { list, group: place, condition };
            match group.mode {
                Mode::Shadow => shadowed.push(Finding { code, place }),
                Mode::Enforce => return settled(code, place, shadowed),
            }
        }
    }
    if own_limits.is_empty() && found.program.all_tools.is_empty() {
        return settled(Code::Allowed, Place::Nowhere, shadowed);
    }
    plan_limits(found, own_limits, root, identity, shadowed)
}

/// Reads the arguments onto the tape; they must be an object.
fn read<'t>(
    arguments: &'t impl Arguments,
    caps: Caps,
    tape: &'t mut Tape,
) -> Result<Json<'t>, ArgumentError> {
    let source = check_source(arguments.source(), caps)?;
    arguments.read(&mut tape.writer(source, caps, Duplicates::Refuse))?;
    let not_an_object = ArgumentError { fault: ArgumentFault::NotAnObject, offset: 0 };
    tape.root(source).filter(|root| root.kind() == Kind::Object).ok_or(not_an_object)
}

/// What a group denies with, and the condition to name; `None` where it does not deny.
fn judge(
    list: GroupList,
    group: &Group,
    root: Option<Json<'_>>,
    type_mismatch: TypeMismatch,
) -> Option<(Code, Option<usize>)> {
    let (outcome, condition) = match root {
        Some(root) => group.judge(root),
        None if group.conditions.is_empty() => (Outcome::Holds, None),
        None => match group.mode {
            // Its arguments could not be read, which has been reported.
            Mode::Shadow => return None,
            Mode::Enforce => return Some((Code::InternalError, None)),
        },
    };
    let outcome = match (outcome, type_mismatch) {
        (Outcome::Mismatch, TypeMismatch::Ignore) => Outcome::False,
        (outcome, _) => outcome,
    };
    let code = match (list, outcome) {
        (GroupList::Require, Outcome::Holds) | (GroupList::DenyIf, Outcome::False) => return None,
        (GroupList::Require, Outcome::False) => Code::RequireFailed,
        (GroupList::DenyIf, Outcome::Holds) => Code::DeniedByRule,
        (GroupList::Require | GroupList::DenyIf, Outcome::Mismatch) => Code::TypeMismatch,
    };
    Some((code, condition))
}

/// Step 9, its planning half: what each limit's counter is to be charged.
#[inline]
fn plan_limits<'a>(
    found: &Found<'a>,
    own_limits: &'a [CompiledLimit],
    root: Option<Json<'_>>,
    identity: &'a Identity,
    mut shadowed: Vec<Finding>,
) -> Plan<'a> {
    let mut limits: SmallVec<[PlannedLimit<'a>; 2]> = SmallVec::new();
    let mut charges: SmallVec<[Charge<'a>; 2]> = SmallVec::new();
    for limit in own_limits.iter().chain(&found.program.all_tools) {
        let enforced = limit.limit.mode == Mode::Enforce;
        let cost = match &limit.limit.increment_from {
            None => Amount::ONE,
            Some(path) => match cost(path, root) {
                Ok(cost) => cost,
                Err(fault) => {
                    let (code, place) = (Code::InvalidCost, Place::Limit(limit.origin));
                    if enforced {
                        let verdict = Verdict::settled(code, place, Some(found.policy), found.entry);
                        return Plan::Settled(Verdict { detail: Detail::Cost(fault), shadowed, ..verdict });
                    }
                    shadowed.push(Finding { code, place });
                    continue;
                }
            },
        };
        let charge = Charge { key: key(limit, identity), cost, capacity: limit.limit.max, enforced };
        let same = charges.iter().position(|known| known.key == charge.key);
        let place = match same.and_then(|place| Some((place, charges.get_mut(place)?))) {
            Some((place, known)) => {
                *known = merge(known, &charge);
                place
            }
            None => {
                charges.push(charge);
                charges.len().saturating_sub(1)
            }
        };
        limits.push(PlannedLimit { limit, charge: place });
    }
    if charges.is_empty() {
        let verdict = Verdict::settled(Code::Allowed, Place::Nowhere, Some(found.policy), found.entry);
        return Plan::Settled(Verdict { shadowed, ..verdict });
    }
    let (policy, entry) = (found.policy, found.entry);
    Plan::Contingent(Contingent { charges: ChargePlan { charges }, limits, policy, entry, shadowed })
}

#[inline]
fn key<'a>(limit: &'a CompiledLimit, identity: &'a Identity) -> CounterKey<'a> {
    let Limit { scope, counter, window, .. } = &limit.limit;
    let fingerprint = limit.fingerprint(identity);
    CounterKey::prepared(identity.scope_value(*scope), counter, window.seconds(), fingerprint)
}

/// Two limits on one counter: it is charged once, at the higher cost, and must fit under both. One that does not decide
/// changes nothing for one that does.
fn merge<'a>(one: &Charge<'a>, other: &Charge<'a>) -> Charge<'a> {
    match (one.enforced, other.enforced) {
        (true, false) => *one,
        (false, true) => *other,
        (true, true) | (false, false) => {
            Charge { cost: one.cost.max(other.cost), capacity: one.capacity.min(other.capacity), ..*one }
        }
    }
}

fn cost(path: &Path, root: Option<Json<'_>>) -> Result<Amount, CostFault> {
    let argument = root.and_then(|root| path.find(root)).filter(|argument| argument.kind() != Kind::Null);
    let text = argument.ok_or(CostFault::Missing)?.as_number().ok_or(CostFault::NotANumber)?;
    let decimal = Decimal::parse(text).ok_or(CostFault::NotANumber)?;
    Ok(Amount::from_decimal(decimal)?)
}
