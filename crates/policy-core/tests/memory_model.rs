//! The store in memory against a slow one that follows the contract of `CounterStore` word for word: random calls,
//! refunds and clocks, through an engine, because receipts come from nowhere else.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use policy_core::arguments::{ArgumentError, Arguments, TapeWriter};
use policy_core::{
    Amount, Code, Decision, DefaultEffect, Engine, Identity, Limit, ManualClock, MemoryStore, Mode, Path,
    Policy, PolicySet, Receipt, Timestamp, Tool, Window,
};
use proptest::prelude::*;

/// The windows of the counters, in seconds; a counter's number says which is its.
const WINDOWS: [u32; 4] = [1, 2, 60, 60];

/// One limit of a tool.
#[derive(Clone, Debug)]
struct Rule {
    counter: usize,
    max: u64,
    shadow: bool,
    /// Whether the call says what it costs.
    stated: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Call { tool: usize, grant: usize, cost: u64 },
    Refund { which: usize },
    Clock { millis: u64 },
    Wait { millis: u64 },
}

/// `{"n": 3}`
struct Cost(u64);

impl Arguments for Cost {
    fn read(&self, tape: &mut TapeWriter<'_>) -> Result<(), ArgumentError> {
        tape.begin_object(0)?;
        tape.name_owned(0, "n")?;
        tape.number_owned(&self.0.to_string())?;
        tape.end()
    }
}

/// A counter of the reference.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    ends: u64,
    used: u64,
}

impl Counter {
    fn at(self, now: u64, counter: usize) -> Self {
        let length = u64::from(WINDOWS[counter]) * 1_000;
        if now < self.ends { self } else { Self { ends: now / length * length + length, used: 0 } }
    }
}

/// What the limits of a call ask of one counter together.
#[derive(Clone, Copy, Debug)]
struct Asked {
    cost: u64,
    max: u64,
    shadow: bool,
    counter: Counter,
}

impl Asked {
    fn fits(self) -> bool {
        self.counter.used + self.cost <= self.max
    }

    /// The higher cost and the lower maximum of the two; but what only watches is left out beside what decides.
    fn and(self, other: Self) -> Self {
        match (self.shadow, other.shadow) {
            (false, true) => self,
            (true, false) => other,
            _ => Self { cost: self.cost.max(other.cost), max: self.max.min(other.max), ..self },
        }
    }
}

/// A caller's number and a counter's.
type Key = (usize, usize);

/// What a call was charged: where, until when, how much.
type Charged = Vec<(Key, u64, u64)>;

/// An engine, and what the reference knows.
struct World {
    engine: Engine,
    clock: Arc<ManualClock>,
    now: u64,
    tools: Vec<Vec<Rule>>,
    everybodys: Vec<Rule>,
    counters: HashMap<Key, Counter>,
    receipts: Vec<(Receipt, Charged)>,
}

impl World {
    /// With the limits of some tools, those on every call, and room for so many counters.
    fn new(tools: Vec<Vec<Rule>>, everybodys: Vec<Rule>, counters: usize) -> Self {
        let limit = |rule: &Rule| Limit {
            mode: if rule.shadow { Mode::Shadow } else { Mode::Enforce },
            increment_from: rule.stated.then(|| Path::parse("args.n").unwrap()),
            ..Limit::new(
                format!("c{}", rule.counter),
                Window::from_seconds(WINDOWS[rule.counter]).unwrap(),
                Amount::whole(rule.max).unwrap(),
            )
        };
        let mut policy = Policy::new("p", DefaultEffect::Deny);
        policy.all_tools.limits = everybodys.iter().map(limit).collect();
        for (place, rules) in tools.iter().enumerate() {
            let tool = Tool { limits: rules.iter().map(limit).collect(), ..Tool::default() };
            policy.tools.insert(place.to_string().into(), tool);
        }
        let clock = Arc::new(ManualClock::default());
        let engine = Engine::builder(PolicySet::single(policy).unwrap())
            .store(MemoryStore::with_capacity(counters))
            .clock(Arc::clone(&clock))
            .build();
        Self { engine, clock, now: 0, tools, everybodys, counters: HashMap::new(), receipts: Vec::new() }
    }

