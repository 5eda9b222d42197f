//! Nobody matches: each cause has words of its own.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{Pid, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    wait::eventually,
};

#[rpc]
pub trait Pinged {
    async fn rpc_ping(&self) -> u32;
}

#[service(name = "room")]
pub struct Room;

#[rpc]
impl Room {
    pub async fn rpc_ping(&mut self) -> u32 {
        1
    }
}

#[service(name = "clerk")]
pub struct Clerk;

#[rpc]
impl Clerk {
    pub async fn api_ping(&mut self) -> u32 {
        2
    }
}

/// What the refusal says after the selector.
#[track_caller]
fn why(outcome: Result<u32, ember::CallError>) -> String {
    match refused(outcome) {
        RefusedReason::NoTarget(text) => text,
        other => panic!("another reason: {other}"),
    }
}

fn of(node: &Node, pid: Pid) -> RoomClient {
    node.select::<RoomClient>().pid(pid).client()
}

/// Calls another service of its node as it starts.
#[service(name = "early")]
#[derive(Default)]
pub struct Early {
    answers: Vec<Result<u32, ember::CallError>>,
}

#[rpc]
impl Early {
    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.answers.push(cx.client::<RoomClient>().rpc_ping().await);
    }

    #[on(started)]
    async fn started(&mut self, cx: &mut Cx<'_, Self>) {
        self.answers.push(cx.client::<RoomClient>().rpc_ping().await);
    }

    async fn api_answers(&mut self) -> (String, u32) {
        let mut answers = std::mem::take(&mut self.answers).into_iter();
        let (first, second) = (answers.next().expect("from start"), answers.next().expect("from started"));
        (why(first), second.expect("an answer"))
    }
}

#[tokio::test]
async fn service_that_is_called_before_it_starts_is_said_to_be_listed_too_late() {
    let node = Node::builder().service(Early::default()).service(Room).start().await.unwrap();
    let (text, answer) = node.local::<Early>().api_answers().await.unwrap();
    assert!(text.starts_with("service `room`: this node still starts") && text.contains("`#[on(started)]`"), "{text}");
    assert_eq!(answer, 1);
}

#[tokio::test]
async fn node_without_a_registry_says_so() {
    let node = Node::builder().start().await.unwrap();
    let text = why(node.client::<RoomClient>().rpc_ping().await);
    assert!(text.starts_with("service `room`: this node lists none, and without a registry"), "{text}");
}

#[tokio::test]
async fn waiting_for_a_view_that_does_not_come_ends_at_its_limit() {
    let cluster = Cluster::default();
    let a = cluster.node("a").start().await.unwrap();
    let limit = std::time::Duration::from_millis(20);
    assert!(a.wait_for_view_within(limit, |view| view.nodes().len() == 2).await.is_none());
    let view = a.wait_for_view_within(std::time::Duration::ZERO, |view| view.nodes().len() == 1).await;
    assert_eq!(view.expect("it is so already").nodes().len(), 1);
    let _b = cluster.node("b").start().await.unwrap();
    assert!(a.wait_for_view_within(std::time::Duration::MAX, |view| view.nodes().len() == 2).await.is_some());
}

#[tokio::test]
async fn service_that_is_on_no_node_says_how_many_were_seen() {
    let cluster = Cluster::default();
    let a = cluster.node("a").start().await.unwrap();
    let b = cluster.node("b").service(Clerk).start().await.unwrap();
    a.wait_for_view(|view| view.nodes().len() == 2).await;
    let text = why(a.client::<RoomClient>().rpc_ping().await);
    assert!(text.contains("2 nodes are seen, this one included, and none offers it"), "{text}");
    assert!(text.contains("only services with `rpc_` methods"), "{text}");
    // `api_` methods are for callers on the same node, and so is `local`.
    assert_eq!(b.local::<Clerk>().api_ping().await, Ok(2));
    let text = why(a.local::<Clerk>().api_ping().await);
    assert!(text.contains("(node `a`): it does not run on this node"), "{text}");
    let text = why(a.select::<RoomClient>().node(b.key().id).client().rpc_ping().await);
    assert!(text.contains("(node `b`): it is not offered by the node `b`"), "{text}");
}

