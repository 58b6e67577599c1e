//! Sets of lists and of objects: a few, or all but a few, lists also by what they contain.

use policy_core::Value;

use super::outcomes::Search;
use super::same::{distinct, same};

/// Some values, or all but some.
#[derive(Clone, Debug)]
enum Base {
    Only(Vec<Value>),
    Except(Vec<Value>),
}

impl Base {
    fn contains(&self, value: &Value) -> bool {
        match self {
            Self::Only(values) => values.iter().any(|known| same(known, value)),
            Self::Except(values) => !values.iter().any(|known| same(known, value)),
        }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(values), other) | (other, Self::Only(values)) => {
                Self::Only(values.iter().filter(|value| other.contains(value)).cloned().collect())
            }
            (Self::Except(one), Self::Except(two)) => Self::Except(distinct(one.iter().chain(two).cloned())),
        }
    }

    fn complement(&self) -> Self {
        match self {
            Self::Only(values) => Self::Except(values.clone()),
            Self::Except(values) => Self::Only(values.clone()),
        }
    }

    fn is_bare(&self) -> bool {
        matches!(self, Self::Only(values) if values.is_empty())
    }

    fn is_all(&self) -> bool {
        matches!(self, Self::Except(values) if values.is_empty())
    }
}

/// A set of lists.
#[derive(Clone, Debug)]
pub struct ArraySet {
    base: Base,
    /// Elements that a list must have, or must not have.
    elements: Vec<(Value, bool)>,
}

impl ArraySet {
    /// No list.
    #[must_use]
    pub const fn empty() -> Self {
        Self { base: Base::Only(Vec::new()), elements: Vec::new() }
    }

    /// Every list.
    #[must_use]
    pub const fn all() -> Self {
        Self { base: Base::Except(Vec::new()), elements: Vec::new() }
    }

    /// These lists.
    #[must_use]
    pub fn only(lists: Vec<Value>) -> Self {
        Self { base: Base::Only(distinct(lists)), elements: Vec::new() }
    }

    /// Every list but these.
    #[must_use]
    pub fn except(lists: Vec<Value>) -> Self {
        Self { base: Base::Except(distinct(lists)), elements: Vec::new() }
    }

    /// The lists that have this element, or those that have not.
    #[must_use]
    pub fn with(element: Value, wanted: bool) -> Self {
        Self { base: Base::Except(Vec::new()), elements: vec![(element, wanted)] }
    }

    /// Whether it was built without a list in it.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.base.is_bare()
    }

    /// Whether every list is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.base.is_all() && self.elements.is_empty()
    }

    /// Whether the value, a list, is in it.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        self.base.contains(value) && self.has_elements(value)
    }

    fn has_elements(&self, value: &Value) -> bool {
        let Value::Array(elements) = value else { return false };
        self.elements
            .iter()
            .all(|(wanted, there)| elements.iter().any(|element| same(element, wanted)) == *there)
    }

    /// The lists in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut elements = self.elements.clone();
        for (element, wanted) in &other.elements {
            if !elements.iter().any(|(known, there)| there == wanted && same(known, element)) {
                elements.push((element.clone(), *wanted));
            }
        }
        let mut both = Self { base: self.base.and(&other.base), elements };
        if let Base::Only(lists) = &both.base {
            let left = lists.iter().filter(|list| both.has_elements(list)).cloned().collect();
            both = Self { base: Base::Only(left), elements: Vec::new() };
        }
        both
    }

    /// The lists that are not in it, as sets of which each such list is in one.
    #[must_use]
    pub fn complement(&self) -> Vec<Self> {
        let mut parts = vec![Self { base: self.base.complement(), elements: Vec::new() }];
        parts.extend(self.elements.iter().map(|(element, wanted)| Self::with(element.clone(), !wanted)));
        parts.retain(|part| !part.is_bare());
        parts
    }

    /// A list that is in it.
    #[must_use]
    pub fn find(&self) -> Search {
        let except = match &self.base {
            Base::Only(lists) => {
                return match lists.iter().find(|list| self.has_elements(list)) {
                    Some(found) => Search::Found(found.clone()),
                    None => Search::Empty,
                };
            }
            Base::Except(except) => except,
        };
        let wanted = |there: bool| {
            self.elements.iter().filter(move |(_, known)| *known == there).map(|(value, _)| value)
        };
        if wanted(true).any(|one| wanted(false).any(|two| same(one, two))) {
            return Search::Empty;
        }
        let mut list: Vec<Value> = wanted(true).cloned().collect();
        // Each round makes the list longer, and only so many are excluded.
        for round in 0..=except.len() {
            let candidate = Value::Array(list.clone());
            if self.contains(&candidate) {
                return Search::Found(candidate);
            }
            list.push(fresh(round, |value| wanted(false).any(|other| same(other, value))));
        }
        Search::Unknown
    }
}

