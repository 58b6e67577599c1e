//! One condition on one argument: its operator and value, checked and ready to be judged. Each family of operators has a
//! file of its own. Knows nothing of groups, policies or decisions.

mod outcome;
mod operator;
mod error;

mod order;
mod equality;
mod pattern;
mod text;
mod look_alikes;
mod path_within;
#[cfg(feature = "url")]
mod url_host;
mod cidr;

use std::cmp::Ordering;
use std::ops::ControlFlow;

use regex::Regex;

pub use self::error::{ConditionError, ElementFault};
pub use self::operator::Operator;
pub use self::outcome::{Outcome, Sense};
pub use self::pattern::PATTERN_SIZE_MAX;

use self::cidr::Networks;
use self::equality::{contains, equal};
use self::order::Bound;
use self::path_within::Directories;
use self::text::{Affix, End};
#[cfg(feature = "url")]
use self::url_host::Hosts;
use crate::arguments::{Json, Kind};
use crate::path::{Found, Path, find_by_names};
use crate::value::Value;

/// `{ "path", "op", "value" }`, checked and ready to be judged.
#[derive(Clone, Debug)]
pub struct Condition {
    path: Path,
    operator: Operator,
    value: Value,
    test: Test,
}

/// The operator and its value in the form that judging wants. What the policy wrote is kept beside it.
#[derive(Clone, Debug)]
enum Test {
    Equal {
        wanted: bool,
    },
    OneOf {
        wanted: bool,
    },
    Order(Bound),
    Pattern(Regex),
    Contains,
    Exists {
        wanted: bool,
    },
    Affix(Affix),
    PathWithin(Directories),
    #[cfg(feature = "url")]
    UrlHost(Hosts),
    Cidr(Networks),
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.operator == other.operator && self.value == other.value
    }
}

impl Condition {
    /// A condition, its value checked against its operator.
    ///
    /// # Errors
    /// When the value is none that the operator can take, or the operator is not part of this build.
    pub fn new(path: Path, operator: Operator, value: Value) -> Result<Self, ConditionError> {
        use Ordering::{Equal, Greater, Less};

        if value.has_name_twice() {
            return Err(ConditionError::NameTwice);
        }
        let test = match operator {
            Operator::Eq => Test::Equal { wanted: true },
            Operator::Neq => Test::Equal { wanted: false },
            Operator::In => one_of(&value, true)?,
            Operator::NotIn => one_of(&value, false)?,
            Operator::Lt => Test::Order(Bound::compile(&value, Less, None)?),
            Operator::Lte => Test::Order(Bound::compile(&value, Less, Some(Equal))?),
            Operator::Gt => Test::Order(Bound::compile(&value, Greater, None)?),
            Operator::Gte => Test::Order(Bound::compile(&value, Greater, Some(Equal))?),
            Operator::Regex => Test::Pattern(pattern::compile(&value)?),
            Operator::Contains => Test::Contains,
            Operator::Exists => match value {
                Value::Bool(wanted) => Test::Exists { wanted },
                _ => return Err(ConditionError::wants("`true` or `false`", &value)),
            },
            Operator::StartsWith => Test::Affix(Affix::compile(&value, End::Start)?),
            Operator::EndsWith => Test::Affix(Affix::compile(&value, End::End)?),
            Operator::PathWithin => Test::PathWithin(Directories::compile(&value)?),
            #[cfg(feature = "url")]
            Operator::UrlHostIn => Test::UrlHost(Hosts::compile(&value)?),
            #[cfg(not(feature = "url"))]
            Operator::UrlHostIn => return Err(ConditionError::NotBuilt { feature: "url" }),
            Operator::CidrIn => Test::Cidr(Networks::compile(&value)?),
        };
        Ok(Self { path, operator, value, test })
    }

    /// Where it looks.
    #[must_use]
    pub const fn path(&self) -> &Path {
        &self.path
    }

