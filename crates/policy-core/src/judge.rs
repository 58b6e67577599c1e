//! What looks at a call's arguments, piece by piece: reading them, schemas, groups. `plan` decides by these pieces, `explain`
//! says what each of them came to. Pure.

use crate::arguments::{
    ArgumentError, ArgumentFault, Arguments, Caps, Duplicates, Json, Kind, Tape, check_source,
};
use crate::code::Code;
use crate::condition::{Outcome, Sense};
use crate::group::{Group, Mode, TypeMismatch};
use crate::policy::Tool;
use crate::program::Groups;
use crate::schema::Schema;
use crate::verdict::{Detail, GroupList, Place, Verdict, Whose};

/// Reads the arguments onto the tape; they must be an object.
#[inline]
pub(crate) fn read<'t>(
    arguments: &'t impl Arguments,
    caps: Caps,
    tape: &'t mut Tape,
) -> Result<Json<'t>, ArgumentError> {
    let source = check_source(arguments.source(), caps)?;
    arguments.read(&mut tape.writer(source, caps, Duplicates::Refuse))?;
    let not_an_object = ArgumentError { fault: ArgumentFault::NotAnObject, offset: 0 };
    tape.root(source).filter(|root| root.kind() == Kind::Object).ok_or(not_an_object)
}

/// Whether the arguments satisfy a schema. Where they do not, or were not read, the verdict says so.
#[inline]
pub(crate) fn satisfies(
    schema: &Schema,
    place: Place,
    root: Option<Json<'_>>,
    verdict: &mut Verdict,
) -> bool {
    match root.map(|root| schema.check(root)) {
        Some(Ok(())) => true,
        Some(Err(violation)) => {
            verdict.settle(Code::SchemaViolation, place);
            verdict.more().detail = Some(Detail::Schema(violation));
            false
        }
        None => {
            verdict.settle(Code::InternalError, place);
            false
        }
    }
}

/// The lists of groups that a call meets, in order: `tool` is what the policy says of the tool.
#[inline]
pub(crate) fn lists<'a>(
    tool: Option<&'a Tool>,
    everybodys: &'a Groups,
) -> [(Whose, GroupList, &'a [Group]); 6] {
    let own = |groups: fn(&Tool) -> &Vec<Group>| tool.map_or(&[][..], |tool| groups(tool));
    [
        (Whose::Tool, GroupList::Require, own(|tool| &tool.require)),
        (Whose::AllTools, GroupList::Require, &*everybodys.require),
        (Whose::Tool, GroupList::DenyIf, own(|tool| &tool.deny_if)),
        (Whose::AllTools, GroupList::DenyIf, &*everybodys.deny_if),
        (Whose::Tool, GroupList::ApproveIf, own(|tool| &tool.approve_if)),
        (Whose::AllTools, GroupList::ApproveIf, &*everybodys.approve_if),
    ]
}

/// What a group denies or asks with, and the condition to name; `None` where it does neither.
#[inline]
pub(crate) fn judge_group(
    list: GroupList,
    group: &Group,
    root: Option<Json<'_>>,
    type_mismatch: TypeMismatch,
) -> Option<(Code, Option<u32>)> {
    let (outcome, condition) = match root {
        Some(root) => group.judge(root, type_mismatch, sense(list)),
        None if group.conditions.is_empty() => (Outcome::Holds, None),
        None => match group.mode {
            // Its arguments could not be read, which has been reported.
            Mode::Shadow => return None,
            Mode::Enforce => return Some((Code::InternalError, None)),
        },
    };
    let code = match (list, outcome) {
        (GroupList::Require, Outcome::Holds) | (GroupList::DenyIf | GroupList::ApproveIf, Outcome::False) => {
            return None;
        }
        (GroupList::Require, Outcome::False) => Code::RequireFailed,
        (GroupList::DenyIf, Outcome::Holds) => Code::DeniedByRule,
        (GroupList::ApproveIf, Outcome::Holds) => Code::ApprovalRequired,
        (_, Outcome::Mismatch | Outcome::Refused) => Code::TypeMismatch,
    };
    Some((code, condition))
}

/// Whether a group that holds lets a call pass or keeps it from passing.
pub(crate) const fn sense(list: GroupList) -> Sense {
    match list {
        GroupList::Require => Sense::Permits,
        // What asks for approval is meant against what it finds, as a denial is.
        GroupList::DenyIf | GroupList::ApproveIf => Sense::Forbids,
    }
}
