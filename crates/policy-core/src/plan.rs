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
use crate::group::{Group, Mode, TypeMismatch};
use crate::identity::Identity;
use crate::limit::Limit;
use crate::path::Path;
use crate::policy::{Action, DefaultEffect};
use crate::program::{CompiledLimit, Program, Reads, Rules};
use crate::snapshot::Snapshot;
use crate::store::{Charge, CounterState};
use crate::verdict::{CostFault, Detail, GroupList, Place, Verdict};

/// How an engine decides, where the host may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionOptions {
    /// How much a call's arguments may ask.
    pub caps: Caps,
    /// What becomes of a present argument whose type a condition cannot judge.
    pub type_mismatch: TypeMismatch,
}

/// What planning comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// No counter can change the verdict.
    Settled,
    /// Allowed if, and only if, every enforced charge fits.
    Contingent,
}

/// Charges to be made, and the limits that ask for them.
#[derive(Debug, Default)]
pub(crate) struct Contingent<'a> {
    pub(crate) charges: SmallVec<[Charge<'a>; 1]>,
    /// The tool's limits, then everybody's.
    pub(crate) limits: [&'a [CompiledLimit]; 2],
    /// Whether any of them is in shadow mode.
    pub(crate) shadows: bool,
}

impl<'a> Contingent<'a> {
    /// The limits in order.
    #[inline]
    pub(crate) fn limits(&self) -> impl Iterator<Item = &'a CompiledLimit> + use<'a> {
        let [own, everybodys] = self.limits;
        own.iter().chain(everybodys)
    }
}

/// A call to be decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a, A> {
    pub(crate) identity: &'a Identity,
    pub(crate) tool: &'a str,
    pub(crate) arguments: &'a A,
    pub(crate) options: &'a DecisionOptions,
}

/// Plans one call. The steps stand in the order of docs/policy-format.md; the first that denies ends it. What is found
/// goes into `verdict`, what is to be charged into `contingent`.
#[inline]
pub(crate) fn plan<'a, A: Arguments>(
    snapshot: &'a Snapshot,
    request: &Request<'a, A>,
    verdict: &mut Verdict,
    contingent: &mut Contingent<'a>,
) -> Plan {
    let Some(found) = find(snapshot, request.identity, request.tool, verdict) else {
        return Plan::Settled;
    };
    let Found { program, rules } = found;
    let (reads, groups, limits) = match rules {
        None => (program.all_tools_read, false, &[][..]),
        Some(rules) => {
            if rules.tool.action == Action::Deny {
                verdict.settle(Code::ToolDenied, Place::Action);
                return Plan::Settled;
            }
            (rules.reads, rules.has_groups, rules.limits.as_slice())
        }
    };
    contingent.limits = [limits, &program.all_tools];
    if reads == Reads::Nothing && !groups {
        return plan_limits(None, request.identity, verdict, contingent);
    }
    let mut tape = TAPE.take();
    let plan = plan_arguments(&found, reads, request, &mut tape, verdict, contingent);
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
    let mut verdict = Verdict::undecided();
    // What the policy does not permit may still be known of; what it hides, and what a caller without a policy asks for,
    // may not.
    find(snapshot, identity, tool, &mut verdict).is_some() || verdict.code == Code::DefaultDeny
}

/// The policy that applies, and what it says of the tool.
#[derive(Clone, Copy, Debug)]
struct Found<'a> {
    program: &'a Program,
    /// `None` where the tool is not named, and permitted all the same.
    rules: Option<&'a Rules>,
}

