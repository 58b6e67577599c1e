//! From a request to an answer, or to the charges that the answer depends on. Pure: no clock, no lock, no I/O.

use std::cell::Cell;

use crate::amount::Amount;
use crate::approval::{ApprovalFault, Presented};
use crate::arguments::{Arguments, Caps, Json, Kind, Tape};
use crate::code::Code;
use crate::counter::{CounterKey, CounterName};
use crate::decimal::Decimal;
use crate::group::{Mode, TypeMismatch};
use crate::identity::Identity;
use crate::judge::{judge_group, lists, read, satisfies};
use crate::limit::Limit;
use crate::path::Path;
use crate::policy::{Action, DefaultEffect};
use crate::program::{CompiledLimit, Program, Reads, Rules};
use crate::schema::Schema;
use crate::snapshot::Snapshot;
use crate::store::{Charge, CounterState};
use crate::verdict::{CostFault, Counted, Detail, NONE, Place, Verdict};
use crate::weigh::weigh;

/// How an engine decides, where the host may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionOptions {
    /// How much a call's arguments may ask.
    pub caps: Caps,
    /// What becomes of a present argument whose type a condition cannot judge.
    pub type_mismatch: TypeMismatch,
}

/// Charges to be made: the call is allowed if, and only if, every enforced one fits.
#[derive(Debug)]
pub(crate) enum Contingent<'a> {
    /// What nearly all calls come to. The charge is written out only where the store wants to see it: moving it about
    /// would cost more than making it.
    One(&'a CompiledLimit, Amount),
    Many {
        charges: Vec<Charge<'a>>,
        /// Whether any limit is in shadow mode.
        shadows: bool,
        /// Whether the last charge is that of an approval, which is used once.
        once: bool,
    },
}

/// A call to be decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a, A> {
    pub(crate) identity: &'a Identity,
    pub(crate) tool: &'a str,
    pub(crate) arguments: &'a A,
    pub(crate) options: &'a DecisionOptions,
    /// What the approval token says that came with the call, or what is wrong with it.
    pub(crate) presented: Option<&'a Result<(Presented, CounterName), ApprovalFault>>,
}

/// Plans one call. The steps stand in the order of docs/policy-format.md; the first that denies ends it. What is found
/// goes into `verdict`, which is settled unless there is something to be charged.
#[inline(always)]
pub(crate) fn plan<'a, A: Arguments>(
    snapshot: &'a Snapshot,
    request: &Request<'a, A>,
    verdict: &mut Verdict,
) -> Option<Contingent<'a>> {
    let found = find(snapshot, request.identity, request.tool, verdict)?;
    let Found { program, rules } = found;
    let (reads, groups, limits) = match rules {
        None => (program.all_tools_read, program.all_tools_have_groups, &[][..]),
        Some(rules) => {
            if rules.denies {
                verdict.settle(Code::ToolDenied, Place::Action);
                return None;
            }
            (rules.reads, rules.has_groups, &*rules.limits)
        }
    };
    let everybodys = program.all_tools.as_slice();
    let input = snapshot.catalogues.find(|| request.identity.server(), request.tool);
    if reads != Reads::Nothing || groups || input.is_some() {
        return plan_arguments(found, reads, input, [limits, everybodys], request, verdict);
    }
    plan_limits(limits, everybodys, None, request.identity, verdict)
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
pub(crate) struct Found<'a> {
    pub(crate) program: &'a Program,
    /// `None` where the tool is not named, and permitted all the same.
    pub(crate) rules: Option<&'a Rules>,
}

/// Steps 1 to 4: the grant, its policy, and whether the tool is there for it at all. Where it is not, the verdict says so.
#[inline(always)]
pub(crate) fn find<'a>(
    snapshot: &'a Snapshot,
    identity: &Identity,
    tool: &str,
    verdict: &mut Verdict,
) -> Option<Found<'a>> {
    if snapshot.is_revoked(identity) {
        verdict.settle(Code::GrantRevoked, Place::GrantRevoked);
        return None;
    }
    let applies = snapshot.policies.place_for(identity);
    let Some((policy, program)) = applies.and_then(|place| Some((place, snapshot.policies.program(place)?)))
    else {
        verdict.settle(Code::NoPolicy, Place::NoPolicy);
        return None;
    };
    verdict.policy = policy;
    let entry = program.find(tool);
    verdict.entry = entry.unwrap_or(NONE);
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

