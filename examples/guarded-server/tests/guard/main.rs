//! What an agent meets when it uses the guarded server, told through rmcp's own client. Here: over an in-memory
//! transport; `http` and `binary` tell of the other ways in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod approval;
mod binary;
mod http;
mod readme;
mod world;

use std::sync::Arc;
use std::time::Duration;

use policy_core::{Clock, Engine, PolicySet, Timestamp};
use rmcp::model::CacheScope;
use serde_json::json;
use tokio::sync::Notify;

use world::{Answer, World, ask, call, policies, tool_names};

#[tokio::test]
async fn an_allowed_call_runs() {
    let world = World::new();
    let alice = world.connect("alice").await;

    let answer = call(&alice, "start-pod", json!({ "name": "a", "gpuCount": 2 })).await;

    assert_eq!(answer, Answer::Done("Started; 14 GPUs are left".into()));
    assert_eq!(world.cloud.state().await.free_gpus, 14);
}

#[tokio::test]
async fn a_hidden_tool_is_neither_listed_nor_callable() {
    let world = World::new();
    let alice = world.connect("alice").await;
    call(&alice, "start-pod", json!({ "name": "a", "gpuCount": 1 })).await;

    assert_eq!(tool_names(&alice).await, ["list-pods", "refund", "start-pod"]);
    let answer = call(&alice, "delete-pod", json!({ "name": "a" })).await;

    assert_eq!(answer, Answer::denied("Tool \"delete-pod\" is hidden by policy"));
    assert_eq!(world.cloud.state().await.pods.len(), 1);
}

#[tokio::test]
async fn a_tool_that_no_policy_names_is_denied_before_the_server_is_asked_for_it() {
    let world = World::new();
    let alice = world.connect("alice").await;

    let answer = call(&alice, "format-disks", json!({})).await;

    assert_eq!(answer, Answer::denied("Tool \"format-disks\" is not permitted by policy"));
}

#[tokio::test]
async fn an_amount_that_is_too_high_is_refused_in_words_and_the_tool_does_not_run() {
    let world = World::new();
    let alice = world.connect("alice").await;

    let answer = call(&alice, "refund", json!({ "amount": 100.01, "reason": "broken" })).await;

    assert_eq!(answer, Answer::denied("A refund of more than 100 is for a person to make."));
    assert!(world.cloud.state().await.refunds.is_empty());
}

#[tokio::test]
async fn an_amount_in_quotes_does_not_slip_under_the_rule() {
    let world = World::new();
    let alice = world.connect("alice").await;

    let answer = call(&alice, "refund", json!({ "amount": "5000", "reason": "broken" })).await;

    assert_eq!(answer, Answer::denied("Argument args.amount must be a number"));
}

#[tokio::test]
async fn the_sixth_call_in_a_minute_has_to_wait_for_the_next() {
    let world = World::new();
    let alice = world.connect("alice").await;
    let start = json!({ "gpuCount": 1 });
    for _ in 0..5 {
        assert!(call(&alice, "start-pod", start.clone()).await.is_done());
    }

    world.clock.advance(Duration::from_secs(45));
    let answer = call(&alice, "start-pod", start.clone()).await;
    assert_eq!(answer, Answer::denied("Limit \"starts\" allows 5 per minute; try again in 15 s"));
    assert_eq!(world.cloud.state().await.pods.len(), 5);

    world.clock.advance(Duration::from_secs(15));
    assert!(call(&alice, "start-pod", start).await.is_done());
}

#[tokio::test]
async fn a_budget_is_spent_by_amounts_not_by_calls() {
    let world = World::new();
    let alice = world.connect("alice").await;
    let refund = |amount| json!({ "amount": amount, "reason": "broken" });
    assert!(call(&alice, "refund", refund(99.5)).await.is_done());
    assert!(call(&alice, "refund", refund(100.0)).await.is_done());

    assert!(call(&alice, "refund", refund(50.51)).await.is_denied());
    assert!(call(&alice, "refund", refund(50.5)).await.is_done());

    assert!(call(&alice, "refund", refund(0.01)).await.is_denied());
    assert_eq!(world.cloud.state().await.refunds, [99.5, 100.0, 50.5]);
}

#[tokio::test]
async fn a_call_that_fails_with_a_json_rpc_error_costs_nothing() {
    let world = World::new();
    let alice = world.connect("alice").await;
    let start = json!({ "gpuCount": 1 });

    world.cloud.state().await.online = false;
    for _ in 0..20 {
        let answer = call(&alice, "start-pod", start.clone()).await;
        assert_eq!(answer, Answer::RpcError("the cloud does not answer".into()));
    }

    world.cloud.state().await.online = true;
    for _ in 0..5 {
        assert!(call(&alice, "start-pod", start.clone()).await.is_done());
    }
    assert!(call(&alice, "start-pod", start).await.is_denied());
}

