//! Weighing an approval: whether a call that needs one has come with one for exactly this call. Pure; that it is used once is
//! for the store to say.

use crate::approval::{ApprovalFault, BoundPolicy, Presented, digest};
use crate::arguments::Json;
use crate::code::Code;
use crate::counter::CounterName;
use crate::identity::Identity;
use crate::verdict::{Approval, Detail, Place, Verdict};

/// What is to be charged for the approval that came with the call, if it is acceptable. Otherwise the verdict is settled.
/// `asking` is the rule that asks for it.
#[cold]
#[inline(never)]
pub(crate) fn weigh<'a>(
    policy: BoundPolicy,
    (identity, tool): (&Identity, &str),
    arguments: Option<Json<'_>>,
    presented: Option<&'a Result<(Presented, CounterName), ApprovalFault>>,
    asking: Place,
    verdict: &mut Verdict,
) -> Option<&'a CounterName> {
    let Some(arguments) = arguments else {
        // Whatever asks for approval has the arguments read.
        verdict.settle(Code::InternalError, Place::Nowhere);
        return None;
    };
    let digest = match digest(identity, tool, policy, arguments) {
        Ok(digest) => digest,
        Err(error) => {
            verdict.settle(Code::InvalidArguments, Place::Arguments);
            verdict.more().detail = Some(Detail::Argument(error));
            return None;
        }
    };
    let fault = match presented {
        None => {
            verdict.settle(Code::ApprovalRequired, asking);
            verdict.more().approval = Some(Approval::Lacking(digest));
            return None;
        }
        Some(Ok((Presented { digest: approved, approver, .. }, once))) if *approved == digest => {
            verdict.more().approval = Some(Approval::Given { approver: approver.clone(), asking });
            return Some(once);
        }
        Some(Ok(_)) => ApprovalFault::OtherCall,
        Some(Err(fault)) => *fault,
    };
    verdict.settle(Code::ApprovalInvalid, asking);
    verdict.more().detail = Some(Detail::Approval(fault));
    None
}
