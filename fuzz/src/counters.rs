//! What every counter holds, kept the simple way: a map from counter and window to the sum of what was charged. Says what
//! the limits of a call come to, and checks what the engine says against it.

use std::collections::HashMap;

use policy_core::arguments::{Json, Kind};
use policy_core::{Code, Decision, Identity, Limit, LimitStatus, Mode, Scope, Step};

/// Whose calls are counted together: the parts of an identity that the scope looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Everybody,
    Server(Option<String>),
    Grant(Option<String>, String),
    Session(Option<String>, String, String),
}

impl Owner {
    fn of(scope: Scope, identity: &Identity) -> Self {
        let server = identity.server().map(ToOwned::to_owned);
        let grant = identity.grant().to_owned();
        match (scope, identity.session()) {
            (Scope::Global, _) => Self::Everybody,
            (Scope::Server, _) => Self::Server(server),
            (Scope::Session, Some(session)) => Self::Session(server, grant, session.to_owned()),
            (Scope::Session, None) | (Scope::Grant, _) => Self::Grant(server, grant),
        }
    }
}

/// A counter: whose, its name, the length of its window in seconds.
type Counter = (Owner, String, u32);

/// A counter in one window, named by when that ends, in milliseconds.
type Window = (Counter, u64);

/// A charge that was made.
#[derive(Debug)]
pub(crate) struct Made {
    window: Window,
    cost: u64,
}

impl Made {
    /// When its window ends, in milliseconds, and how many millionths it is.
    pub(crate) const fn entry(&self) -> (u64, u64) {
        let (_, ends) = &self.window;
        (*ends, self.cost)
    }
}

/// A limit that applies to a call, and its pointer.
pub(crate) type Applying = (Limit, String);

/// What a call is to be charged on one counter.
#[derive(Debug)]
struct Charge {
    counter: Counter,
    cost: u64,
    capacity: u64,
    mode: Mode,
}

/// What a call is expected to come to.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) code: Code,
    pub(crate) pointer: String,
    pub(crate) shadowed: Vec<(Code, String)>,
    pub(crate) made: Vec<Made>,
    /// In milliseconds.
    pub(crate) retry_after: Option<u64>,
}

impl Expected {
    /// A call that no counter is charged for.
    pub(crate) const fn uncharged(code: Code, pointer: String, shadowed: Vec<(Code, String)>) -> Self {
        Self { code, pointer, shadowed, made: Vec::new(), retry_after: None }
    }
}

/// What is known of the clock and the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances {
    /// Milliseconds since the epoch.
    pub(crate) now: u64,
    /// Whether the clock was ever set back.
    pub(crate) stepped_back: bool,
    /// Whether the store has so little room that it can be full.
    pub(crate) is_small: bool,
}

/// The sums that were charged.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    used: HashMap<Window, u64>,
}

impl Counters {
    /// Forgets a charge that was taken back.
    pub(crate) fn refund(&mut self, made: &[Made]) {
        for Made { window, cost } in made {
            let used = self.used.get_mut(window).expect("what was charged has been noted");
            *used = used.checked_sub(*cost).expect("no more is taken back than was charged");
        }
    }

    /// What the limits of a call come to whose arguments and groups have let it pass. Goes by the windows that the
    /// decision tells, and checks all else that it tells of counters.
    pub(crate) fn decide(
        &mut self,
        limits: &[Applying],
        identity: &Identity,
        root: Option<Json<'_>>,
        decision: &Decision,
        circumstances: Circumstances,
    ) -> Expected {
        let mut expected = Expected::uncharged(Code::Allowed, String::new(), Vec::new());
        // The limits that have a cost, each with its charge's place.
        let mut counted = Vec::new();
        let mut charges: Vec<Charge> = Vec::new();
        for (limit, pointer) in limits {
            match cost(limit, root) {
                Some(cost) => {
                    let counter =
                        (Owner::of(limit.scope, identity), limit.counter.to_string(), limit.window.seconds());
                    let charge = Charge { counter, cost, capacity: limit.max.micros(), mode: limit.mode };
                    counted.push((limit, pointer, add(&mut charges, charge)));
                }
                None if limit.mode == Mode::Enforce => {
                    assert_eq!(decision.limits().count(), 0, "no counter was looked at");
                    return Expected { code: Code::InvalidCost, pointer: pointer.clone(), ..expected };
                }
                None => expected.shadowed.push((Code::InvalidCost, pointer.clone())),
            }
        }
        if decision.code() == Code::CountersFull {
            assert!(circumstances.is_small, "there is room");
            assert_eq!(decision.limits().count(), 0, "no counter was looked at");
            let enforced = counted.iter().find(|(limit, ..)| limit.mode == Mode::Enforce);
            let (_, pointer, _) = enforced.expect("an enforced limit denies");
            let shadows = counted.iter().take_while(|(limit, ..)| limit.mode == Mode::Shadow);
            expected.shadowed.extend(shadows.map(|(_, pointer, _)| (Code::CountersFull, (*pointer).clone())));
            return Expected { code: Code::CountersFull, pointer: (*pointer).clone(), ..expected };
        }

        let statuses: Vec<LimitStatus<'_>> = decision.limits().collect();
        assert_eq!(statuses.len(), counted.len(), "each limit that has a cost is told of");
        for (status, (limit, ..)) in statuses.iter().zip(&counted) {
            check_status(status, limit, circumstances);
        }
        // What each charge's counter held before, by the window that the decision tells.
        let standing: Vec<(Window, u64, u64)> = (0..charges.len())
            .map(|place| {
                let mut told = statuses.iter().zip(&counted).filter(|(_, (.., charge))| *charge == place);
                let (first, _) = told.next().expect("each charge is some limit's");
                let alike = |status: &LimitStatus<'_>| {
                    status.used() == first.used() && status.resets_at() == first.resets_at()
                };
                assert!(told.all(|(status, _)| alike(status)), "one counter stands in one way");
                let window = (charges[place].counter.clone(), first.resets_at().as_millis());
                let before = self.used.get(&window).copied().unwrap_or_default();
                (window, before, first.used().micros())
            })
            .collect();
        let fits = |charge: &Charge, before: u64, most: u64| {
            before.checked_add(charge.cost).is_some_and(|used| used <= most)
        };
        let refused = charges.iter().zip(&standing).any(|(charge, (_, before, _))| {
            charge.mode == Mode::Enforce && !fits(charge, *before, charge.capacity)
        });