#[tokio::test]
async fn a_call_that_ran_and_failed_has_used_its_quota() {
    let world = World::new();
    let alice = world.connect("alice").await;
    world.cloud.state().await.free_gpus = 0;
    for _ in 0..5 {
        let answer = call(&alice, "start-pod", json!({ "gpuCount": 4 })).await;
        assert_eq!(answer, Answer::Failed("Only 0 GPUs are left".into()));
    }

    assert!(call(&alice, "start-pod", json!({ "gpuCount": 4 })).await.is_denied());
}

#[tokio::test]
async fn two_clients_with_different_grants_are_counted_apart() {
    let world = World::new();
    let (alice, bob) = (world.connect("alice").await, world.connect("bob").await);
    let start = json!({ "gpuCount": 1 });
    for _ in 0..5 {
        assert!(call(&alice, "start-pod", start.clone()).await.is_done());
    }

    assert!(call(&alice, "start-pod", start.clone()).await.is_denied());
    assert!(call(&bob, "start-pod", start.clone()).await.is_done());

    let alice_again = world.connect("alice").await;
    assert!(call(&alice_again, "start-pod", start).await.is_denied(), "a new connection is no new quota");
}

#[tokio::test]
async fn arguments_that_are_left_out_read_as_an_empty_object() {
    let world = World::new();
    let alice = world.connect("alice").await;

    assert_eq!(ask(&alice, "list-pods", None).await, Answer::Done(String::new()));
    let answer = ask(&alice, "start-pod", None).await;

    assert_eq!(answer, Answer::denied("Say how many GPUs the pod needs, in gpuCount."));
}

#[tokio::test]
async fn a_revoked_grant_is_refused_on_the_connection_it_has() {
    let world = World::new();
    let alice = world.connect("alice").await;
    assert!(call(&alice, "list-pods", json!({})).await.is_done());

    world.engine.revoke("alice");

    let answer = call(&alice, "list-pods", json!({})).await;
    assert_eq!(answer, Answer::denied("This grant has been revoked"));
    assert!(tool_names(&alice).await.is_empty());
}

#[tokio::test]
async fn a_list_made_for_one_caller_is_not_for_everybodys_cache() {
    let world = World::new();
    let alice = world.connect_with_discovery("alice").await;

    let listed = alice.list_tools(None).await.unwrap();

    assert_eq!(listed.cache_scope, Some(CacheScope::Private));
}

/// A clock that tells when it is asked: the engine asks it once for each call that it lets through to a limit.
#[derive(Default)]
struct Bell(Notify);

impl Clock for Bell {
    fn now(&self) -> Timestamp {
        self.0.notify_one();
        Timestamp::default()
    }
}

#[tokio::test]
async fn a_call_in_flight_ends_under_the_policy_it_began_under() {
    let bell = Arc::new(Bell::default());
    let world = World::with_engine(Engine::builder(policies()).clock(Arc::clone(&bell)).build());
    let alice = Arc::new(world.connect("alice").await);

    let held = world.cloud.state().await;
    let caller = Arc::clone(&alice);
    let mut in_flight =
        tokio::spawn(async move { call(&caller, "start-pod", json!({ "gpuCount": 1 })).await });
    tokio::select! {
        () = bell.0.notified() => {}
        answer = &mut in_flight => panic!("not let through: {answer:?}"),
    }
    world.engine.replace_policies(PolicySet::empty());
    drop(held);

    assert!(in_flight.await.unwrap().is_done());
    let answer = call(&alice, "start-pod", json!({ "gpuCount": 1 })).await;
    assert_eq!(answer, Answer::denied("No policy applies to this caller"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_race_a_policy_swap_are_decided_by_one_policy_or_the_other() {
    let world = World::new();
    let callers = (0..8).map(|caller| {
        let world = world.clone();
        tokio::spawn(async move {
            let client = world.connect(&format!("caller-{caller}")).await;
            let mut refunds = 0;
            for _ in 0..100 {
                match call(&client, "refund", json!({ "amount": 0.25, "reason": "race" })).await {
                    Answer::Done(_) => refunds += 1,
                    answer => assert_eq!(answer, Answer::denied("No policy applies to this caller")),
                }
            }
            refunds
        })
    });
    let callers: Vec<_> = callers.collect();
    let permissive = policies();
    while !callers.iter().all(tokio::task::JoinHandle::is_finished) {
        world.engine.replace_policies(PolicySet::empty());
        tokio::task::yield_now().await;
        world.engine.replace_policies(permissive.clone());
        tokio::task::yield_now().await;
    }

    let mut refunds = 0;
    for caller in callers {
        refunds += caller.await.unwrap();
    }
    assert_eq!(world.cloud.state().await.refunds.len(), refunds, "what was allowed ran, and nothing else");
    let caller = world.connect("caller-0").await;
    assert!(call(&caller, "refund", json!({ "amount": 0.25, "reason": "after" })).await.is_done());
}