    fn set_clock(&mut self, now: u64) {
        self.now = now;
        self.clock.set(Timestamp::from_millis(now));
    }

    fn call(&self, tool: usize, grant: usize, cost: u64) -> Decision {
        let identity = Identity::new(format!("grant {grant}"));
        self.engine.evaluate(&identity, &tool.to_string(), Cost(cost))
    }

    /// What a call asks of each counter, and the limits that ask it, in order.
    fn met(&self, tool: usize, grant: usize, cost: u64) -> (HashMap<Key, Asked>, Vec<(Rule, Key)>) {
        let rules = self.tools[tool].iter().chain(&self.everybodys);
        let limits: Vec<_> = rules.map(|rule| (rule.clone(), (grant, rule.counter))).collect();
        let mut asked: HashMap<Key, Asked> = HashMap::new();
        for (rule, key) in &limits {
            let counter = self.counters.get(key).copied().unwrap_or_default().at(self.now, rule.counter);
            let one = Asked {
                cost: if rule.stated { cost } else { 1 },
                max: rule.max,
                shadow: rule.shadow,
                counter,
            };
            asked.entry(*key).and_modify(|known| *known = known.and(one)).or_insert(one);
        }
        (asked, limits)
    }

    /// Takes the step on both sides, and compares all that a decision says of counters.
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Clock { millis } => self.set_clock(millis),
            Step::Wait { millis } => self.set_clock(self.now + millis),
            Step::Refund { which } => self.refund(which),
            Step::Call { tool, grant, cost } => {
                let decision = self.call(tool, grant, cost);
                self.expect(decision, tool, grant, cost);
            }
        }
    }

    fn expect(&mut self, mut decision: Decision, tool: usize, grant: usize, cost: u64) {
        let (asked, limits) = self.met(tool, grant, cost);
        let refused = asked.values().any(|asked| !asked.shadow && !asked.fits());
        let mut shown = decision.limits();
        let (mut named, mut shadowed) = (None, 0);
        for (place, (rule, key)) in limits.iter().enumerate() {
            let Asked { cost, counter, .. } = asked[key];
            let made = !refused && asked[key].fits();
            let shown = shown.next().expect("each limit is shown");
            let used = counter.used + if made { cost } else { 0 };
            assert_eq!(shown.used().as_whole(), Some(used), "{rule:?}");
            assert_eq!(shown.resets_at().as_millis(), counter.ends, "{rule:?}");
            let lacks_room = counter.used + cost > rule.max;
            shadowed += usize::from(rule.shadow && lacks_room);
            named = named.or((!rule.shadow && lacks_room).then_some(place));
        }
        drop(shown);
        let expected = if refused { Code::LimitExceeded } else { Code::Allowed };
        assert_eq!(decision.code(), expected, "{asked:?} at {}", self.now);
        let own = self.tools[tool].len();
        let pointer = named.map(|place| match place.checked_sub(own) {
            Some(place) => format!("/all_tools/limits/{place}"),
            None => format!("/tools/{tool}/limits/{place}"),
        });
        assert_eq!(decision.pointer(), pointer.unwrap_or_default());
        assert_eq!(decision.shadowed().count(), shadowed, "{asked:?}");

        let mut charged = Charged::new();
        for (key, asked) in asked.into_iter().filter(|(_, asked)| !refused && asked.fits()) {
            let Asked { cost, counter, .. } = asked;
            self.counters.insert(key, Counter { used: counter.used + cost, ..counter });
            charged.push((key, counter.ends, cost));
        }
        match decision.take_receipt() {
            None => assert!(charged.is_empty(), "what is charged has a receipt"),
            Some(receipt) => {
                assert_eq!(receipt.entries().len(), charged.len());
                self.receipts.push((receipt, charged));
            }
        }
    }

    fn refund(&mut self, which: usize) {
        if self.receipts.is_empty() {
            return;
        }
        let (receipt, charged) = self.receipts.swap_remove(which % self.receipts.len());
        self.engine.refund(receipt).unwrap();
        for (key, ends, cost) in charged {
            let counter = self.counters.get_mut(&key).expect("it was charged");
            if counter.ends == ends {
                counter.used -= cost;
            }
        }
    }
}

