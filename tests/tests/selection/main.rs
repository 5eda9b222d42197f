//! Whom a client chooses.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

mod busy;
mod filtered;
mod keys;
mod weights;

use std::collections::BTreeMap;

use ember::{Choice, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    gate::Gate,
};

/// Something that can be asked who it is.
#[rpc]
pub trait Named {
    async fn rpc_name(&self) -> String;
}

#[service(name = "actor", kind = "art", version = "1.2.3", implements(Named))]
#[derive(Default)]
pub struct Actor {
    name: String,
    gate: Gate,
}

#[rpc]
impl Named for Actor {
    async fn rpc_name(&mut self) -> String {
        self.name.clone()
    }
}

#[rpc]
impl Actor {
    pub async fn rpc_block(&mut self) -> String {
        self.gate.pass().await;
        self.name.clone()
    }
}

#[service(name = "extra", implements(Named))]
pub struct Extra;

#[rpc]
impl Named for Extra {
    async fn rpc_name(&mut self) -> String {
        "extra".into()
    }
}

fn actor(name: &str) -> Hosted<Actor> {
    Hosted::new(Actor { name: name.into(), ..Actor::default() }).id(name)
}

/// Actors of these names on one node with the server id 3.
async fn start(names: &[&str]) -> Node {
    names.iter().fold(Node::builder().server(3).seed(1), |node, name| node.service(actor(name))).start().await.unwrap()
}

/// How often each answers in `count` calls.
async fn spread(client: &NamedClient, count: usize) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for _ in 0..count {
        *answers.entry(client.rpc_name().await.unwrap()).or_default() += 1;
    }
    answers
}

#[tokio::test]
async fn filters_choose_by_contract_name_id_server_node_kind_version_tag_and_pid() {
    let node = Node::builder().server(3).service(actor("a").tag("zone", "eu").tag("size", "1"));
    let node = node.service(actor("b").tag("zone", "us").kind("pop").version("2.0.0")).service(Extra);
    let node = node.start().await.unwrap();
    let select = || node.select::<NamedClient>();
    let found = |select: ember::Select<NamedClient>| {
        let ids = select.instances().into_iter().map(|it| it.identity().id.clone());
        ids.filter(|id| id.len() == 1).collect::<String>()
    };
    assert_eq!(select().instances().len(), 3);
    assert_eq!(node.select::<ActorClient>().instances().len(), 2);
    assert_eq!(select().name("extra").client().rpc_name().await.unwrap(), "extra");
    assert_eq!(select().id("b").client().rpc_name().await.unwrap(), "b");
    assert_eq!((found(select().server(3)), found(select().server(4))), ("ab".into(), String::new()));
    assert_eq!(found(select().node(node.key().id)), "ab");
    assert_eq!((found(select().kind("art")), found(select().kind("pop"))), ("a".into(), "b".into()));
    assert_eq!(found(select().name("actor").version("^1.2").unwrap()), "a");
    assert_eq!(found(select().version(">=2, <3").unwrap()), "b");
    assert!(select().version("new").is_err());
    assert_eq!((found(select().tag("zone", "eu")), found(select().tag("zone", "us"))), ("a".into(), "b".into()));
    assert_eq!(found(select().tag("zone", "eu").tag("size", "2")), "");
    let pid = select().id("b").instances()[0].pid();
    assert_eq!(select().pid(pid).client().rpc_name().await.unwrap(), "b");
}

