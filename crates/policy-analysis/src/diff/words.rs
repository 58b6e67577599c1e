//! What a change is called, seen from the old policy or from the new one.

/// What is said of a change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    pub(super) what: What,
    /// The rule that it is about, as it stands in the policy that denies more.
    pub(super) rule: Option<String>,
    /// The rule that is nearest to it in the policy that denies less.
    pub(super) nearest: Option<String>,
}

/// What passes under one policy and not under the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Every call of a tool was denied.
    Tool,
    ToolWithRules,
    ToolWithApproval,
    ToolUndecided,
    Calls,
    CallsWithApproval,
    CallsUndecided,
    WithoutApproval,
    WithoutApprovalUndecided,
    Unread,
    More,
    MoreUndecided,
}

impl Words {
    pub(super) const fn bare(what: What) -> Self {
        Self { what, rule: None, nearest: None }
    }

    /// The words for a widening, or for the narrowing that is the same the other way round.
    pub(super) fn told(&self, widens: bool) -> String {
        let (widening, narrowing) = self.what.words();
        let mut told = if widens { widening } else { narrowing }.to_owned();
        if let Some(rule) = &self.rule {
            let when = if widens { "now" } else { "before" };
            let nearest = self.nearest.as_deref().unwrap_or("no such rule");
            told.push_str(&format!(": {rule} ({when}: {nearest})"));
        }
        told
    }
}

impl What {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Tool => {
                ("every call was denied, now calls are allowed", "every call is denied, calls were allowed")
            }
            Self::ToolWithRules => (
                "every call was denied, now those that the rules permit are allowed",
                "every call is denied, those that the rules permitted were allowed",
            ),
            Self::ToolWithApproval => (
                "every call was denied, now calls can be approved",
                "every call is denied, calls could be approved",
            ),
            Self::ToolUndecided => (
                "every call was denied, and it could not be decided whether one passes now",
                "every call is denied, and it could not be decided whether one passed before",
            ),
            Self::Calls => ("calls that were denied are allowed", "calls that were allowed are denied"),
            Self::CallsWithApproval => {
                ("calls that were denied can be approved", "calls that could be approved are denied")
            }
            Self::CallsUndecided => (
                "it could not be decided whether calls that were denied pass now",
                "it could not be decided whether calls that passed are denied now",
            ),
            Self::WithoutApproval => {
                ("calls that needed approval are allowed without", "calls that were allowed need approval")
            }
            Self::WithoutApprovalUndecided => (
                "it could not be decided whether calls that needed approval are allowed without now",
                "it could not be decided whether calls that were allowed need approval now",
            ),
            Self::Unread => (
                "no rule looks at the arguments any more, so those that cannot be read are no longer denied",
                "a rule looks at the arguments now, so those that cannot be read are denied",
            ),
            Self::More => ("more is let through", "less is let through"),
            Self::MoreUndecided => (
                "it could not be decided whether more is let through",
                "it could not be decided whether less is let through",
            ),
        }
    }
}
