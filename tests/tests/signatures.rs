//! Two builds of one service understand each other, or say at once how they differ.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use ember::{CallError, RefusedReason, prelude::*, registry::InProcess};
use ember_tests::{
    builds::{ours, theirs},
    embedded_node::private_folder,
    logged::Logged,
    wait::{PATIENCE, eventually, within},
};

/// The reason of a refusal, which names what both sides have.
fn mismatch(error: CallError) -> (String, String) {
    let CallError::NotExecuted(refused) = &error else { panic!("{error}") };
    assert_eq!(refused.method(), "rpc_order");
    assert!(error.to_string().contains("`rpc_order` on "), "{error}");
    match refused.reason() {
        RefusedReason::SignatureMismatch { caller, callee } => (caller.clone(), callee.clone()),
        other => panic!("{other}"),
    }
}

fn assert_named((caller, callee): (String, String), changed: &str) {
    let signature = |line: &str| format!("`(Order {{ lines: Vec<Option<Line {{ {line} }}>> }}) -> u64`");
    assert_eq!(caller, format!("{} (version {})", signature("item: u32, count: u64"), env!("CARGO_PKG_VERSION")));
    assert_eq!(callee, format!("{} (version 2.0.0)", signature(changed)));
}

/// Calls each changed service from `node` with what this program was built with.
async fn call_all(node: &Node) {
    within("the services of the other build", node.wait_for_view(|view| view.instances().len() >= 5)).await;
    let error = node.client::<ours::adding::ShopClient>().rpc_order(ours::adding::Order::default()).await.unwrap_err();
    assert_named(mismatch(error), "item: u32, count: u64, note: String");
    let error =
        node.client::<ours::removing::ShopClient>().rpc_order(ours::removing::Order::default()).await.unwrap_err();
    assert_named(mismatch(error), "item: u32");
    let error =
        node.client::<ours::retyping::ShopClient>().rpc_order(ours::retyping::Order::default()).await.unwrap_err();
    assert_named(mismatch(error), "item: u32, count: u32");
    let error =
        node.client::<ours::reordering::ShopClient>().rpc_order(ours::reordering::Order::default()).await.unwrap_err();
    assert_named(mismatch(error), "count: u64, item: u32");
}

fn their_services(node: ember::NodeBuilder) -> ember::NodeBuilder {
    node.service(theirs::adding::Shop::default())
        .service(theirs::removing::Shop::default())
        .service(theirs::retyping::Shop::default())
        .service(theirs::reordering::Shop::default())
        .service(theirs::extending::Shop::default())
}

#[tokio::test]
async fn changed_field_in_a_nested_argument_is_refused_between_nodes() {
    let registry = InProcess::default();
    let theirs = their_services(Node::builder().registry(registry.clone())).start().await.expect("their node starts");
    let ours = Node::builder().registry(registry).start().await.expect("our node starts");
    call_all(&ours).await;
    ours.shutdown().await.expect("our node ends");
    theirs.shutdown().await.expect("their node ends");
}

#[tokio::test]
async fn changed_field_in_a_nested_argument_is_refused_on_one_node() {
    let node = their_services(Node::builder()).start().await.expect("the node starts");
    call_all(&node).await;
    node.shutdown().await.expect("the node ends");
}

#[tokio::test]
async fn one_way_call_to_another_build_is_refused_at_once() {
    let registry = InProcess::default();
    let theirs = their_services(Node::builder().registry(registry.clone())).start().await.expect("their node starts");
    let ours = Node::builder().registry(registry).start().await.expect("our node starts");
    within("the services", ours.wait_for_view(|view| view.instances().len() == 5)).await;
    let error = ours.client::<ours::adding::ShopClient>().rpc_order(ours::adding::Order::default()).send().unwrap_err();
    assert!(matches!(error.refused.reason(), RefusedReason::SignatureMismatch { .. }), "{error}");
    ours.shutdown().await.expect("our node ends");
    theirs.shutdown().await.expect("their node ends");
}

#[tokio::test]
async fn two_services_of_one_name_are_refused_by_a_configuration_with_both_places() {
    let error = Node::builder().configure([ember::ServiceConfig::new("adding")]).start().await.unwrap_err().to_string();
    assert!(error.contains("src/builds/ours.rs:") && error.contains("src/builds/theirs.rs:"), "{error}");
}

/// The other program; killed when it is dropped.
struct Other(Child);

impl Other {
    fn start(folder: &Path) -> Self {
        let program = Command::new(env!("CARGO_BIN_EXE_other-build")).arg(folder).stdin(Stdio::piped()).spawn();
        Self(program.expect("the other build starts"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// As the other build has it.
#[message(event)]
struct Sunrise {
    hour: u32,
}

/// The other build has a field more.
#[message(event)]
struct Sunset {
    hour: u32,
}

#[tokio::test]
async fn events_go_to_another_process_and_two_structures_of_one_are_told_before_the_first() {
    let log = Logged::here();
    let folder = private_folder();
    let _other = Other::start(folder.path());
    let node = Node::builder().registry(Embedded::at(folder.path())).start().await.expect("our node starts");
    let reach = async |is_there: fn(&Node) -> bool| {
        eventually("the interest of the other build", async || is_there(&node).then_some(())).await
    };
    reach(|node| node.event_reach::<Sunset>(Scope::Cluster).other_structures() == 1).await;
    let error = log
        .lines()
        .into_iter()
        .find(|line| line.contains("another structure on another node"))
        .expect("it is in the log");
    assert!(error.contains("Sunset { hour: u32 }") && error.contains("Sunset { hour: u32, cloudy: bool }"), "{error}");
    let receipt = node.publish_to(Scope::Cluster, Sunset { hour: 20 });
    assert_eq!((receipt.nodes(), receipt.other_structures()), (0, 1), "{receipt:?}");
    reach(|node| node.event_reach::<Sunrise>(Scope::Cluster).nodes() == 1).await;
    let confirmed = node.publish_to(Scope::Cluster, Sunrise { hour: 6 }).confirmed_within(PATIENCE).await;
    assert_eq!(confirmed.expect("the other process has it").nodes, 1);
    node.shutdown().await.expect("our node ends");
}

#[tokio::test]
async fn two_processes_of_two_builds_tell_each_other_how_they_differ() {
    let folder = private_folder();
    let _other = Other::start(folder.path());
    let node = Node::builder().registry(Embedded::at(folder.path())).start().await.expect("our node starts");
    call_all(&node).await;
    let client = node.client::<ours::extending::ShopClient>();
    let orders = within("a service with a method more", client.rpc_order(ours::extending::Order::default())).await;
    assert_eq!(orders.expect("a method more changes nothing for the others"), 1);
    node.shutdown().await.expect("our node ends");
}