/// What a clock does.
#[derive(Clone, Copy, Debug)]
enum Clock {
    GoesForward,
    Jumps,
}

/// Up to three limits on counters that are all different, as one tool has them.
fn rules(counters: usize, most: usize) -> impl Strategy<Value = Vec<Rule>> {
    let rule = (0..counters, 0..5_u64, prop::bool::weighted(0.25), any::<bool>());
    prop::collection::vec(rule, 1..=most).prop_map(|rules| {
        let mut rules: Vec<Rule> = rules
            .into_iter()
            .map(|(counter, max, shadow, stated)| Rule { counter, max, shadow, stated })
            .collect();
        rules.sort_by_key(|rule| rule.counter);
        rules.dedup_by_key(|rule| rule.counter);
        rules
    })
}

fn steps(grants: usize, clock: Clock, many: usize) -> impl Strategy<Value = Vec<Step>> {
    let call =
        (0..4_usize, 0..grants, 0..4_u64).prop_map(|(tool, grant, cost)| Step::Call { tool, grant, cost });
    let refund = any::<usize>().prop_map(|which| Step::Refund { which });
    let wait = (0..1_500_u64).prop_map(|millis| Step::Wait { millis });
    let time = match clock {
        Clock::GoesForward => (0..70_000_u64).prop_map(|millis| Step::Wait { millis }).boxed(),
        Clock::Jumps => (0..180_000_u64).prop_map(|millis| Step::Clock { millis }).boxed(),
    };
    prop::collection::vec(prop_oneof![10 => call, 3 => refund, 1 => wait, 1 => time], 1..many)
}

