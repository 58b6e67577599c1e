//! The codes of findings. What each is about is said in `explanation`, and found out in the other files here.

use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; often meant so.
    Note,
    /// Permitted, and probably not meant.
    Warning,
    /// Not permitted by what was asked for.
    Error,
}

impl Severity {
    /// Its name: `error`, `warning`, `note`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding is about. A released code never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LintCode {
    /// An extension of this engine, where the policy is to be read by others too.
    NotPortable,
    /// Rules for a tool that the server does not list.
    UnlistedTool,
    /// A hidden name that the server does not list.
    UnlistedHiddenTool,
    /// Tools on the server's list that only `default: "allow"` speaks of.
    UnruledTool,
    /// The list of tools is one page of a longer one.
    PartialList,
    /// A path to an argument that the tool's input schema rules out.
    UnknownArgument,
    /// A `deny_if` condition on an argument that may be left out.
    OptionalArgument,
    /// An operator that can judge none of the types that the argument has.
    TypeNeverFits,
    /// A value that the tool's input schema never permits there.
    ValueOutsideSchema,
    /// A cost taken from an argument that may be left out.
    OptionalCost,
    /// A rule or limit that no call comes to.
    UnreachableRule,
    /// Every tool is hidden.
    HidesEverything,
    /// No tool can be called.
    DeniesEverything,
    /// Every call is allowed.
    AllowsEverything,
    /// Every rule is in shadow mode, so nothing is enforced.
    OnlyShadow,
    /// The rules of a tool contradict each other, so that every call is denied.
    DeniesEveryCall,
    /// Conditions of one group that no argument satisfies.
    NeverHolds,
    /// A group or condition that asks nothing.
    AlwaysHolds,
    /// A condition twice in one group.
    DuplicateCondition,
    /// A group twice in one list.
    DuplicateGroup,
    /// A condition that follows from another of its group.
    RedundantCondition,
    /// A `deny_if` group that is an allow-list turned round: an absent argument passes.
    AbsentPasses,
    /// A value twice in the list of `in` or `not_in`.
    DuplicateValue,
    /// A star in a path, which stands for itself.
    StarInPath,
    /// A pattern under `require` that matches a part of the text.
    UnanchoredPattern,
    /// A dot in a host name in a pattern, which stands for any character.
    UnescapedDot,
    /// A pattern that takes much memory.
    LargePattern,
    /// A path that is judged by how it begins, which `..` gets round.
    PathPrefix,
    /// An address that is judged by a part of it, which another host gets round.
    AddressPart,
    /// Two names that differ in case or separators only, or look alike.
    NamesAlike,
    /// A name with blanks at an end, or with characters that do not show.
    BlankInName,
    /// A tool name with characters that MCP servers do not use.
    UnusualName,
    /// A star in a name, which stands for itself.
    StarInName,
    /// A limit that another limit of the same counter never lets a call reach.
    LimitNeverReached,
    /// A limit that denies every call.
    LimitAdmitsNothing,
    /// A counter that counts calls in one place and amounts in another.
    CounterMixesUnits,
    /// A text for the agent that is empty.
    EmptyText,
    /// A `reason` that nobody reads.
    ReasonWithoutEffect,
    /// A `$schema` that is not the schema of these policies.
    UnsuitableSchemaUri,
}

impl LintCode {
    /// Every code.
    pub const ALL: [Self; 39] = [
        Self::NotPortable,
        Self::UnlistedTool,
        Self::UnlistedHiddenTool,
        Self::UnruledTool,
        Self::PartialList,
        Self::UnknownArgument,
        Self::OptionalArgument,
        Self::TypeNeverFits,
        Self::ValueOutsideSchema,
        Self::OptionalCost,
        Self::UnreachableRule,
        Self::HidesEverything,
        Self::DeniesEverything,
        Self::AllowsEverything,
        Self::OnlyShadow,
        Self::DeniesEveryCall,
        Self::NeverHolds,
        Self::AlwaysHolds,
        Self::DuplicateCondition,
        Self::DuplicateGroup,
        Self::RedundantCondition,
        Self::AbsentPasses,
        Self::DuplicateValue,
        Self::StarInPath,
        Self::UnanchoredPattern,
        Self::UnescapedDot,
        Self::LargePattern,
        Self::PathPrefix,
        Self::AddressPart,
        Self::NamesAlike,
        Self::BlankInName,
        Self::UnusualName,
        Self::StarInName,
        Self::LimitNeverReached,
        Self::LimitAdmitsNothing,
        Self::CounterMixesUnits,
        Self::EmptyText,
        Self::ReasonWithoutEffect,
        Self::UnsuitableSchemaUri,
    ];

