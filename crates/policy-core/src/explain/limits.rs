//! The last steps of a walk: what the call costs, and the limits that it must fit under while nothing has been counted yet.

use crate::amount::Amount;
use crate::arguments::{Arguments, Json};
use crate::clock::Timestamp;
use crate::code::Code;
use crate::group::Mode;
use crate::plan::{Request, cost, plan_limits};
use crate::program::{CompiledLimit, Reads};
use crate::settle::lacking;
use crate::verdict::{Detail, Place, Verdict};

use super::steps::Walk;
use super::{ExplainedLimit, ExplainedStep, StepKind, StepOutcome, count_from_zero};

impl Walk<'_> {
    /// Steps 11 and 12: all costs, then all limits.
    pub(super) fn limits<A: Arguments>(
        &mut self,
        (own, everybodys): (&[CompiledLimit], &[CompiledLimit]),
        root: Option<Json<'_>>,
        reads: Reads,
        request: &Request<'_, A>,
        now: Timestamp,
    ) {
        let unread = root.is_none() && reads == Reads::Enforced;
        let mut costs: Vec<Option<Amount>> = Vec::new();
        for limit in own.iter().chain(everybodys) {
            let place = Place::Limit(limit.origin);
            let mode = limit.limit.mode;
            let cost = cost(&limit.limit, root);
            costs.push(cost.ok());
            let Some(path) = &limit.limit.increment_from else { continue };
            if unread {
                self.not_judged(StepKind::Cost, mode, place);
                continue;
            }
            let (finding, note) = match cost {
                Ok(_) => (None, format!("{} says what the call costs", path.text())),
                Err(fault) => {
                    let detail = Detail::Cost(fault);
                    (Some(Code::InvalidCost), self.message(Code::InvalidCost, place, Some(&detail)))
                }
            };
            let limit = Some(self.limit(limit, cost.ok()));
            self.add(ExplainedStep { limit, ..self.step(StepKind::Cost, mode, finding, place, note) });
        }
        let snapshot = self.context.snapshot;
        let mut found = Verdict::undecided();
        found.policy = self.context.verdict.policy;
        found.entry = self.context.verdict.entry;
        let contingent = plan_limits(own, everybodys, root, request.identity, &mut found);
        let counts = contingent.is_some();
        count_from_zero(snapshot, contingent, request.identity, now, &mut found);
        // All are charged together: one in shadow mode is looked at even where another denies.
        let reached = !self.ended;
        let full = [Mode::Enforce, Mode::Shadow].map(|mode| lacking(snapshot, &found, mode));
        for (limit, cost) in own.iter().chain(everybodys).zip(costs) {
            let place = Place::Limit(limit.origin);
            let mode = limit.limit.mode;
            let shown = Some(self.limit(limit, cost));
            if !counts || cost.is_none() {
                let mut step =
                    self.step(StepKind::Limit, mode, None, place, "it is not clear what the call costs");
                step.outcome = StepOutcome::NotJudged;
                self.add(ExplainedStep { limit: shown, ..step });
                continue;
            }
            let lacks = full.iter().flatten().any(|other| other.origin == limit.origin);
            let note = if lacks {
                "it would have no room for the call, even if nothing had been counted yet"
            } else {
                "it has room as long as what was used is at most `max` less the cost; what was used is not looked at"
            };
            let finding = lacks.then_some(Code::LimitExceeded);
            let mut step = self.step(StepKind::Limit, mode, finding, place, note);
            if reached && mode == Mode::Shadow {
                step.outcome = if lacks { StepOutcome::Shadowed } else { StepOutcome::Passed };
            }
            self.add(ExplainedStep { limit: shown, ..step });
        }
    }

    fn limit(&self, CompiledLimit { limit, .. }: &CompiledLimit, cost: Option<Amount>) -> ExplainedLimit {
        let shows = limit.increment_from.is_none() || self.options.show_values;
        ExplainedLimit {
            counter: limit.counter.clone(),
            scope: limit.scope,
            window: limit.window,
            max: limit.max,
            increment_from: limit.increment_from.as_ref().map(|path| path.text().to_owned()),
            cost: cost.filter(|_| shows),
        }
    }
}