    /// How it judges.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// What it compares with.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// What the operator needs an argument to be, for a message to the agent. Where `[0]` or `[*]` stands in the path, what
    /// is there must be an array besides.
    #[must_use]
    pub fn wanted_type(&self) -> &'static str {
        match &self.test {
            Test::Order(_) => "a number",
            Test::Pattern(_) | Test::Affix(_) => "a string",
            Test::Contains if matches!(self.value, Value::String(_)) => "a string or an array",
            Test::Contains => "an array",
            Test::Equal { .. } | Test::OneOf { .. } | Test::Exists { .. } => ANY_VALUE,
            Test::PathWithin(_) => "an absolute path without `..`, escapes and backslashes",
            #[cfg(feature = "url")]
            Test::UrlHost(hosts) if hosts.has_other_schemes() => {
                "a plainly written URL, without user info, of a scheme that is permitted"
            }
            #[cfg(feature = "url")]
            Test::UrlHost(_) => "a plainly written http or https URL, without user info",
            Test::Cidr(_) => "an IP address",
        }
    }

    /// What a mismatch is about, for a message to the agent: `Argument args.x must be a number`.
    #[must_use]
    pub(crate) fn demand(&self) -> String {
        let wanted = (self.wanted_type() != ANY_VALUE)
            .then(|| format!("{} must be {}", self.path.text(), self.wanted_type()));
        let lists = self.path.lists().into_iter().map(|list| format!("{list} must be an array"));
        let demands: Vec<String> = wanted.into_iter().chain(lists).collect();
        format!("Argument {}", demands.join(", and "))
    }

    /// Judges the arguments, in the sense of the list that the condition stands in.
    ///
    /// An absent argument satisfies nothing but `exists: false`; so does `null`, except under `eq`, `neq`, `in` and
    /// `not_in`, to which it is a value like others. Where `[*]` leads to several elements, each is judged:
    /// [`Sense::Permits`] wants every one of them to hold, [`Sense::Forbids`] any.
    #[must_use]
    pub fn judge(&self, arguments: Json<'_>, sense: Sense) -> Outcome {
        match self.path.names() {
            Some(names) => self.judge_one(find_by_names(names, arguments), sense),
            None => self.judge_each(arguments, sense),
        }
    }

    /// Judges every place that a path with brackets or indices leads to, and tells the outcomes together.
    #[inline(never)]
    fn judge_each(&self, arguments: Json<'_>, sense: Sense) -> Outcome {
        sense.all_told(|tell| {
            let _ended: ControlFlow<()> =
                self.path.visit(arguments, &mut |found| tell(self.judge_found(found, sense)));
        })
    }

    /// Judges every place, each for itself and to the last: what explaining shows, where [`judge`](Self::judge) decides.
    pub(crate) fn look<'t>(
        &self,
        arguments: Json<'t>,
        sense: Sense,
        look: &mut dyn FnMut(Found<'t>, Outcome),
    ) {
        let _ended: ControlFlow<()> = self.path.visit(arguments, &mut |found| {
            look(found, self.judge_found(found, sense));
            ControlFlow::Continue(())
        });
    }

    #[inline]
    fn judge_found(&self, found: Found<'_>, sense: Sense) -> Outcome {
        match found {
            Found::Value(value) => self.judge_one(Some(value), sense),
            Found::Absent => self.judge_one(None, sense),
            Found::NoList => Outcome::Mismatch,
        }
    }

    /// Judges what is found at one place.
    #[inline]
    fn judge_one(&self, found: Option<Json<'_>>, sense: Sense) -> Outcome {
        match &self.test {
            Test::Equal { wanted } => match found {
                Some(argument) => Outcome::from(equal(&self.value, argument) == *wanted),
                None => Outcome::False,
            },
            Test::OneOf { wanted } => match (found, &self.value) {
                (Some(argument), Value::Array(elements)) => {
                    Outcome::from(elements.iter().any(|element| equal(element, argument)) == *wanted)
                }
                _ => Outcome::False,
            },
            Test::Exists { wanted } => Outcome::from(present(found).is_some() == *wanted),
            Test::Order(bound) => judge_present(found, |argument| bound.judge(argument)),
            Test::Pattern(pattern) => judge_present(found, |argument| pattern::judge(pattern, argument)),
            Test::Contains => judge_present(found, |argument| contains(&self.value, argument)),
            Test::Affix(affix) => judge_present(found, |argument| affix.judge(argument)),
            Test::PathWithin(directories) => judge_present(found, |argument| directories.judge(argument)),
            #[cfg(feature = "url")]
            Test::UrlHost(hosts) => judge_present(found, |argument| hosts.judge(argument, sense)),
            Test::Cidr(networks) => judge_present(found, |argument| networks.judge(argument, sense)),
        }
    }
}

/// What operators want that can judge everything.
const ANY_VALUE: &str = "any value";

fn present(found: Option<Json<'_>>) -> Option<Json<'_>> {
    found.filter(|argument| argument.kind() != Kind::Null)
}

#[inline]
fn judge_present<'t>(found: Option<Json<'t>>, judge: impl FnOnce(Json<'t>) -> Outcome) -> Outcome {
    present(found).map_or(Outcome::False, judge)
}

fn one_of(value: &Value, wanted: bool) -> Result<Test, ConditionError> {
    match value {
        Value::Array(_) => Ok(Test::OneOf { wanted }),
        _ => Err(ConditionError::wants("a list", value)),
    }
}
