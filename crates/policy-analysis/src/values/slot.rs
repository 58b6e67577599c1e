//! What may stand at one place of the arguments: nothing, or a value of some kind.

use policy_core::Value;

use super::containers::{ArraySet, ObjectSet};
use super::numbers::NumberSet;
use super::outcomes::{Answer, Search};
use super::strings::StringSet;

/// A set of what can stand at a path: absence, and JSON values by their types.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Whether nothing may stand there.
    pub absent: bool,
    /// Whether `null` may.
    pub null: bool,
    /// Whether `false` may.
    pub false_: bool,
    /// Whether `true` may.
    pub true_: bool,
    /// The numbers that may.
    pub numbers: NumberSet,
    /// The strings that may.
    pub strings: StringSet,
    /// The lists that may.
    pub arrays: ArraySet,
    /// The objects that may.
    pub objects: ObjectSet,
}

impl Slot {
    /// Nothing may stand there, and it may not be absent either.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            absent: false,
            null: false,
            false_: false,
            true_: false,
            numbers: NumberSet::EMPTY,
            strings: StringSet::empty(),
            arrays: ArraySet::empty(),
            objects: ObjectSet::empty(),
        }
    }

    /// Anything, and nothing.
    #[must_use]
    pub fn any() -> Self {
        Self { absent: true, ..Self::present() }
    }

    /// Any value.
    #[must_use]
    pub fn present() -> Self {
        Self {
            absent: false,
            null: true,
            false_: true,
            true_: true,
            numbers: NumberSet::all(),
            strings: StringSet::all(),
            arrays: ArraySet::all(),
            objects: ObjectSet::all(),
        }
    }

    /// These values.
    #[must_use]
    pub fn only(values: &[Value]) -> Self {
        let parted = Parted::new(values);
        Self {
            absent: false,
            null: parted.null,
            false_: parted.false_,
            true_: parted.true_,
            numbers: NumberSet::only(parted.numbers),
            strings: StringSet::only(parted.strings),
            arrays: ArraySet::only(parted.arrays),
            objects: ObjectSet::only(parted.objects),
        }
    }

    /// Every value but these.
    #[must_use]
    pub fn except(values: &[Value]) -> Self {
        let parted = Parted::new(values);
        Self {
            absent: false,
            null: !parted.null,
            false_: !parted.false_,
            true_: !parted.true_,
            numbers: NumberSet::only(parted.numbers).complement(),
            strings: StringSet::except(parted.strings),
            arrays: ArraySet::except(parted.arrays),
            objects: ObjectSet::except(parted.objects),
        }
    }

    /// The same, and absence among it or not.
    #[must_use]
    pub fn or_absent(self, absent: bool) -> Self {
        Self { absent, ..self }
    }

    /// Whether this value, or absence, is in it.
    #[must_use]
    pub fn contains(&self, value: Option<&Value>) -> bool {
        match value {
            None => self.absent,
            Some(Value::Null) => self.null,
            Some(Value::Bool(false)) => self.false_,
            Some(Value::Bool(true)) => self.true_,
            Some(Value::Number(number)) => self.numbers.contains(number),
            Some(Value::String(string)) => self.strings.contains(string),
            Some(list @ Value::Array(_)) => self.arrays.contains(list),
            Some(object @ Value::Object(_)) => self.objects.contains(object),
        }
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            null: self.null && other.null,
            false_: self.false_ && other.false_,
            true_: self.true_ && other.true_,
            numbers: self.numbers.and(&other.numbers),
            strings: self.strings.and(&other.strings),
            arrays: self.arrays.and(&other.arrays),
            objects: self.objects.and(&other.objects),
        }
    }

    /// What is not in it, as slots of which each such value is in one.
    #[must_use]
    pub fn complement(&self) -> Vec<Self> {
        let scalars = Self {
            absent: !self.absent,
            null: !self.null,
            false_: !self.false_,
            true_: !self.true_,
            numbers: self.numbers.complement(),
            objects: self.objects.complement(),
            ..Self::empty()
        };
        let strings = self.strings.complement().into_iter().map(|strings| Self { strings, ..Self::empty() });
        let arrays = self.arrays.complement().into_iter().map(|arrays| Self { arrays, ..Self::empty() });
        let parts = std::iter::once(scalars).chain(strings).chain(arrays);
        parts.filter(|part| !part.is_bare()).collect()
    }

    /// Whether it was built without anything in it. Sets that only turn out to hold nothing are found by
    /// [`find`](Self::find).
    #[must_use]
    pub fn is_bare(&self) -> bool {
        !(self.absent || self.null || self.false_ || self.true_)
            && self.numbers.is_bare()
            && self.strings.is_bare()
            && self.arrays.is_bare()
            && self.objects.is_bare()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> Answer {
        self.find().is_empty()
    }

    /// Whether everything of `other` is in this one. `No` only where there is an element that shows it.
    #[must_use]
    pub fn includes(&self, other: &Self) -> Answer {
        let outside = self.complement().iter().fold(Search::Empty, |so_far: Search<Option<Value>>, part| {
            so_far.or_else(|| other.and(part).find())
        });
        outside.is_empty()
    }

    /// Something that is in it: `Some` value, or `None` for absence. Kinds that are held to something come first, so
    /// that an example shows what matters.
    #[must_use]
    pub fn find(&self) -> Search<Option<Value>> {
        let scalar = |there: bool, value: Option<Value>| match there {
            true => Search::Found(value),
            false => Search::Empty,
        };
        let numbers = || self.numbers.find().map(|number| Some(Value::Number(number)));
        let strings = || self.strings.find().map(|string| Some(Value::String(string)));
        let arrays = || self.arrays.find().map(Some);
        let found = match (self.strings.is_all(), self.numbers.is_all(), self.arrays.is_all()) {
            (false, _, _) if !self.strings.is_bare() => strings(),
            (_, false, _) if !self.numbers.is_bare() => numbers(),
            (_, _, false) if !self.arrays.is_bare() => arrays(),
            _ => Search::Empty,
        };
        found
            .or_else(|| scalar(self.absent, None))
            .or_else(|| scalar(self.true_, Some(Value::Bool(true))))
            .or_else(|| scalar(self.false_, Some(Value::Bool(false))))
            .or_else(strings)
            .or_else(numbers)
            .or_else(|| scalar(self.null, Some(Value::Null)))
            .or_else(arrays)
            .or_else(|| self.objects.find().map(Some))
    }
}

/// Values sorted by their types.
#[derive(Default)]
struct Parted<'a> {
    null: bool,
    false_: bool,
    true_: bool,
    numbers: Vec<&'a policy_core::Number>,
    strings: Vec<&'a str>,
    arrays: Vec<Value>,
    objects: Vec<Value>,
}

impl<'a> Parted<'a> {
    fn new(values: &'a [Value]) -> Self {
        let mut parted = Self::default();
        for value in values {
            match value {
                Value::Null => parted.null = true,
                Value::Bool(false) => parted.false_ = true,
                Value::Bool(true) => parted.true_ = true,
                Value::Number(number) => parted.numbers.push(number),
                Value::String(string) => parted.strings.push(string),
                Value::Array(_) => parted.arrays.push(value.clone()),
                Value::Object(_) => parted.objects.push(value.clone()),
            }
        }
        parted
    }
}