#[tokio::test]
async fn no_match_is_an_error_at_once_that_names_the_selector() {
    let node = start(&["a"]).await;
    let outcome = node.select::<NamedClient>().id("z").server(9).tag("zone", "eu").client().rpc_name().await;
    let RefusedReason::NoTarget(text) = refused(outcome) else { panic!("another reason") };
    for part in ["contract `Named`", "id=z", "server=9", "tag:zone=eu"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn round_robin_is_fair() {
    let node = start(&["a", "b", "c"]).await;
    assert!(spread(&node.client::<NamedClient>(), 30).await.values().all(|&count| count == 10));
}

#[tokio::test]
async fn random_reaches_everybody() {
    let node = start(&["a", "b", "c"]).await;
    let client = node.select::<NamedClient>().choice(Choice::Random).client();
    let answers = spread(&client, 300).await;
    assert!(answers.len() == 3 && answers.values().all(|&count| count > 50), "{answers:?}");
}

#[tokio::test]
async fn least_in_flight_avoids_the_busy_one() {
    let gate = Gate::default();
    let busy = Hosted::new(Actor { name: "busy".into(), gate: gate.clone() }).id("busy");
    let node = Node::builder().seed(1).service(busy).service(actor("free")).start().await.unwrap();
    let blocked = tokio::spawn(node.select::<ActorClient>().id("busy").client().rpc_block());
    gate.reached().await;
    let client = node.select::<NamedClient>().choice(Choice::LeastInFlight).client();
    let mut calls = Vec::new();
    for _ in 0..40 {
        calls.push(tokio::spawn(client.rpc_name()));
        tokio::task::yield_now().await;
    }
    let in_flight = |id: &str| node.select::<ActorClient>().id(id).instances()[0].in_flight();
    assert!(in_flight("busy") >= 1);
    gate.open();
    blocked.await.unwrap().unwrap();
    let mut free = 0;
    for call in calls {
        free += usize::from(call.await.unwrap().unwrap() == "free");
    }
    assert!(free >= 25, "two are drawn, and the free one of them is taken: three quarters; it were {free} of 40");
    assert_eq!((in_flight("busy"), in_flight("free")), (0, 0));
}

#[tokio::test]
async fn a_pinned_client_stays_with_its_instance() {
    let node = start(&["a", "b", "c"]).await;
    let pid = node.select::<ActorClient>().id("b").instances()[0].pid();
    let pinned = node.select::<NamedClient>().pid(pid).client();
    assert_eq!(spread(&pinned, 6).await, BTreeMap::from([("b".into(), 6)]));
}

#[tokio::test]
async fn the_same_key_reaches_the_same_instance_and_a_change_moves_few_keys() {
    async fn places(node: &Node) -> Vec<String> {
        let mut places = Vec::new();
        for key in 0..300_u32 {
            let client = node.select::<NamedClient>().by_key(key).client();
            let first = client.rpc_name().await.unwrap();
            assert_eq!(client.rpc_name().await.unwrap(), first);
            places.push(first);
        }
        places
    }
    // The same seed and name, so that the instances differ by the fourth only.
    let three = start(&["a", "b", "c"]).await;
    let four = start(&["a", "b", "c", "d"]).await;
    let (before, after) = (places(&three).await, places(&four).await);
    for name in ["a", "b", "c"] {
        let share = before.iter().filter(|place| *place == name).count();
        assert!((60..=140).contains(&share), "{name} has {share} of 300");
    }
    let moved: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    assert!(moved.iter().all(|(_, after)| *after == "d"), "keys move to the new one only");
    assert!((40..=120).contains(&moved.len()), "{} of 300 keys moved to the fourth instance", moved.len());
}

#[tokio::test]
async fn local_first_stays_here_while_somebody_is_here() {
    let cluster = Cluster::default();
    let a = cluster.node("a").service(actor("a")).start().await.unwrap();
    let b = cluster.node("b").service(actor("b")).start().await.unwrap();
    let c = cluster.node("c").start().await.unwrap();
    for node in [&a, &b, &c] {
        sees(node, "actor", 2).await;
    }
    let local = |node: &Node| node.select::<NamedClient>().choice(Choice::LocalFirst).client();
    assert_eq!(spread(&local(&a), 6).await, BTreeMap::from([("a".into(), 6)]));
    assert_eq!(spread(&local(&b), 6).await, BTreeMap::from([("b".into(), 6)]));
    assert_eq!(spread(&local(&c), 6).await.len(), 2, "nobody is here: in turn");
}