/// Fails where `story` takes longer than it ever should: a store that never answers is wrong too.
fn within_a_minute(story: impl FnOnce() + Send + 'static) {
    let (told, hear) = mpsc::channel();
    let telling = thread::spawn(move || {
        story();
        told.send(()).expect("somebody listens");
    });
    match hear.recv_timeout(Duration::from_secs(60)) {
        Ok(()) => telling.join().unwrap(),
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a call has had no answer for a minute"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(telling.join().expect_err("it ended before it told"))
        }
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

#[test]
fn it_counts_like_the_reference() {
    within_a_minute(|| {
        let tools = prop::collection::vec(rules(4, 3), 4);
        proptest!(cases(256), |(
            tools in tools, everybodys in rules(4, 2), steps in steps(3, Clock::GoesForward, 120),
        )| {
            let mut world = World::new(tools, everybodys, 4_096);
            steps.iter().for_each(|step| world.step(step));
        });
    });
}

#[test]
fn one_counter_counts_like_the_reference_wherever_the_clock_jumps() {
    within_a_minute(|| {
        let tools = prop::collection::vec(rules(1, 1), 4);
        proptest!(cases(256), |(tools in tools, steps in steps(1, Clock::Jumps, 120))| {
            let mut world = World::new(tools, Vec::new(), 64);
            steps.iter().for_each(|step| world.step(step));
        });
    });
}

/// Room for 64 counters, and more callers than that. A counter is live from its first charge until its window has ended.
#[test]
fn where_room_is_scarce_newcomers_are_denied_exactly_while_every_place_counts() {
    within_a_minute(|| {
        let tools: Vec<Vec<Rule>> =
            (1..5).map(|max| vec![Rule { counter: 2, max, shadow: false, stated: false }]).collect();
        let calls = prop::collection::vec((0..4_usize, 0..90_usize, 0..500_u64), 50..400);
        proptest!(cases(64), |(calls in calls)| {
            let mut world = World::new(tools.clone(), Vec::new(), 64);
            for (tool, grant, wait) in calls {
                world.set_clock(world.now + wait);
                let live = |counter: &Counter| counter.ends > world.now;
                let others = world.counters.values().filter(|counter| live(counter)).count();
                let known = world.counters.get(&(grant, 2)).is_some_and(live);
                let decision = world.call(tool, grant, 1);
                if !known && others >= 64 {
                    assert_eq!(decision.code(), Code::CountersFull);
                } else {
                    world.expect(decision, tool, grant, 1);
                }
            }
        });
    });
}

/// What the counters of one caller hold, by the end of the window: charged, and not taken back while it lasted.
type Held = HashMap<(Key, u64), u64>;

/// With few places, many callers and a clock that jumps, the store may forget. It may never admit more than `max` in a
/// window for that, nor count in a window that begins before one in which it has counted.
#[test]
fn whatever_is_forgotten_no_window_is_overfilled_and_none_comes_back() {
    within_a_minute(|| {
        proptest!(cases(128), |(steps in steps(80, Clock::Jumps, 400), max in 1..4_u64)| {
            // Each counter has one maximum. Calls that cost nothing, or more than that, are among them.
            let rule = |counter, stated| Rule { counter, max, shadow: false, stated };
            let tools = vec![vec![rule(2, true)], vec![rule(2, true), rule(0, false)], vec![rule(3, true)], vec![rule(2, true)]];
            let mut world = World::new(tools, Vec::new(), 64);
            let mut held = Held::new();
            for step in &steps {
                match *step {
                    Step::Call { tool, grant, cost } => admit(&mut world, &mut held, tool, grant, cost, max),
                    Step::Refund { which } if !world.receipts.is_empty() => {
                        let (receipt, charged) = world.receipts.swap_remove(which % world.receipts.len());
                        world.engine.refund(receipt).unwrap();
                        for (key, ends, cost) in charged {
                            take_back(&mut held, key, ends, cost);
                        }
                    }
                    Step::Refund { .. } => {}
                    Step::Clock { millis } => world.set_clock(millis),
                    Step::Wait { millis } => world.set_clock(world.now + millis),
                }
            }
        });
    });
}

fn admit(world: &mut World, held: &mut Held, tool: usize, grant: usize, cost: u64, max: u64) {
    let mut decision = world.call(tool, grant, cost);
    if !decision.is_allowed() {
        assert!(matches!(decision.code(), Code::LimitExceeded | Code::CountersFull));
        return;
    }
    let rules = world.tools[tool].clone();
    let mut charged = Charged::new();
    for (rule, limit) in rules.iter().zip(decision.limits()) {
        let (key, ends) = ((grant, rule.counter), limit.resets_at().as_millis());
        let cost = if rule.stated { cost } else { 1 };
        if cost == 0 {
            continue;
        }
        let newest = newest(held, key);
        assert!(newest.is_none_or(|newest| ends >= newest), "{key:?}: {ends} after {newest:?}");
        let used = held.entry((key, ends)).or_default();
        *used += cost;
        assert!(*used <= max, "{key:?} holds {used} of {max} in the window that ends at {ends}");
        charged.push((key, ends, cost));
    }
    if let Some(receipt) = decision.take_receipt() {
        world.receipts.push((receipt, charged));
    }
}

/// The end of the newest window in which a counter holds something.
fn newest(held: &Held, key: Key) -> Option<u64> {
    let holding = held.iter().filter(|((other, _), used)| *other == key && **used > 0);
    holding.map(|((_, ends), _)| *ends).max()
}

/// Only the newest window of a counter can still be refunded; of an older one the charge stands.
fn take_back(held: &mut Held, key: Key, ends: u64, cost: u64) {
    if newest(held, key) == Some(ends) {
        *held.get_mut(&(key, ends)).expect("it was charged") -= cost;
    }
}
