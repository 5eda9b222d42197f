//! Services that are started at run time: reached by pid, and costing the cluster nothing.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{CallError, RefusedReason, prelude::*, registry::InProcess};
use ember_tests::{counting::Counting, wait::within};
use tokio::time::Instant;

#[service(name = "room")]
#[derive(Default)]
struct Room {
    visits: u64,
    ended: Option<Arc<AtomicUsize>>,
}

#[rpc]
impl Room {
    #[on(start)]
    fn start(&mut self) -> ember::Result<()> {
        if self.visits == 666 { Err(ember::Error::other("no such room")) } else { Ok(()) }
    }

    #[on(stop)]
    fn stop(&mut self) {
        if let Some(ended) = &self.ended {
            ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub async fn rpc_visit(&mut self) -> u64 {
        self.visits += 1;
        self.visits
    }

    pub async fn rpc_close(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }
}

/// Another service, with a method of the same name and another signature.
#[service(name = "room")]
#[derive(Default)]
struct OtherRoom;

#[rpc]
impl OtherRoom {
    #[rpc(name = "rpc_visit")]
    pub async fn rpc_visit_as(&mut self, name: String) -> String {
        name
    }
}

#[service(name = "lobby")]
#[derive(Default)]
struct Lobby;

#[rpc]
impl Lobby {
    pub async fn rpc_open(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.spawn(Room::default()).await.expect("a room can be opened")
    }

    pub async fn rpc_close(&mut self, cx: &mut Cx<'_, Self>, room: Pid) -> bool {
        cx.stop_service(room)
    }
}

fn room(node: &Node, pid: Pid) -> RoomClient {
    node.select::<RoomClient>().pid(pid).client()
}

#[tokio::test]
async fn a_spawned_service_is_reached_by_its_pid_and_listed_nowhere() {
    let node = Node::builder().service(Lobby).start().await.unwrap();
    let pid = node.client::<LobbyClient>().rpc_open().await.unwrap();
    assert_eq!(room(&node, pid).rpc_visit().await.unwrap(), 1);
    assert_eq!(node.select::<RoomClient>().pid(pid).all().rpc_visit().await.len(), 1);
    assert!(!node.view().instances().iter().any(|it| it.pid() == pid));
    let by_name = node.client::<RoomClient>().rpc_visit().await;
    assert!(matches!(by_name, Err(CallError::NotExecuted(_))), "it is not found by name: {by_name:?}");
    let wrong = node.select::<LobbyClient>().pid(pid).client().rpc_open().await;
    assert!(matches!(wrong, Err(CallError::NotExecuted(_))), "it is a room: {wrong:?}");
}

#[tokio::test]
async fn a_registered_one_is_in_the_view() {
    let node = Node::builder().start().await.unwrap();
    let pid = node.spawn(Hosted::new(Room::default()).id("7").register()).await.unwrap();
    assert_eq!(node.select::<RoomClient>().id("7").client().rpc_visit().await.unwrap(), 1);
    let twin = node.spawn(Hosted::new(Room::default()).id("7").register()).await;
    assert!(twin.unwrap_err().to_string().contains("already runs"));
    assert!(node.stop(pid));
    within("its end", node.wait_for_view(|view| view.instances().is_empty())).await;
}

#[tokio::test]
async fn a_start_that_fails_is_an_error_that_names_the_cause() {
    let node = Node::builder().start().await.unwrap();
    let error = node.spawn(Room { visits: 666, ended: None }).await.unwrap_err();
    assert!(error.to_string().contains("no such room"), "{error}");
}

#[tokio::test]
async fn stopping_drains_and_then_calls_fail_at_once() {
    let node = Node::builder().service(Lobby).start().await.unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let pid = node.spawn(Room { visits: 0, ended: Some(Arc::clone(&ended)) }).await.unwrap();
    let client = room(&node, pid);
    let (close, last) = tokio::join!(client.rpc_close(), client.rpc_visit());
    assert!(close.is_ok());
    assert_eq!(last.unwrap(), 1, "what waited was done");
    let asked = Instant::now();
    let late = client.rpc_visit().timeout(Duration::from_secs(60)).await;
    assert!(matches!(late, Err(CallError::NotExecuted(_))), "{late:?}");
    assert!(asked.elapsed() < Duration::from_secs(30));
    assert_eq!(ended.load(Ordering::SeqCst), 1, "`stop` was run");

    let pid = node.client::<LobbyClient>().rpc_open().await.unwrap();
    assert!(node.client::<LobbyClient>().rpc_close(pid).await.unwrap());
    within("its end", async {
        while room(&node, pid).rpc_visit().await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!node.stop(Pid { number: 9999, ..pid }));
}

#[tokio::test]
async fn a_shutdown_stops_spawned_services_and_starts_no_more() {
    let node = Node::builder().start().await.unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    for _ in 0..50 {
        node.spawn(Room { visits: 0, ended: Some(Arc::clone(&ended)) }).await.unwrap();
    }
    node.shutdown().await.unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), 50);
    assert!(matches!(node.spawn(Room::default()).await, Err(ember::Error::Closed)));
}

async fn two() -> (Node, Node) {
    let registry = InProcess::default();
    let a = Node::builder().name("a").registry(registry.clone()).start().await.unwrap();
    let b = Node::builder().name("b").registry(registry).service(Lobby).start().await.unwrap();
    within("two nodes", a.wait_for_view(|view| view.nodes().len() == 2)).await;
    (a, b)
}

#[tokio::test]
async fn a_spawned_service_is_reached_by_its_pid_from_another_node() {
    let (a, b) = two().await;
    let pid = b.spawn(Room::default()).await.unwrap();
    let client = room(&a, pid);
    client.rpc_visit().send().unwrap();
    let mut visits = client.rpc_visit().await.unwrap();
    if visits == 1 {
        visits = client.rpc_visit().await.unwrap();
    }
    assert!(visits >= 2, "the one-way call ran as well");
    client.rpc_close().await.unwrap();
    let asked = Instant::now();
    let late = client.rpc_visit().timeout(Duration::from_secs(60)).await;
    match late {
        Err(CallError::NotExecuted(refused)) => {
            assert!(matches!(refused.reason(), RefusedReason::Stopped | RefusedReason::Retiring), "{refused}")
        }
        other => panic!("a service that has ended gave {other:?}"),
    }
    assert!(asked.elapsed() < Duration::from_secs(30), "it is known at once");
}

#[tokio::test]
async fn the_callee_compares_the_signature_that_no_view_lists() {
    let (a, b) = two().await;
    let pid = b.spawn(OtherRoom).await.unwrap();
    match room(&a, pid).rpc_visit().await {
        Err(CallError::NotExecuted(refused)) => {
            let text = refused.to_string();
            assert!(matches!(refused.reason(), RefusedReason::SignatureMismatch { .. }), "{text}");
            assert!(text.contains("() -> u64") && text.contains("(String) -> String"), "{text}");
        }
        other => panic!("another signature gave {other:?}"),
    }
}

#[tokio::test]
async fn ten_thousand_spawned_services_cost_the_registry_and_the_view_nothing() {
    let registry = Counting::default();
    let node =
        Node::builder().registry(registry.clone()).lease(Duration::from_secs(60)).service(Lobby).start().await.unwrap();
    let (writes, view) = (registry.writes(), node.view().number());
    assert!(writes >= 1, "the node and the lobby were written");
    let mut rooms = Vec::new();
    for _ in 0..10_000 {
        rooms.push(node.spawn(Room::default()).await.unwrap());
    }
    assert_eq!(room(&node, rooms[0]).rpc_visit().await.unwrap(), 1);
    assert_eq!(room(&node, rooms[9_999]).rpc_visit().await.unwrap(), 1);
    for pid in rooms {
        assert!(node.stop(pid));
    }
    assert_eq!((registry.writes(), node.view().number()), (writes, view));
}
