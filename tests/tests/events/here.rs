//! Events within one node.

use ember::prelude::*;
use ember_tests::{gate::Gate, log::Log};

#[derive(Debug)]
pub struct Weather(pub u32);

#[service]
#[derive(Default)]
pub struct Listener {
    name: &'static str,
    log: Log,
    gate: Gate,
    #[module]
    ear: Module<Ear>,
}

#[module(parent = Listener)]
#[derive(Default)]
pub struct Ear;

#[rpc]
impl Listener {
    #[on(event)]
    async fn weather(&mut self, event: &Weather) {
        self.log.say(format!("{} {}", self.name, event.0));
    }

    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_publish(&mut self, cx: &mut Cx<'_, Self>, number: u32) -> usize {
        cx.publish(Weather(number))
    }
}

#[rpc]
impl Ear {
    #[on(event)]
    async fn heard(&mut self, cx: &mut Cx<'_, Self>, event: &String) {
        cx.parent().log.say(format!("ear {event}"));
    }
}

async fn start(names: &[&'static str], mailbox: usize) -> (Node, Log, Gate) {
    let (log, gate) = (Log::default(), Gate::default());
    let mut builder = Node::builder();
    for name in names {
        let listener = Listener { name, log: log.clone(), gate: gate.clone(), ..Listener::default() };
        builder = builder.service(Hosted::new(listener).id(*name).mailbox(mailbox));
    }
    (builder.start().await.unwrap(), log, gate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_subscriber_gets_each_event_in_its_publishers_order() {
    let (node, log, _) = start(&["a", "b"], 1024).await;
    for number in 0..200 {
        assert_eq!(node.publish(Weather(number)), 2);
    }
    let lines = log.until(400).await;
    for name in ["a", "b"] {
        let own: Vec<_> = lines.iter().filter(|line| line.starts_with(name)).cloned().collect();
        assert_eq!(own, (0..200).map(|number| format!("{name} {number}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_handler_publishes_to_everybody_and_itself() {
    let (node, log, _) = start(&["a", "b"], 1024).await;
    assert_eq!(node.client::<ListenerClient>().rpc_publish(7).await, Ok(2));
    let mut lines = log.until(2).await;
    lines.sort();
    assert_eq!(lines, ["a 7", "b 7"]);
}

#[tokio::test]
async fn only_subscribers_of_the_very_type_get_an_event_and_a_module_subscribes_on_its_own() {
    let (node, log, _) = start(&["a"], 1024).await;
    assert_eq!(node.publish(7_u32), 0);
    assert_eq!(node.publish("boo".to_owned()), 1);
    assert_eq!(log.until(1).await, ["ear boo"]);
}

#[tokio::test]
async fn a_full_mailbox_misses_events_and_the_publisher_is_told() {
    let (node, log, gate) = start(&["a"], 2).await;
    let blocked = tokio::spawn(node.client::<ListenerClient>().rpc_block());
    gate.reached().await;
    let taken: usize = (0..5).map(|number| node.publish(Weather(number))).sum();
    assert_eq!(taken, 2);
    gate.open();
    blocked.await.unwrap().unwrap();
    assert_eq!(log.until(2).await, ["a 0", "a 1"]);
    assert_eq!(node.publish(Weather(9)), 1, "the subscription goes on");
    assert_eq!(log.until(3).await[2], "a 9");
}

#[tokio::test]
async fn a_subscription_ends_with_its_service() {
    let (node, ..) = start(&["a"], 2).await;
    node.shutdown().await.unwrap();
    assert_eq!(node.publish(Weather(1)), 0);
}