    /// Its name, in `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotPortable => "not_portable",
            Self::UnlistedTool => "unlisted_tool",
            Self::UnlistedHiddenTool => "unlisted_hidden_tool",
            Self::UnruledTool => "unruled_tool",
            Self::PartialList => "partial_list",
            Self::UnknownArgument => "unknown_argument",
            Self::OptionalArgument => "optional_argument",
            Self::TypeNeverFits => "type_never_fits",
            Self::ValueOutsideSchema => "value_outside_schema",
            Self::OptionalCost => "optional_cost",
            Self::UnreachableRule => "unreachable_rule",
            Self::HidesEverything => "hides_everything",
            Self::DeniesEverything => "denies_everything",
            Self::AllowsEverything => "allows_everything",
            Self::OnlyShadow => "only_shadow",
            Self::DeniesEveryCall => "denies_every_call",
            Self::NeverHolds => "never_holds",
            Self::AlwaysHolds => "always_holds",
            Self::DuplicateCondition => "duplicate_condition",
            Self::DuplicateGroup => "duplicate_group",
            Self::RedundantCondition => "redundant_condition",
            Self::AbsentPasses => "absent_passes",
            Self::DuplicateValue => "duplicate_value",
            Self::StarInPath => "star_in_path",
            Self::UnanchoredPattern => "unanchored_pattern",
            Self::UnescapedDot => "unescaped_dot",
            Self::LargePattern => "large_pattern",
            Self::PathPrefix => "path_prefix",
            Self::AddressPart => "address_part",
            Self::NamesAlike => "names_alike",
            Self::BlankInName => "blank_in_name",
            Self::UnusualName => "unusual_name",
            Self::StarInName => "star_in_name",
            Self::LimitNeverReached => "limit_never_reached",
            Self::LimitAdmitsNothing => "limit_admits_nothing",
            Self::CounterMixesUnits => "counter_mixes_units",
            Self::EmptyText => "empty_text",
            Self::ReasonWithoutEffect => "reason_without_effect",
            Self::UnsuitableSchemaUri => "unsuitable_schema_uri",
        }
    }

    /// The code of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// How much its findings matter, unless a finding says otherwise.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::NotPortable => Severity::Error,
            Self::PartialList
            | Self::OptionalCost
            | Self::OnlyShadow
            | Self::RedundantCondition
            | Self::AbsentPasses
            | Self::DuplicateValue
            | Self::LargePattern
            | Self::UnusualName
            | Self::UnsuitableSchemaUri => Severity::Note,
            _ => Severity::Warning,
        }
    }

    /// What it is about, in a line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::NotPortable => "An extension of this engine, where the policy is to be read by others too.",
            Self::UnlistedTool => "Rules for a tool that the server does not list.",
            Self::UnlistedHiddenTool => "A hidden name that the server does not list.",
            Self::UnruledTool => "Tools on the server's list that only `default: \"allow\"` speaks of.",
            Self::PartialList => "The list of tools is one page of a longer one.",
            Self::UnknownArgument => "A path to an argument that the tool's input schema rules out.",
            Self::OptionalArgument => "A `deny_if` condition on an argument that may be left out.",
            Self::TypeNeverFits => "An operator that can judge none of the types that the argument has.",
            Self::ValueOutsideSchema => "A value that the tool's input schema never permits there.",
            Self::OptionalCost => "A cost taken from an argument that may be left out.",
            Self::UnreachableRule => "A rule or limit that no call comes to.",
            Self::HidesEverything => "Every tool is hidden.",
            Self::DeniesEverything => "No tool can be called.",
            Self::AllowsEverything => "Every call is allowed.",
            Self::OnlyShadow => "Every rule is in shadow mode, so nothing is enforced.",
            Self::DeniesEveryCall => {
                "The rules of a tool contradict each other, so that every call is denied."
            }
            Self::NeverHolds => "Conditions of one group that no argument satisfies.",
            Self::AlwaysHolds => "A group or condition that asks nothing.",
            Self::DuplicateCondition => "A condition twice in one group.",
            Self::DuplicateGroup => "A group twice in one list.",
            Self::RedundantCondition => "A condition that follows from another of its group.",
            Self::AbsentPasses => {
                "A `deny_if` group that is an allow-list turned round: an absent argument passes."
            }
            Self::DuplicateValue => "A value twice in the list of `in` or `not_in`.",
            Self::StarInPath => "A star in a path, which stands for itself.",
            Self::UnanchoredPattern => "A pattern under `require` that matches a part of the text.",
            Self::UnescapedDot => "A dot in a host name in a pattern, which stands for any character.",
            Self::LargePattern => "A pattern that takes much memory.",
            Self::PathPrefix => "A path that is judged by how it begins, which `..` gets round.",
            Self::AddressPart => "An address that is judged by a part of it, which another host gets round.",
            Self::NamesAlike => "Two names that differ in case or separators only, or look alike.",
            Self::BlankInName => "A name with blanks at an end, or with characters that do not show.",
            Self::UnusualName => "A tool name with characters that MCP servers do not use.",
            Self::StarInName => "A star in a name, which stands for itself.",
            Self::LimitNeverReached => {
                "A limit that another limit of the same counter never lets a call reach."
            }
            Self::LimitAdmitsNothing => "A limit that denies every call.",
            Self::CounterMixesUnits => "A counter that counts calls in one place and amounts in another.",
            Self::EmptyText => "A text for the agent that is empty.",
            Self::ReasonWithoutEffect => "A `reason` that nobody reads.",
            Self::UnsuitableSchemaUri => "A `$schema` that is not the schema of these policies.",
        }
    }
}

impl fmt::Display for LintCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
