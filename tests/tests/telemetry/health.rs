//! Whether a node says that it is well when it is, and what is wrong when it is not.

use std::{sync::mpsc, time::Duration};

use ember::{
    prelude::*,
    telemetry::{Health, State, Telemetry},
};
use ember_tests::{
    gate::Gate,
    wait::{eventually, within},
};

use crate::{Bank, http::get};

/// Starts when it is let.
#[service(name = "slow")]
pub(crate) struct Slow(Gate);

#[rpc]
impl Slow {
    #[on(init)]
    async fn init(&mut self) -> ember::Result<()> {
        self.0.pass().await;
        Ok(())
    }

    /// Keeps its thread until it is told.
    pub(crate) async fn api_block(&mut self, until: Until) {
        let _ = until.0.recv();
    }
}

pub(crate) struct Until(mpsc::Receiver<()>);

fn state(health: &Health, name: &str) -> State {
    health.checks().iter().find(|check| check.name == name).expect("it was looked at").state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_ready_when_its_services_have_started_and_until_it_retires() {
    // Where it listens is not known before it has started.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let gate = Gate::default();
    let builder =
        Node::builder().telemetry(Telemetry::default().listen(address.to_string())).service(Slow(gate.clone()));
    let starting = tokio::spawn(builder.start());
    let answer = eventually("an answer", async || {
        tokio::net::TcpStream::connect(address).await.ok()?;
        Some(get(address, "/readyz").await)
    })
    .await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.body.contains("it starts"), "{}", answer.body);
    assert_eq!(get(address, "/healthz").await.status, 200, "it lives");

    gate.open();
    let node = within("the start", starting).await.unwrap().unwrap();
    assert_eq!(get(address, "/readyz").await.status, 200);
    assert!(node.health().await.is_ready());

    node.retire().await;
    let answer = get(address, "/readyz").await;
    assert!(answer.status == 503 && answer.body.contains("it retires"), "{}", answer.body);
    assert_eq!(get(address, "/healthz").await.status, 200);

    node.shutdown().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert!(!node.health().await.is_ready());
}

#[test]
fn a_node_whose_threads_are_all_held_up_says_so() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let gate = Gate::default();
    gate.open();
    let builder = Node::builder().telemetry(Telemetry::default().listen("127.0.0.1:0")).service(Slow(gate));
    let node = runtime.block_on(builder.start()).unwrap();
    let address = node.telemetry_address().unwrap();
    let (go_on, until) = mpsc::channel();
    let blocks = node.local::<Slow>().api_block(Until(until));
    let blocked = runtime.spawn(async move { blocks.timeout(Duration::from_secs(60)).await });

    let outside = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = outside.block_on(eventually("a node that does not get on", async || {
        let answer = get(address, "/readyz").await;
        (answer.status == 503).then_some(answer)
    }));
    assert!(answer.body.contains("handlers block all its threads"), "{}", answer.body);
    assert_eq!(outside.block_on(get(address, "/metrics")).status, 200, "who hangs is seen all the same");
    go_on.send(()).unwrap();
    runtime.block_on(blocked).unwrap().unwrap();
    outside.block_on(eventually("a node that gets on again", async || {
        (get(address, "/readyz").await.status == 200).then_some(())
    }));
    runtime.block_on(node.shutdown()).unwrap();
}

#[tokio::test]
async fn a_service_that_has_failed_is_named_and_the_node_goes_on() {
    let hosted = Hosted::with(Bank::default).budget(0, Duration::ZERO);
    let node = Node::builder().service(hosted).start().await.unwrap();
    assert_eq!(state(&node.health().await, "services"), State::Well);
    let _ = node.client::<crate::BankClient>().rpc_panic().await;
    let health = eventually("a service that has failed", async || {
        let health = node.health().await;
        (state(&health, "services") == State::Degraded).then_some(health)
    })
    .await;
    let why = &health.checks().iter().find(|check| check.name == "services").unwrap().why;
    assert!(why.contains("`bank`") && health.is_ready(), "{why}");
    node.shutdown().await.unwrap();
}