        let mut is_made = Vec::new();
        for (charge, (window, before, told)) in charges.iter().zip(standing.iter().cloned()) {
            let mut made = !refused && fits(charge, before, charge.capacity);
            let sum = if made { before + charge.cost } else { before };
            if told != sum && circumstances.is_small && charge.mode == Mode::Shadow {
                // There is no room for the counter; for a limit that does not decide it then counts as used up.
                assert_eq!(told, charge.capacity);
                made = false;
            } else {
                assert_eq!(told, sum, "what is used is what was charged: {window:?}, made: {made}");
            }
            if made {
                assert!(told <= charge.capacity, "a counter holds no more than its limit admits");
                self.used.insert(window.clone(), told);
                expected.made.push(Made { window, cost: charge.cost });
            }
            is_made.push((made, told));
        }

        for (status, (limit, pointer, place)) in statuses.iter().zip(&counted) {
            let (charge, (made, told)) = (&charges[*place], is_made[*place]);
            let lacks_room =
                if made { told > limit.max.micros() } else { !fits(charge, told, limit.max.micros()) };
            match limit.mode {
                Mode::Shadow if lacks_room => {
                    expected.shadowed.push((Code::LimitExceeded, (*pointer).clone()));
                }
                Mode::Enforce if lacks_room && expected.code == Code::Allowed => {
                    expected.code = Code::LimitExceeded;
                    expected.pointer.clone_from(pointer);
                    let wait = status.resets_at().as_millis() - circumstances.now;
                    expected.retry_after = (charge.cost <= limit.max.micros()).then_some(wait);
                }
                _ => {}
            }
        }
        assert_eq!(expected.code == Code::LimitExceeded, refused, "what is refused is refused by a limit");
        expected
    }
}

/// Adds a charge to those on other counters, or joins it to the one on its own. Says where it is.
fn add(charges: &mut Vec<Charge>, charge: Charge) -> usize {
    let Some(place) = charges.iter().position(|known| known.counter == charge.counter) else {
        charges.push(charge);
        return charges.len() - 1;
    };
    let known = &mut charges[place];
    match (known.mode, charge.mode) {
        (Mode::Enforce, Mode::Shadow) => {}
        (Mode::Shadow, Mode::Enforce) => *known = charge,
        _ => {
            known.cost = known.cost.max(charge.cost);
            known.capacity = known.capacity.min(charge.capacity);
        }
    }
    place
}

/// In millionths; `None` where the arguments do not say it.
fn cost(limit: &Limit, root: Option<Json<'_>>) -> Option<u64> {
    let Some(path) = &limit.increment_from else { return Some(1_000_000) };
    let argument = path.steps().fold(root, |value, step| match (value?, step) {
        (list, Step::Element(index) | Step::NameOrElement(_, index)) if list.kind() == Kind::Array => {
            list.elements().nth(index)
        }
        (value, Step::Name(name) | Step::NameOrElement(name, _)) => value.get(name),
        _ => None,
    })?;
    if argument.kind() == Kind::Number { crate::amount::micros(argument.as_number()?) } else { None }
}

/// What a decision tells of a limit, but for how much is used.
fn check_status(status: &LimitStatus<'_>, limit: &Limit, circumstances: Circumstances) {
    assert_eq!(status.counter(), &*limit.counter);
    assert_eq!((status.scope(), status.window()), (limit.scope, limit.window));
    assert_eq!((status.max(), status.mode()), (limit.max, limit.mode));
    let left = limit.max.micros().saturating_sub(status.used().micros());
    assert_eq!(status.remaining().micros(), left);

    let (now, ends) = (circumstances.now, status.resets_at().as_millis());
    let length = u64::from(limit.window.seconds()) * 1_000;
    assert!(ends > now, "the window has not ended");
    assert_eq!(ends % length, 0, "windows are aligned to the epoch");
    if !circumstances.stepped_back {
        assert_eq!(ends - length, now - now % length, "the window is the one that the clock is in");
    }
}