/// Steps 6 to 10: the arguments, and what looks at them. `input` is the tool's input schema.
#[inline(never)]
fn plan_arguments<'a, A: Arguments>(
    found: Found<'a>,
    reads: Reads,
    input: Option<&'a Schema>,
    limits: [&'a [CompiledLimit]; 2],
    request: &Request<'a, A>,
    verdict: &mut Verdict,
) -> Option<Contingent<'a>> {
    let mut tape = TAPE.take();
    let contingent = judge_arguments(found, reads, input, limits, request, &mut tape, verdict);
    if !tape.is_oversized() {
        TAPE.set(tape);
    }
    contingent
}

fn judge_arguments<'a, A: Arguments>(
    found: Found<'a>,
    reads: Reads,
    input: Option<&'a Schema>,
    limits: [&'a [CompiledLimit]; 2],
    request: &Request<'a, A>,
    tape: &mut Tape,
    verdict: &mut Verdict,
) -> Option<Contingent<'a>> {
    // Whatever else reads them, a schema decides.
    let reads = if input.is_some() { Reads::Enforced } else { reads };
    let root = match reads {
        Reads::Nothing => None,
        Reads::Shadowed | Reads::Enforced => match read(request.arguments, request.options.caps, tape) {
            Ok(root) => Some(root),
            Err(error) if reads == Reads::Enforced => {
                verdict.settle(Code::InvalidArguments, Place::Arguments);
                verdict.more().detail = Some(Detail::Argument(error));
                return None;
            }
            Err(_) => {
                // Only rules that do not decide wanted to read them.
                verdict.shadow(Code::InvalidArguments, Place::Arguments);
                None
            }
        },
    };
    let Found { program, rules } = found;
    let tool = rules.map(|rules| &*rules.tool);
    let schema = tool.and_then(|tool| tool.schema.as_ref());
    for (schema, place) in [(input, Place::InputSchema), (schema, Place::Schema)] {
        if let Some(schema) = schema
            && !satisfies(schema, place, root, verdict)
        {
            return None;
        }
    }
    // What asks for approval: the first that does, once nothing denies.
    let mut asking = tool.filter(|tool| tool.action == Action::RequireApproval).map(|_| Place::Action);
    for (whose, list, groups) in lists(tool, &program.everybodys) {
        for (place, group) in (0..).zip(groups) {
            let Some((code, condition)) = judge_group(list, group, root, request.options.type_mismatch)
            else {
                continue;
            };
            let place = Place::Group { whose, list, group: place, condition };
            match (group.mode, code) {
                (Mode::Shadow, _) => verdict.shadow(code, place),
                (Mode::Enforce, Code::ApprovalRequired) => asking = asking.or(Some(place)),
                (Mode::Enforce, _) => {
                    verdict.settle(code, place);
                    return None;
                }
            }
        }
    }
    let [own, everybodys] = limits;
    if let Some(place) = asking {
        let Request { identity, tool, presented, .. } = *request;
        let once = weigh(program.bound, (identity, tool), root, presented, place, verdict)?;
        let contingent = plan_limits(own, everybodys, root, request.identity, verdict);
        return plan_once(contingent, once, request.identity, verdict);
    }
    plan_limits(own, everybodys, root, request.identity, verdict)
}

/// The charges of a call that was approved: those of its limits, if they let it through so far, and the approval's own.
#[cold]
#[inline(never)]
fn plan_once<'a>(
    contingent: Option<Contingent<'a>>,
    once: &'a CounterName,
    identity: &'a Identity,
    verdict: &mut Verdict,
) -> Option<Contingent<'a>> {
    let (mut charges, shadows) = match contingent {
        Some(Contingent::One(limit, cost)) => (vec![charge(limit, identity, cost)], false),
        Some(Contingent::Many { charges, shadows, .. }) => (charges, shadows),
        // Nothing is counted: all the same it is not allowed before the approval is used.
        None if verdict.code == Code::Allowed => {
            verdict.settle(Code::InternalError, Place::Nowhere);
            (Vec::new(), false)
        }
        None => return None,
    };
    let key = CounterKey::new(identity, once);
    charges.push(Charge { key, cost: Amount::ONE, capacity: Amount::ONE, enforced: true });
    verdict.counted = Counted::Many;
    verdict.more().states = charges.iter().map(CounterState::awaited).collect();
    Some(Contingent::Many { charges, shadows, once: true })
}

