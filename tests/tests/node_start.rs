//! What a node does not start with, and what becomes of two nodes with one name.

#![allow(unreachable_pub, missing_docs, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{Error, Node, net::Endpoint};
use ember_tests::{cluster::Cluster, wait::within};

#[tokio::test]
async fn a_node_can_be_started_by_a_task() {
    let node = tokio::spawn(Cluster::default().node("alpha").start()).await.unwrap().expect("it starts");
    assert_eq!(node.name(), "alpha");
}

async fn problem(node: ember::NodeBuilder) -> String {
    node.start().await.expect_err("it must not start").to_string()
}

#[tokio::test]
async fn cluster_without_a_registry_is_refused_and_says_what_to_write() {
    let text = problem(Node::builder().cluster("shop")).await;
    assert!(text.starts_with("`.cluster(\"shop\")` without `.registry(…)`"), "{text}");
    assert!(text.contains(".registry(Embedded::default())") && text.contains(".registry(Etcd::new("), "{text}");
    let text = problem(Node::builder().listen(Endpoint::Tcp("127.0.0.1:0".into()))).await;
    assert!(text.starts_with("`.listen(…)` without `.registry(…)`"), "{text}");
    let text = problem(Node::builder().advertise(Endpoint::Tcp("127.0.0.1:7".into()))).await;
    assert!(text.starts_with("`.advertise(…)` without `.registry(…)`"), "{text}");
    let text = problem(Node::builder().lease(Duration::from_secs(9))).await;
    assert!(
        text.starts_with("`.lease(…)` without `.registry(…)`: such a node has no peers. Leave it out, or write"),
        "{text}"
    );
    assert!(text.contains(".registry(Embedded::default())") && text.contains(".registry(Etcd::new("), "{text}");
    let text = problem(Node::builder().max_message(1 << 20)).await;
    assert!(text.starts_with("`.max_message(…)` without `.registry(…)`"), "{text}");
}

#[tokio::test]
async fn second_node_of_a_living_ones_name_is_refused_and_the_first_goes_on() {
    let cluster = Cluster::default();
    let first = cluster.node("alpha").start().await.expect("the first starts");
    let error = cluster.node("alpha").start().await.expect_err("the name is taken");
    assert!(matches!(&error, Error::NameTaken { name, .. } if name == "alpha"), "{error}");
    let text = error.to_string();
    assert!(text.contains(&first.key().to_string()) && text.contains(&first.endpoint().to_string()), "{text}");

    let other = cluster.node("beta").start().await.expect("another name is free");
    let view = within("both nodes", other.wait_for_view(|view| view.nodes().len() == 2)).await;
    assert!(view.nodes().any(|node| node.key == first.key()), "the first is still the one of its name");
    let elsewhere = cluster.node("alpha").cluster("another");
    elsewhere.start().await.expect("another cluster has names of its own").shutdown().await.expect("it ends");
    first.shutdown().await.expect("it ends");
    let again = cluster.node("alpha").start().await.expect("the name is free again");
    again.shutdown().await.expect("it ends");
}

#[tokio::test]
async fn node_that_crashed_starts_again_under_its_name_while_its_lease_lives() {
    let cluster = Cluster::default();
    let lease = Duration::from_secs(600);
    let beta = cluster.node("beta").start().await.expect("beta starts");
    let first = cluster.node("alpha").lease(lease).start().await.expect("the first run");
    let before = first.key();
    within("alpha", beta.wait_for_view(|view| view.nodes().any(|node| node.key == before))).await;
    drop(first);
    let second = cluster.node("alpha").start().await.expect("the second run");
    let now = second.key();
    assert!(now > before && now.id == before.id, "the same node, a later run");
    within("the second run", beta.wait_for_view(|view| view.nodes().any(|node| node.key == now))).await;
    assert!(!beta.view().nodes().any(|node| node.key == before));
    second.shutdown().await.expect("it ends");
}

#[tokio::test]
async fn node_that_cannot_be_reached_loses_its_name_and_its_run_says_to_whom() {
    let cluster = Cluster::default();
    // Nobody answers there: as if the first were cut off from the second.
    let nowhere = Endpoint::Tcp("127.0.0.1:1".into());
    let first = cluster.node("alpha").advertise(nowhere).start().await.expect("the first starts");
    let running = tokio::spawn({
        let first = first.clone();
        async move { first.run().await }
    });
    let second = cluster.node("alpha").start().await.expect("the first does not answer");
    let error = within("the first to end", running).await.expect("no panic").expect_err("it has lost its name");
    assert!(matches!(&error, Error::Replaced { name, .. } if name == "alpha"), "{error}");
    let text = error.to_string();
    assert!(text.contains(&second.key().to_string()) && text.contains(&second.endpoint().to_string()), "{text}");
    second.shutdown().await.expect("it ends");
}

mod one {
    use ember::prelude::*;

    #[service(name = "namesakes")]
    #[derive(Debug, Default)]
    pub struct First;

    #[rpc]
    impl First {
        pub async fn rpc_which(&mut self) -> u32 {
            1
        }
    }
}

mod other {
    use ember::prelude::*;

    #[service(name = "namesakes")]
    #[derive(Debug, Default)]
    pub struct Second;

    #[rpc]
    impl Second {
        pub async fn rpc_which(&mut self) -> u64 {
            2
        }
    }
}

#[tokio::test]
async fn two_services_of_one_name_are_refused_on_one_node() {
    let text = problem(Node::builder().service(one::First).service(other::Second)).await;
    assert!(text.contains("two services of this node are called `namesakes`"), "{text}");
    assert!(text.matches("tests/node_start.rs:").count() == 2, "it says where both are: {text}");

    let node = Node::builder().service(one::First).start().await.expect("it starts");
    let spawned = node.spawn(ember::Hosted::new(other::Second).register()).await;
    let text = spawned.expect_err("the name is that of another service").to_string();
    assert!(text.contains("namesakes"), "{text}");
    node.spawn(ember::Hosted::new(one::First).register()).await.expect("another instance of the same");
    node.shutdown().await.expect("it ends");
}
