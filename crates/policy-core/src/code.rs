//! The words of a decision: its effect, and the codes that say why. A released code never changes its meaning.

/// What is to happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// The call may go ahead.
    Allow,
    /// It must not.
    Deny,
    /// It must not, unless a person approves of it.
    RequireApproval,
}

impl Effect {
    /// The effect's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::RequireApproval => "require_approval",
        }
    }
}

/// Why a call is allowed, denied or waits for approval. `docs/decisions.md` has an example of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Nothing denied it.
    Allowed,
    /// No policy applies to the grant.
    NoPolicy,
    /// The grant has been revoked.
    GrantRevoked,
    /// The policy hides the tool.
    Hidden,
    /// The policy does not name the tool, and denies what it does not name.
    DefaultDeny,
    /// The policy does not name the tool, and its name is not one that a tool can have.
    InvalidToolName,
    /// The tool's `action` is `deny`.
    ToolDenied,
    /// The arguments cannot be read, or ask too much.
    InvalidArguments,
    /// The arguments do not satisfy a schema.
    SchemaViolation,
    /// A group under `require` does not hold.
    RequireFailed,
    /// A group under `deny_if` holds.
    DeniedByRule,
    /// An argument is of a type that a condition cannot judge.
    TypeMismatch,
    /// The call needs a person's approval, and has none.
    ApprovalRequired,
    /// The call needs a person's approval, and the one that came with it does not hold.
    ApprovalInvalid,
    /// The argument that says what the call costs does not say it.
    InvalidCost,
    /// A limit has no room for the call.
    LimitExceeded,
    /// The store has no room for another counter.
    CountersFull,
    /// The store did not answer.
    StoreUnavailable,
    /// A bug in the engine.
    InternalError,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 19] = [
        Self::Allowed,
        Self::NoPolicy,
        Self::GrantRevoked,
        Self::Hidden,
        Self::DefaultDeny,
        Self::InvalidToolName,
        Self::ToolDenied,
        Self::InvalidArguments,
        Self::SchemaViolation,
        Self::RequireFailed,
        Self::DeniedByRule,
        Self::TypeMismatch,
        Self::ApprovalRequired,
        Self::ApprovalInvalid,
        Self::InvalidCost,
        Self::LimitExceeded,
        Self::CountersFull,
        Self::StoreUnavailable,
        Self::InternalError,
    ];

    /// The code's name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NoPolicy => "no_policy",
            Self::GrantRevoked => "grant_revoked",
            Self::Hidden => "hidden",
            Self::DefaultDeny => "default_deny",
            Self::InvalidToolName => "invalid_tool_name",
            Self::ToolDenied => "tool_denied",
            Self::InvalidArguments => "invalid_arguments",
            Self::SchemaViolation => "schema_violation",
            Self::RequireFailed => "require_failed",
            Self::DeniedByRule => "denied_by_rule",
            Self::TypeMismatch => "type_mismatch",
            Self::ApprovalRequired => "approval_required",
            Self::ApprovalInvalid => "approval_invalid",
            Self::InvalidCost => "invalid_cost",
            Self::LimitExceeded => "limit_exceeded",
            Self::CountersFull => "counters_full",
            Self::StoreUnavailable => "store_unavailable",
            Self::InternalError => "internal_error",
        }
    }

    /// What a call with this code comes to: only [`Code::Allowed`] is an allow, only [`Code::ApprovalRequired`] may become one.
    #[must_use]
    #[inline]
    pub const fn effect(self) -> Effect {
        match self {
            Self::Allowed => Effect::Allow,
            Self::ApprovalRequired => Effect::RequireApproval,
            _ => Effect::Deny,
        }
    }
}