#[tokio::test]
async fn service_that_is_elsewhere_is_said_to_be() {
    let cluster = Cluster::default();
    let a = cluster.node("a").start().await.unwrap();
    let b = cluster.node("b").service(Room).start().await.unwrap();
    sees(&a, "room", 1).await;
    let text = why(a.local::<Room>().rpc_ping().await);
    assert!(text.ends_with("it does not run on this node; 1 instance is seen elsewhere"), "{text}");
    let text = why(a.select::<RoomClient>().id("7").client().rpc_ping().await);
    assert!(text.ends_with("1 instance of it is seen, and none passes the filters"), "{text}");
    let listed = a.select::<RoomClient>().instances()[0].pid();
    let text = why(a.select::<PingedClient>().pid(listed).client().rpc_ping().await);
    assert!(text.ends_with("it is a `room`, which does not fulfil this contract"), "{text}");
    drop(b);
}

#[tokio::test]
async fn pid_that_has_ended_or_is_of_another_kind_or_run_says_so() {
    let cluster = Cluster::default();
    let a = cluster.node("a").start().await.unwrap();
    let b = cluster.node("b").start().await.unwrap();
    a.wait_for_view(|view| view.nodes().len() == 2).await;
    let (room, clerk) = (a.spawn(Room).await.unwrap(), a.spawn(Clerk).await.unwrap());
    let text = why(of(&a, clerk).rpc_ping().await);
    assert!(text.ends_with("(node `a`): it is a `clerk`"), "{text}");
    a.stop(room);
    let text = eventually("the end of the room", async || match of(&a, room).rpc_ping().await {
        Err(ember::CallError::NotExecuted(refused)) => match refused.reason() {
            RefusedReason::NoTarget(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    })
    .await;
    assert!(text.ends_with("(node `a`): it has ended, or never was"), "{text}");

    let there = b.spawn(Room).await.unwrap();
    assert_eq!(of(&a, there).rpc_ping().await, Ok(1));
    b.shutdown().await.unwrap();
    a.wait_for_view(|view| view.nodes().len() == 1).await;
    let text = why(of(&a, there).rpc_ping().await);
    assert!(text.contains("its node is not seen"), "{text}");
    let again = cluster.node("b").start().await.unwrap();
    a.wait_for_view(|view| view.nodes().len() == 2).await;
    let text = why(of(&a, there).rpc_ping().await);
    assert!(text.ends_with("(node `b`): its node has been started anew since"), "{text}");
    drop(again);
}

#[tokio::test]
async fn texts_of_filters_are_quoted_where_they_are_not_plain_and_cut_where_they_are_long() {
    let node = Node::builder().start().await.unwrap();
    let said = async |id: &str| {
        let text = why(node.select::<RoomClient>().id(id).tag("a=b", id).client().rpc_ping().await);
        let (selector, _) = text.split_once(": ").unwrap();
        selector.strip_prefix("service `room` id=").unwrap().to_owned()
    };
    let hundred = "x".repeat(100);
    for (id, shown) in [
        ("plain/1", "plain/1".to_owned()),
        ("", "\"\"".into()),
        ("two words", "\"two words\"".into()),
        ("say \"hi\"\n\u{202e}", "\"say \\\"hi\\\"\\n\\u{202e}\"".into()),
        (&hundred, hundred.clone()),
        (&"x".repeat(101), format!("{hundred}…")),
        // Characters are counted, not bytes, and none is cut in two.
        (&"ü".repeat(100), format!("\"{}\"", "ü".repeat(100))),
        (&"ü".repeat(70_000), format!("\"{}\"…", "ü".repeat(100))),
    ] {
        assert_eq!(said(id).await, format!("{shown} tag:\"a=b\"={shown}"));
    }
}