/// Step 11, its planning half: what each limit's counter is to be charged.
#[inline(always)]
pub(crate) fn plan_limits<'a>(
    own: &'a [CompiledLimit],
    everybodys: &'a [CompiledLimit],
    root: Option<Json<'_>>,
    identity: &'a Identity,
    verdict: &mut Verdict,
) -> Option<Contingent<'a>> {
    match (own, everybodys) {
        ([], []) => {
            verdict.settle(Code::Allowed, Place::Nowhere);
            None
        }
        ([limit], []) | ([], [limit]) if limit.limit.mode == Mode::Enforce => {
            let cost = cost(&limit.limit, root).map_err(|fault| refuse_cost(limit, fault, verdict)).ok()?;
            Some(Contingent::One(limit, cost))
        }
        _ => plan_many(own.iter().chain(everybodys), root, identity, verdict),
    }
}

/// The same for several limits, which may share a counter, and for such as do not decide.
#[inline(never)]
fn plan_many<'a>(
    limits: impl Iterator<Item = &'a CompiledLimit>,
    root: Option<Json<'_>>,
    identity: &'a Identity,
    verdict: &mut Verdict,
) -> Option<Contingent<'a>> {
    let mut charges: Vec<Charge<'a>> = Vec::new();
    let mut charge_of = Vec::new();
    let mut shadows = false;
    for limit in limits {
        let is_shadow = limit.limit.mode == Mode::Shadow;
        shadows |= is_shadow;
        let cost = match cost(&limit.limit, root) {
            Ok(cost) => cost,
            Err(_) if is_shadow => {
                verdict.shadow(Code::InvalidCost, Place::Limit(limit.origin));
                charge_of.push(None);
                continue;
            }
            Err(fault) => {
                refuse_cost(limit, fault, verdict);
                return None;
            }
        };
        let charge = charge(limit, identity, cost);
        let place = match charges.iter().position(|known| known.key == charge.key) {
            None => {
                charges.push(charge);
                charges.len().saturating_sub(1)
            }
            Some(same) => {
                if let Some(known) = charges.get_mut(same) {
                    merge(known, charge);
                }
                same
            }
        };
        charge_of.push(Some(place));
    }
    if charges.is_empty() {
        verdict.settle(Code::Allowed, Place::Nowhere);
        return None;
    }
    if charge_of.len() != charges.len() {
        verdict.more().charge_of = charge_of;
    }
    verdict.counted = Counted::Many;
    verdict.more().states = charges.iter().map(CounterState::awaited).collect();
    Some(Contingent::Many { charges, shadows, once: false })
}

/// Nobody can say what the call costs.
#[cold]
fn refuse_cost(limit: &CompiledLimit, fault: CostFault, verdict: &mut Verdict) {
    verdict.settle(Code::InvalidCost, Place::Limit(limit.origin));
    verdict.more().detail = Some(Detail::Cost(fault));
}

/// What a limit asks of its counter.
#[inline(always)]
pub(crate) fn charge<'a>(limit: &'a CompiledLimit, identity: &'a Identity, cost: Amount) -> Charge<'a> {
    let Limit { max, mode, .. } = &limit.limit;
    let key = CounterKey::new(identity, &limit.counter);
    Charge { key, cost, capacity: *max, enforced: *mode == Mode::Enforce }
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

/// What a call costs: one, unless an argument says otherwise.
#[inline(always)]
pub(crate) fn cost(limit: &Limit, root: Option<Json<'_>>) -> Result<Amount, CostFault> {
    match &limit.increment_from {
        None => Ok(Amount::ONE),
        Some(path) => stated_cost(path, root),
    }
}

fn stated_cost(path: &Path, root: Option<Json<'_>>) -> Result<Amount, CostFault> {
    let argument = root.and_then(|root| path.find(root)).filter(|argument| argument.kind() != Kind::Null);
    let text = argument.ok_or(CostFault::Missing)?.as_number().ok_or(CostFault::NotANumber)?;
    let decimal = Decimal::parse(text).ok_or(CostFault::NotANumber)?;
    Ok(Amount::from_decimal(decimal)?)
}
