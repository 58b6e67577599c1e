//! The documented JSON form of an explanation: docs/explain.md.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::condition::Outcome;
use crate::group::Mode;

use super::{
    Advice, ExplainedCondition, ExplainedLimit, ExplainedPlaces, ExplainedPolicy, ExplainedStep, Explanation,
};

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("effect", self.effect().name())?;
        map.serialize_entry("code", self.code.name())?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("pointer", &self.pointer)?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("policy", &self.policy)?;
        map.serialize_entry("steps", &self.steps)?;
        if let Some(advice) = &self.advice {
            map.serialize_entry("advice", advice)?;
        }
        map.end()
    }
}

impl Serialize for ExplainedPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("id", &*self.id)?;
        map.serialize_entry("digest", &self.digest.to_string())?;
        map.end()
    }
}

impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(caller) = &self.caller {
            map.serialize_entry("caller", caller)?;
        }
        map.serialize_entry("author", &self.author)?;
        map.end()
    }
}

impl Serialize for ExplainedStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("step", &self.kind.number())?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("outcome", self.outcome.name())?;
        if let Some(code) = self.code {
            map.serialize_entry("code", code.name())?;
        }
        for (field, text) in [("rule", &self.rule), ("pointer", &self.pointer), ("note", &self.note)] {
            if !text.is_empty() {
                map.serialize_entry(field, text)?;
            }
        }
        if self.mode == Mode::Shadow {
            map.serialize_entry("mode", "shadow")?;
        }
        if !self.conditions.is_empty() {
            map.serialize_entry("conditions", &self.conditions)?;
        }
        if let Some(limit) = &self.limit {
            map.serialize_entry("limit", limit)?;
        }
        map.end()
    }
}

impl Serialize for ExplainedCondition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("pointer", &self.pointer)?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("op", self.operator.name())?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("outcome", outcome(self.outcome))?;
        map.serialize_entry("found", &self.found)?;
        map.serialize_entry("places", &self.places)?;
        if !self.values.is_empty() {
            map.serialize_entry("values", &self.values)?;
        }
        map.end()
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::False => "false",
        Outcome::Mismatch => "mismatch",
        Outcome::Refused => "refused",
    }
}

impl Serialize for ExplainedPlaces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { holds, fails, mismatch, refused, absent } = self;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("holds", holds)?;
        map.serialize_entry("false", fails)?;
        map.serialize_entry("mismatch", mismatch)?;
        map.serialize_entry("refused", refused)?;
        map.serialize_entry("absent", absent)?;
        map.end()
    }
}

impl Serialize for ExplainedLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("counter", &*self.counter)?;
        map.serialize_entry("scope", self.scope.name())?;
        match self.window.name() {
            Some(name) => map.serialize_entry("window", name)?,
            None => map.serialize_entry("window", &self.window.seconds())?,
        }
        map.serialize_entry("max", &self.max)?;
        if let Some(path) = &self.increment_from {
            map.serialize_entry("increment_from", path)?;
        }
        if let Some(cost) = &self.cost {
            map.serialize_entry("cost", cost)?;
        }
        map.end()
    }
}