/// A string that is not among those to be avoided.
fn fresh(round: usize, avoid: impl Fn(&Value) -> bool) -> Value {
    let candidates = (round..).map(|number| Value::String(format!("x{number}").into()));
    let mut candidates = candidates.skip_while(|value| avoid(value));
    candidates.next().unwrap_or(Value::Null)
}

/// A set of objects.
#[derive(Clone, Debug)]
pub struct ObjectSet {
    base: Base,
}

impl ObjectSet {
    /// No object.
    #[must_use]
    pub const fn empty() -> Self {
        Self { base: Base::Only(Vec::new()) }
    }

    /// Every object.
    #[must_use]
    pub const fn all() -> Self {
        Self { base: Base::Except(Vec::new()) }
    }

    /// These objects.
    #[must_use]
    pub fn only(objects: Vec<Value>) -> Self {
        Self { base: Base::Only(distinct(objects)) }
    }

    /// Every object but these.
    #[must_use]
    pub fn except(objects: Vec<Value>) -> Self {
        Self { base: Base::Except(distinct(objects)) }
    }

    /// Whether no object is in it.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.base.is_bare()
    }

    /// Whether every object is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.base.is_all()
    }

    /// Whether the value, an object, is in it.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        matches!(value, Value::Object(_)) && self.base.contains(value)
    }

    /// The objects in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { base: self.base.and(&other.base) }
    }

    /// The objects that are not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self { base: self.base.complement() }
    }

    /// The only objects in it, or the objects that it lacks.
    pub(crate) fn listed(&self) -> Result<&[Value], &[Value]> {
        match &self.base {
            Base::Only(objects) => Ok(objects),
            Base::Except(objects) => Err(objects),
        }
    }

    /// An object that is in it.
    #[must_use]
    pub fn find(&self) -> Search {
        match self.listed() {
            Ok([]) => Search::Empty,
            Ok([first, ..]) => Search::Found(first.clone()),
            Err(_) => match self.widened(Vec::new(), |_| true) {
                Some(found) => Search::Found(found),
                None => Search::Unknown,
            },
        }
    }

    /// An object with these members that is in the set, with more members where it must; `free` says which names may be
    /// added.
    pub(crate) fn widened(
        &self,
        mut members: Vec<(Box<str>, Value)>,
        free: impl Fn(&str) -> bool,
    ) -> Option<Value> {
        let rounds = self.listed().map_or_else(<[Value]>::len, <[Value]>::len);
        let mut names = (0_usize..).map(|number| format!("x{number}"));
        for _ in 0..=rounds {
            let candidate = Value::Object(members.clone());
            if self.contains(&candidate) {
                return Some(candidate);
            }
            let taken = |name: &str| members.iter().any(|(known, _)| &**known == name);
            let name = names.find(|name| free(name) && !taken(name))?;
            members.push((name.into(), Value::Bool(true)));
        }
        None
    }
}