/// Steps 1 to 3: the grant, its policy, and whether the tool is there for it at all. Where it is not, the verdict says so.
#[inline]
fn find<'a>(
    snapshot: &'a Snapshot,
    identity: &Identity,
    tool: &str,
    verdict: &mut Verdict,
) -> Option<Found<'a>> {
    if snapshot.is_revoked(identity.grant()) {
        verdict.settle(Code::GrantRevoked, Place::GrantRevoked);
        return None;
    }
    let applies = snapshot.policies.place_for(identity);
    let Some((policy, program)) = applies.and_then(|place| Some((place, snapshot.policies.program(place)?)))
    else {
        verdict.settle(Code::NoPolicy, Place::NoPolicy);
        return None;
    };
    verdict.policy = Some(policy);
    let entry = program.find(tool);
    verdict.entry = entry;
    let known = entry.and_then(|index| program.entry(index));
    if let Some(place) = known.and_then(|known| known.hidden).or(program.hides_all) {
        verdict.settle(Code::Hidden, Place::Hidden(place));
        return None;
    }
    let rules = known.and_then(|known| known.rules.as_ref());
    if rules.is_none() {
        match program.default {
            DefaultEffect::Deny => {
                verdict.settle(Code::DefaultDeny, Place::Default);
                return None;
            }
            DefaultEffect::Allow if !is_tool_name(tool) => {
                verdict.settle(Code::InvalidToolName, Place::ToolName);
                return None;
            }
            DefaultEffect::Allow => {}
        }
    }
    Some(Found { program, rules })
}

/// The names that MCP permits: 1 to 128 of `A-Z a-z 0-9 _ . - /`.
fn is_tool_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'))
}

