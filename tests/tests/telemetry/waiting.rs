//! Which handlers wait: where something hangs, this is what says it.

use std::time::Duration;

use ember::{prelude::*, registry::InProcess, telemetry::Telemetry};
use ember_tests::{gate::Gate, wait::eventually};

use crate::{Bank, BankClient, http::get, openmetrics::Figures};

/// Waits at a door.
#[service(name = "porter")]
pub(crate) struct Porter(Gate);

#[rpc]
impl Porter {
    pub(crate) async fn rpc_pass(&mut self) {
        self.0.pass().await;
    }
}

/// Waits for the porter.
#[service(name = "guest")]
pub(crate) struct Guest(PorterClient);

#[rpc]
impl Guest {
    pub(crate) async fn rpc_visit(&mut self) {
        let _ = self.0.rpc_pass().timeout(Duration::from_secs(60)).await;
    }

    #[on(event)]
    async fn bell(&mut self, _: &Bell) {
        let _ = self.0.rpc_pass().timeout(Duration::from_secs(60)).await;
    }
}

pub(crate) struct Bell;

/// Several at once, each at the same door.
#[service(name = "hall", concurrent, workers = 4)]
pub(crate) struct Hall(Gate);

#[rpc]
impl Hall {
    pub(crate) async fn rpc_pass(&self) {
        self.0.pass().await;
    }
}

fn builder(name: &str) -> NodeBuilder {
    Node::builder().name(name).telemetry(Telemetry::default().listen("127.0.0.1:0"))
}

#[tokio::test]
async fn a_handler_that_hangs_is_named_with_who_waits_for_it_across_nodes() {
    let (registry, gate) = (InProcess::default(), Gate::default());
    let there = builder("there").registry(registry.clone()).service(Porter(gate.clone())).start().await.unwrap();
    let here = builder("here").registry(registry).start().await.unwrap();
    here.wait_for_view(|view| view.instances().len() == 1).await;
    let guest = here.spawn(Guest(here.client::<PorterClient>())).await.unwrap();
    let client = here.select::<GuestClient>().pid(guest).client();
    let visit = tokio::spawn(async move { client.rpc_visit().timeout(Duration::from_secs(60)).await });
    gate.reached().await;

    let waits = eventually("handlers that wait on both nodes", async || {
        let (at_guest, at_porter) = (here.waiting_handlers(), there.waiting_handlers());
        (at_guest.len() == 1 && at_porter.len() == 1).then(|| [at_guest[0].clone(), at_porter[0].clone()])
    })
    .await;
    let [at_guest, at_porter] = &waits;
    assert_eq!((&*at_guest.service, &*at_guest.method, at_guest.pid), ("guest", "rpc_visit", guest));
    assert_eq!((at_guest.caller_node, at_guest.caller), (Some(here.key()), None), "made outside of handlers");
    assert_eq!((&*at_porter.service, &*at_porter.method), ("porter", "rpc_pass"));
    assert_eq!(at_porter.caller, Some(guest), "who waits for it");
    assert_eq!((at_guest.callee, at_porter.callee), (Some(at_porter.pid), None), "whom it waits for");

    // The next one's call has not begun there, and whom it waits for is known all the same.
    let next = here.spawn(Guest(here.client::<PorterClient>())).await.unwrap();
    here.select::<GuestClient>().pid(next).client().rpc_visit().send().unwrap();
    let callee = eventually("another handler that waits", async || {
        here.waiting_handlers().into_iter().find(|it| it.pid == next).and_then(|it| it.callee)
    })
    .await;
    assert_eq!(callee, at_porter.pid);

    // The same over HTTP, when it has waited for a while.
    let address = there.telemetry_address().unwrap();
    let answer = eventually("a handler that has waited for long", async || {
        let answer = get(address, "/handlers").await;
        answer.body.contains("rpc_pass").then_some(answer)
    })
    .await;
    let read: ember::serde_json::Value = ember::serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&read["node"], &read["longest"][0]["caller"]), (&"there".into(), &guest.to_string().into()));
    assert!(Figures::read(&there.metrics()).sum("ember_handler_longest_wait_seconds", &[("service", "porter")]) > 0.0);

    (0..2).for_each(|_| gate.open());
    visit.await.unwrap().unwrap();
    eventually("that all go on", async || {
        (here.waiting_handlers().is_empty() && there.waiting_handlers().is_empty()).then_some(())
    })
    .await;
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn handlers_of_events_are_shown_and_all_of_a_concurrent_service() {
    let gate = Gate::default();
    let node = builder("all").service(Porter(gate.clone())).service(Hall(gate.clone())).start().await.unwrap();
    node.spawn(Guest(node.client::<PorterClient>())).await.unwrap();
    node.publish(Bell);
    for _ in 0..3 {
        node.client::<HallClient>().rpc_pass().send().unwrap();
    }
    let names = eventually("five handlers that wait", async || {
        let mut names: Vec<_> = node.waiting_handlers().into_iter().map(|it| (it.service, it.method)).collect();
        names.sort();
        (names.len() == 5).then_some(names)
    })
    .await;
    let names: Vec<_> = names.iter().map(|(service, method)| (&**service, &**method)).collect();
    let pass = ("hall", "rpc_pass");
    assert_eq!(names, [("guest", "bell"), pass, pass, pass, ("porter", "rpc_pass")]);
    (0..4).for_each(|_| gate.open());
    eventually("that all go on", async || node.waiting_handlers().is_empty().then_some(())).await;
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_that_is_dropped_as_it_waits_is_shown_no_more() {
    let node = builder("dropped").service(Bank).start().await.unwrap();
    let bank = node.client::<BankClient>();
    let call = tokio::spawn(async move { bank.rpc_wait().timeout(Duration::from_secs(60)).await });
    eventually("a handler that waits", async || (node.waiting_handlers().len() == 1).then_some(())).await;
    call.abort();
    eventually("nothing that waits", async || node.waiting_handlers().is_empty().then_some(())).await;
    node.shutdown().await.unwrap();
}
