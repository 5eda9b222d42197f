//! The mailbox: bounds, the system lane, pausing.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{Choice, RefusedReason, ServiceState, prelude::*};
use ember_tests::{cluster::refused, gate::Gate, log::Log, wait::within};

#[service]
#[derive(Default)]
pub struct Worker {
    name: &'static str,
    gate: Gate,
    log: Log,
}

#[rpc]
impl Worker {
    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_work(&mut self, number: u32) -> String {
        self.log.say(format!("user {number}"));
        self.name.into()
    }

    #[rpc(priority = "system")]
    pub async fn rpc_urgent(&mut self, number: u32) -> String {
        self.log.say(format!("system {number}"));
        self.name.into()
    }
}

async fn start(names: &[&'static str], mailbox: usize) -> (Node, Gate, Log) {
    let (gate, log) = (Gate::default(), Log::default());
    let mut builder = Node::builder();
    for name in names {
        let worker = Worker { name, gate: gate.clone(), log: log.clone() };
        builder = builder.service(Hosted::new(worker).id(*name).mailbox(mailbox));
    }
    (builder.start().await.unwrap(), gate, log)
}

/// The pid of the worker with this id.
fn pid(node: &Node, id: &str) -> Pid {
    node.select::<WorkerClient>().id(id).instances()[0].pid()
}

/// Waits until the view shows the state of the worker with this id.
async fn shows(node: &Node, id: &str, state: ServiceState) {
    let shown =
        node.wait_for_view(|view| view.instances().iter().any(|it| it.identity().id == id && it.state() == state));
    within("the view to show the state", shown).await;
}

#[tokio::test]
async fn a_full_mailbox_refuses_at_once_and_loses_nothing() {
    let (node, gate, log) = start(&["a"], 3).await;
    let worker = node.client::<WorkerClient>();
    let blocked = tokio::spawn(worker.rpc_block());
    gate.reached().await;
    for number in 0..3 {
        worker.rpc_work(number).send().unwrap();
    }
    assert_eq!(refused(worker.rpc_work(3).await), RefusedReason::MailboxFull { limit: 3 });
    assert_eq!(worker.rpc_work(4).send().unwrap_err().refused.reason(), &RefusedReason::MailboxFull { limit: 3 });
    gate.open();
    blocked.await.unwrap().unwrap();
    worker.rpc_work(5).await.unwrap();
    assert_eq!(log.lines(), ["user 0", "user 1", "user 2", "user 5"]);
}

#[tokio::test]
async fn the_system_lane_goes_first_and_has_places_of_its_own() {
    let (node, gate, log) = start(&["a"], 2).await;
    let worker = node.client::<WorkerClient>();
    let blocked = tokio::spawn(worker.rpc_block());
    gate.reached().await;
    for number in 0..2 {
        worker.rpc_work(number).send().unwrap();
    }
    for number in 0..64 {
        worker.rpc_urgent(number).send().unwrap();
    }
    assert_eq!(worker.rpc_urgent(64).send().unwrap_err().refused.reason(), &RefusedReason::MailboxFull { limit: 64 });
    gate.open();
    blocked.await.unwrap().unwrap();
    let lines = log.until(66).await;
    assert!(lines[0] == "system 0" && lines[1] == "system 1");
    let users: Vec<_> = lines.iter().enumerate().filter(|(_, line)| line.starts_with("user")).collect();
    assert!(users[0].0 >= 32 && users[1].0 == 65, "a user message is let in now and then: {users:?}");
}

#[tokio::test]
async fn a_paused_service_refuses_users_and_serves_the_system_lane() {
    let (node, _, log) = start(&["a"], 9).await;
    let worker = node.client::<WorkerClient>();
    assert!(node.pause(pid(&node, "a")));
    assert_eq!(refused(worker.rpc_work(0).await), RefusedReason::Paused, "before the view shows it");
    shows(&node, "a", ServiceState::Paused).await;
    assert_eq!(refused(worker.rpc_work(1).await), RefusedReason::Paused);
    assert_eq!(worker.rpc_work(2).send().unwrap_err().refused.reason(), &RefusedReason::Paused);
    worker.rpc_urgent(3).await.unwrap();
    assert!(node.resume(pid(&node, "a")));
    shows(&node, "a", ServiceState::Running).await;
    worker.rpc_work(4).await.unwrap();
    assert_eq!(log.lines(), ["system 3", "user 4"]);
}

#[tokio::test]
async fn what_waited_before_a_pause_is_still_done() {
    let (node, gate, log) = start(&["a"], 9).await;
    let worker = node.client::<WorkerClient>();
    let blocked = tokio::spawn(worker.rpc_block());
    gate.reached().await;
    worker.rpc_work(1).send().unwrap();
    node.pause(pid(&node, "a"));
    gate.open();
    blocked.await.unwrap().unwrap();
    assert_eq!(log.until(1).await, ["user 1"]);
}

#[tokio::test]
async fn selection_skips_a_paused_service() {
    let (node, ..) = start(&["a", "b"], 9).await;
    node.pause(pid(&node, "a"));
    let in_turn = node.client::<WorkerClient>();
    for _ in 0..6 {
        assert_eq!(in_turn.rpc_work(0).await.unwrap(), "b", "also before the view shows it");
    }
    shows(&node, "a", ServiceState::Paused).await;
    for choice in [
        Choice::RoundRobin,
        Choice::Random,
        Choice::LeastInFlight,
        Choice::LocalFirst,
        Choice::ByKey(7),
        Choice::LeastBusy,
    ] {
        let client = node.select::<WorkerClient>().choice(choice.clone()).client();
        for _ in 0..4 {
            assert_eq!(client.rpc_work(0).await.unwrap(), "b", "{choice:?}");
        }
    }
}

#[tokio::test]
async fn pausing_what_does_not_run_here_says_so() {
    let (node, ..) = start(&["a"], 9).await;
    let here = pid(&node, "a");
    assert!(!node.pause(Pid { number: here.number + 100, ..here }));
}
