//! The operators of conditions, by name.

/// The operators of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the format's own; docs/policy-format.md says what each means")]
#[non_exhaustive]
pub enum Operator {
    Eq,
    Neq,
    In,
    NotIn,
    Lt,
    Lte,
    Gt,
    Gte,
    Regex,
    Contains,
    Exists,
    StartsWith,
    EndsWith,
    PathWithin,
    UrlHostIn,
    CidrIn,
}

impl Operator {
    /// Every operator, in the order of the reference.
    pub const ALL: [Self; 16] = [
        Self::Eq,
        Self::Neq,
        Self::In,
        Self::NotIn,
        Self::Lt,
        Self::Lte,
        Self::Gt,
        Self::Gte,
        Self::Regex,
        Self::Contains,
        Self::Exists,
        Self::StartsWith,
        Self::EndsWith,
        Self::PathWithin,
        Self::UrlHostIn,
        Self::CidrIn,
    ];

    /// The operator's name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::In => "in",
            Self::NotIn => "not_in",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Regex => "regex",
            Self::Contains => "contains",
            Self::Exists => "exists",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::PathWithin => "path_within",
            Self::UrlHostIn => "url_host_in",
            Self::CidrIn => "cidr_in",
        }
    }

    /// The operator of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }
}
