//! What is counted, and how it is written.

use ember::{CallError, LocalCalls, prelude::*, registry::InProcess, telemetry::Telemetry};
use ember_tests::wait::eventually;

use crate::{Bank, BankClient, openmetrics::Figures};

fn of(node: &Node) -> Figures {
    Figures::read(&node.metrics())
}

const PAY: [(&str, &str); 2] = [("service", "bank"), ("method", "rpc_pay")];

fn with<'a>(labels: [(&'a str, &'a str); 2], label: &'a str, value: &'a str) -> [(&'a str, &'a str); 3] {
    [labels[0], labels[1], (label, value)]
}

#[tokio::test]
async fn handlers_are_counted_by_how_they_end() {
    let node = Node::builder().telemetry(Telemetry::default()).service_with(Bank::default).start().await.unwrap();
    let bank = node.client::<BankClient>();
    for sum in [5, 0, 7] {
        let _ = bank.rpc_pay(sum).await;
    }
    assert_eq!(bank.rpc_later().await.unwrap(), 1);
    let waits = tokio::spawn(bank.rpc_wait());
    let in_flight = async || (of(&node).sum("ember_handlers_in_flight", &[]) == 1.0).then_some(());
    eventually("a handler that waits", in_flight).await;
    waits.abort();
    let figures = eventually("the end of the handler whose caller has gone", async || {
        let figures = of(&node);
        (figures.sum("ember_handlers_ended_total", &[("method", "rpc_wait"), ("outcome", "dropped")]) == 1.0)
            .then_some(figures)
    })
    .await;
    assert!(bank.rpc_panic().await.is_err());
    let panicked = of(&node).sum("ember_handlers_ended_total", &[("method", "rpc_panic"), ("outcome", "panicked")]);
    let ended = |method, outcome| {
        figures.sum("ember_handlers_ended_total", &[("service", "bank"), ("method", method), ("outcome", outcome)])
    };
    assert_eq!((ended("rpc_pay", "value"), ended("rpc_pay", "app_error")), (2.0, 1.0));
    assert_eq!((ended("rpc_later", "later"), panicked), (1.0, 1.0));
    assert_eq!(figures.sum("ember_handlers_begun_total", &PAY), 3.0);
    assert_eq!(figures.sum("ember_handlers_in_flight", &[]), 0.0);
    let timed = figures.sum("ember_handler_seconds_count", &PAY);
    assert!((1.0..=2.0).contains(&timed), "the first of each way: {timed}");
    assert_eq!(figures.sum("ember_services", &[("service", "bank"), ("state", "running")]), 1.0);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_run_on_the_spot_is_told_from_what_waited() {
    for (calls, spot, mailbox) in [(LocalCalls::Short, 9.0, 0.0), (LocalCalls::Queued, 0.0, 9.0)] {
        let builder = Node::builder().telemetry(Telemetry::default()).local_calls(calls).service(Bank);
        let node = builder.start().await.unwrap();
        for _ in 0..9 {
            node.client::<BankClient>().rpc_pay(1).await.unwrap();
        }
        let figures = of(&node);
        let begun = |way| figures.sum("ember_handlers_begun_total", &with(PAY, "way", way));
        assert_eq!((begun("spot"), begun("mailbox")), (spot, mailbox), "{calls:?}");
        node.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn two_nodes_of_one_process_keep_theirs_apart_and_failures_are_their_callers() {
    let registry = InProcess::default();
    let start = |name: &str| Node::builder().name(name).registry(registry.clone()).telemetry(Telemetry::default());
    let here = start("here").service(Bank).start().await.unwrap();
    let there = start("there").start().await.unwrap();
    there.wait_for_view(|view| view.instances().len() == 1).await;
    let bank = there.client::<BankClient>();
    for _ in 0..3 {
        bank.rpc_pay(1).await.unwrap();
    }
    assert!(matches!(bank.rpc_panic().await, Err(CallError::MaybeExecuted(_))));
    assert!(matches!(bank.rpc_pay(1).timeout(std::time::Duration::ZERO).await, Err(CallError::NotExecuted(_))));

    let (at_callee, at_caller) = (of(&here), of(&there));
    assert_eq!(at_callee.sum("ember_handlers_begun_total", &PAY), 3.0);
    assert_eq!(at_caller.sum("ember_handlers_begun_total", &[]), 0.0, "none of its services has a handler");
    let failed = |figures: &Figures, class, reason| {
        figures.sum("ember_calls_failed_total", &[("service", "bank"), ("class", class), ("reason", reason)])
    };
    assert_eq!(failed(&at_caller, "maybe_executed", "Panicked"), 1.0);
    assert_eq!(failed(&at_caller, "not_executed", "Expired"), 1.0);
    assert_eq!(at_callee.sum("ember_calls_failed_total", &[]), 0.0);
    for figures in [&at_callee, &at_caller] {
        assert_eq!((figures.sum("ember_view_nodes", &[]), figures.sum("ember_links", &[])), (2.0, 1.0));
        assert_eq!(figures.sum("ember_registry_up", &[]), 1.0);
        assert!(figures.sum("ember_lease_seconds", &[]) > 0.0);
    }
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn without_telemetry_nothing_is_counted_of_handlers_and_the_rest_is_there() {
    let node = Node::builder().service(Bank).start().await.unwrap();
    node.client::<BankClient>().rpc_pay(1).await.unwrap();
    let figures = of(&node);
    assert!(!figures.has("ember_handlers_begun_total") && !figures.has("ember_calls_failed_total"));
    assert_eq!(figures.sum("ember_services", &[("service", "bank")]), 1.0);
    #[cfg(target_os = "linux")]
    assert!(figures.sum("process_resident_memory_bytes", &[]) > 1e6);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn names_with_quotes_and_backslashes_are_escaped() {
    let name = r#"the "best" \ node"#;
    let node = Node::builder().name(name).start().await.unwrap();
    let text = node.metrics();
    Figures::read(&text);
    assert!(text.contains(r#"name="the \"best\" \\ node""#), "{text}");
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_call_by_name_that_fails_counts_once() {
    let node = Node::builder().telemetry(Telemetry::default()).service(Bank).start().await.unwrap();
    let nobody = node.call("nobody", "rpc_pay", ember::serde_json::json!([1])).await;
    assert!(matches!(nobody, Err(CallError::NotExecuted(_))));
    let panicked = node.call("bank", "rpc_panic", ember::serde_json::json!([])).await;
    assert!(matches!(panicked, Err(CallError::MaybeExecuted(_))));
    node.call("bank", "rpc_pay", ember::serde_json::json!([1])).await.unwrap();
    let figures = of(&node);
    assert_eq!(figures.sum("ember_calls_failed_total", &[("service", "nobody"), ("reason", "NoTarget")]), 1.0);
    assert_eq!(figures.sum("ember_calls_failed_total", &[("service", "bank"), ("reason", "Panicked")]), 1.0);
    assert_eq!(figures.sum("ember_calls_failed_total", &[]), 2.0);
    node.shutdown().await.unwrap();
}

/// Four shards, by key.
#[service(name = "vaults", sharded, shards = 4, workers = 2)]
#[derive(Default)]
pub(crate) struct Vaults;

#[rpc]
impl Vaults {
    #[rpc(key = "number")]
    pub(crate) async fn rpc_open(&mut self, number: u64) -> u64 {
        number
    }
}

#[tokio::test]
async fn a_sharded_service_is_one_and_the_calls_of_all_its_shards_are_counted() {
    let node = Node::builder().telemetry(Telemetry::default()).service_with(Vaults::default).start().await.unwrap();
    for number in 0..20 {
        node.client::<VaultsClient>().rpc_open(number).await.unwrap();
    }
    let figures = of(&node);
    let of_it = [("service", "vaults")];
    assert_eq!(figures.sum("ember_services", &of_it), 1.0);
    assert_eq!(figures.sum("ember_handlers_begun_total", &of_it), 20.0);
    assert_eq!(figures.sum("ember_workers", &of_it), 2.0);
    assert_eq!(
        (figures.sum("ember_mailbox_messages", &of_it), figures.sum("ember_handlers_running", &of_it)),
        (0.0, 0.0)
    );
    node.shutdown().await.unwrap();
}