/// Steps 5 to 7: the arguments, and the rules that look at them.
fn plan_arguments<'a, A: Arguments>(
    found: &Found<'a>,
    reads: Reads,
    request: &Request<'a, A>,
    tape: &mut Tape,
    verdict: &mut Verdict,
    contingent: &mut Contingent<'a>,
) -> Plan {
    let root = match reads {
        Reads::Nothing => None,
        Reads::Shadowed | Reads::Enforced => match read(request.arguments, request.options.caps, tape) {
            Ok(root) => Some(root),
            Err(error) if reads == Reads::Enforced => {
                verdict.settle(Code::InvalidArguments, Place::Arguments);
                verdict.more().detail = Some(Detail::Argument(error));
                return Plan::Settled;
            }
            Err(_) => {
                // Only rules that do not decide wanted to read them.
                verdict.shadow(Code::InvalidArguments, Place::Arguments);
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
        for (place, group) in (0..).zip(groups) {
            let Some((code, condition)) = judge(list, group, root, request.options.type_mismatch) else {
                continue;
            };
            let place = Place::Group { list, group: place, condition };
            match group.mode {
                Mode::Shadow => verdict.shadow(code, place),
                Mode::Enforce => {
                    verdict.settle(code, place);
                    return Plan::Settled;
                }
            }
        }
    }
    plan_limits(root, request.identity, verdict, contingent)
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
) -> Option<(Code, Option<u32>)> {
    let (outcome, condition) = match root {
        Some(root) => group.judge(root, type_mismatch),
        None if group.conditions.is_empty() => (Outcome::Holds, None),
        None => match group.mode {
            // Its arguments could not be read, which has been reported.
            Mode::Shadow => return None,
            Mode::Enforce => return Some((Code::InternalError, None)),
        },
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
    root: Option<Json<'_>>,
    identity: &'a Identity,
    verdict: &mut Verdict,
    contingent: &mut Contingent<'a>,
) -> Plan {
    let mut place = 0_usize;
    for limits in contingent.limits {
        for limit in limits {
            if plan_limit(limit, place, root, identity, verdict, contingent) == Plan::Settled {
                return Plan::Settled;
            }
            place = place.wrapping_add(1);
        }
    }
    if contingent.charges.is_empty() {
        verdict.settle(Code::Allowed, Place::Nowhere);
        return Plan::Settled;
    }
    Plan::Contingent
}

/// Adds what one limit asks for. Settled where it cannot be said what the call costs.
#[inline]
fn plan_limit<'a>(
    limit: &'a CompiledLimit,
    place: usize,
    root: Option<Json<'_>>,
    identity: &'a Identity,
    verdict: &mut Verdict,
    contingent: &mut Contingent<'a>,
) -> Plan {
    let enforced = limit.limit.mode == Mode::Enforce;
    contingent.shadows |= !enforced;
    let cost = match &limit.limit.increment_from {
        None => Amount::ONE,
        Some(path) => match cost(path, root) {
            Ok(cost) => cost,
            Err(fault) if enforced => {
                verdict.settle(Code::InvalidCost, Place::Limit(limit.origin));
                verdict.more().detail = Some(Detail::Cost(fault));
                return Plan::Settled;
            }
            Err(_) => {
                verdict.shadow(Code::InvalidCost, Place::Limit(limit.origin));
                map(verdict, place, None);
                return Plan::Contingent;
            }
        },
    };
    let (key, capacity) = (key(limit, identity), limit.limit.max);
    let charge = Charge { key, cost, capacity, enforced };
    let state = CounterState { cost, ..CounterState::default() };
    if contingent.charges.is_empty() {
        contingent.charges = SmallVec::from_buf([charge]);
        verdict.counted = SmallVec::from_buf([state]);
        if place > 0 {
            map(verdict, place, Some(0));
        }
    } else {
        add(charge, state, place, verdict, contingent);
    }
    Plan::Contingent
}

/// Adds a charge to others.
fn add<'a>(
    charge: Charge<'a>,
    state: CounterState,
    place: usize,
    verdict: &mut Verdict,
    contingent: &mut Contingent<'a>,
) {
    let charges = &mut contingent.charges;
    let Some(same) = charges.iter().position(|known| known.key == charge.key) else {
        charges.push(charge);
        verdict.counted.push(state);
        // Once one limit has shared a charge, or had none, every further one's place has to be noted.
        if verdict.more.as_ref().is_some_and(|more| !more.charge_of.is_empty()) {
            map(verdict, place, Some(charges.len().saturating_sub(1)));
        }
        return;
    };
    if let (Some(known), Some(state)) = (charges.get_mut(same), verdict.counted.get_mut(same)) {
        merge(known, charge);
        state.cost = known.cost;
    }
    map(verdict, place, Some(same));
}

/// Notes which charge the limit at `place` is in. Until the first limit that shares one, or has none, each has its own.
#[cold]
fn map(verdict: &mut Verdict, place: usize, charge: Option<usize>) {
    let charge_of = &mut verdict.more().charge_of;
    if charge_of.is_empty() {
        charge_of.extend((0..place).map(Some));
    }
    charge_of.push(charge);
}

#[inline]
fn key<'a>(limit: &'a CompiledLimit, identity: &'a Identity) -> CounterKey<'a> {
    let Limit { scope, counter, window, .. } = &limit.limit;
    let fingerprint = limit.fingerprint(identity);
    CounterKey::prepared(identity, *scope, counter, window.seconds(), fingerprint)
}

/// Two limits on one counter: it is charged once, at the higher cost, and must fit under both. One that does not decide
/// changes nothing for one that does.
#[cold]
fn merge<'a>(known: &mut Charge<'a>, other: Charge<'a>) {
    match (known.enforced, other.enforced) {
        (true, false) => {}
        (false, true) => *known = other,
        (true, true) | (false, false) => {
            known.cost = known.cost.max(other.cost);
            known.capacity = known.capacity.min(other.capacity);
        }
    }
}

fn cost(path: &Path, root: Option<Json<'_>>) -> Result<Amount, CostFault> {
    let argument = root.and_then(|root| path.find(root)).filter(|argument| argument.kind() != Kind::Null);
    let text = argument.ok_or(CostFault::Missing)?.as_number().ok_or(CostFault::NotANumber)?;
    let decimal = Decimal::parse(text).ok_or(CostFault::NotANumber)?;
    Ok(Amount::from_decimal(decimal)?)
}
