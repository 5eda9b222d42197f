//! Who made a call: asked by handlers and by hooks, on one node and between nodes.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use ember::{
    Caller, NodeKey,
    hooks::{Denied, HandlerHooks, IncomingCall},
    prelude::*,
};
use ember_tests::cluster::{Cluster, sees};

/// What somebody saw of its caller.
type Seen = (NodeKey, Option<Pid>);

fn seen(caller: Option<Caller>) -> Option<Seen> {
    caller.map(|caller| (caller.node(), caller.service()))
}

#[service(name = "asked")]
pub struct Asked {
    tell: Sender<Option<Seen>>,
}

impl Asked {
    fn look(&mut self, cx: &mut Cx<'_, Self>) {
        let _ = self.tell.send(seen(cx.caller()));
    }
}

#[rpc]
impl Asked {
    #[on(start)]
    fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.look(cx);
        cx.after(Duration::ZERO, Self::look);
    }

    pub async fn rpc_who(&mut self, cx: &mut Cx<'_, Self>) {
        self.look(cx);
    }

    #[rpc(priority = "system")]
    pub async fn rpc_who_first(&mut self, cx: &mut Cx<'_, Self>) {
        self.look(cx);
    }

    /// Its own callback is nobody's call.
    pub async fn rpc_who_later(&mut self, cx: &mut Cx<'_, Self>) {
        let friend = cx.client::<AskingClient>();
        friend.rpc_pid().then(cx, |me: &mut Self, cx, _| me.look(cx));
    }
}

#[service(name = "asking")]
#[derive(Default)]
pub struct Asking;

#[rpc]
impl Asking {
    pub async fn rpc_pid(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.pid()
    }

    pub async fn rpc_call(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<AskedClient>().rpc_who().await.map_err(|error| error.to_string())
    }

    pub async fn rpc_send(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<AskedClient>().rpc_who().send().map_err(|error| error.to_string())
    }

    pub async fn rpc_send_in_the_system_lane(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<AskedClient>().rpc_who_first().send().map_err(|error| error.to_string())
    }

    pub async fn rpc_send_with_a_header(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), String> {
        cx.client::<AskedClient>().rpc_who().header("a", "b").send().map_err(|error| error.to_string())
    }

    pub async fn rpc_then(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<AskedClient>().rpc_who().then(cx, |_: &mut Self, _, _| ());
    }

    /// A task is no handler.
    pub async fn rpc_spawn(&mut self, cx: &mut Cx<'_, Self>) {
        let client = cx.client::<AskedClient>();
        tokio::spawn(async move { client.rpc_who().await });
    }
}

/// The services on the nodes on which they run, and what `asked` saw.
struct Scene {
    asked: Node,
    asking: Node,
    tell: Receiver<Option<Seen>>,
}

impl Scene {
    async fn on_one_node() -> Self {
        let (tell, seen) = channel();
        let node = Cluster::default().node("one").service(Asked { tell }).service(Asking).start().await.unwrap();
        Self::begin(node.clone(), node, seen).await
    }

    async fn on_two_nodes() -> Self {
        let (tell, seen) = channel();
        let cluster = Cluster::default();
        let asked = cluster.node("asked").service(Asked { tell }).start().await.unwrap();
        let asking = cluster.node("asking").service(Asking).start().await.unwrap();
        Self::begin(asked, asking, seen).await
    }

    async fn begin(asked: Node, asking: Node, tell: Receiver<Option<Seen>>) -> Self {
        sees(&asking, "asked", 1).await;
        sees(&asked, "asking", 1).await;
        let scene = Self { asked, asking, tell };
        assert_eq!((scene.next(), scene.next()), (None, None), "a hook, and a timer");
        scene
    }

    /// What is seen next. It comes from another thread, or is there already.
    fn next(&self) -> Option<Seen> {
        tokio::task::block_in_place(|| self.tell.recv_timeout(Duration::from_secs(60))).expect("nobody was asked")
    }

    /// A call by every way there is.
    async fn ask(self) {
        let (from, asking) = (self.asking.key(), self.asking.client::<AskingClient>());
        let pid = asking.rpc_pid().await.unwrap();
        assert_eq!(pid.node, from);
        let (outside, inside) = (Some((from, None)), Some((from, Some(pid))));

        let asked = self.asking.client::<AskedClient>();
        // The first finds no link yet.
        for _ in 0..3 {
            asked.rpc_who().await.unwrap();
            assert_eq!(self.next(), outside);
            asked.rpc_who().send().unwrap();
            assert_eq!(self.next(), outside);
            asked.rpc_who_first().key(7).await.unwrap();
            assert_eq!(self.next(), outside);
            asking.rpc_call().await.unwrap();
            assert_eq!(self.next(), inside, "who waits");
            asking.rpc_send().await.unwrap();
            assert_eq!(self.next(), inside, "who does not wait");
            asking.rpc_send_in_the_system_lane().await.unwrap();
            assert_eq!(self.next(), inside);
            asking.rpc_send_with_a_header().await.unwrap();
            assert_eq!(self.next(), inside);
            asking.rpc_then().await.unwrap();
            assert_eq!(self.next(), inside, "who waits by a callback");
            asking.rpc_spawn().await.unwrap();
            assert_eq!(self.next(), outside);
            asked.rpc_who_later().await.unwrap();
            assert_eq!(self.next(), None);
        }
        self.asking.call("asked", "rpc_who", ember::serde_json::json!({})).await.unwrap();
        assert_eq!(self.next(), outside, "by name");
        self.asking.shutdown().await.unwrap();
        self.asked.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_is_a_service_or_its_node_on_one_node() {
    Scene::on_one_node().await.ask().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_is_a_service_or_its_node_between_nodes() {
    Scene::on_two_nodes().await.ask().await;
}

/// Lets services of its own node in, and nobody else.
struct Neighbours;

impl HandlerHooks for Neighbours {
    fn before(&self, call: &IncomingCall<'_>) -> Result<(), Denied> {
        let caller = call.caller().and_then(|caller| caller.service());
        let is_neighbour = caller.is_some_and(|caller| caller.node == call.pid().node);
        if is_neighbour || call.service() != "asked" { Ok(()) } else { Err("for neighbours only".into()) }
    }
}

#[tokio::test]
async fn a_hook_may_decide_by_the_caller() {
    let (tell, _seen) = channel();
    let services = Node::builder().service(Asked { tell }).service(Asking);
    let node = services.handler_hooks(Neighbours).start().await.unwrap();
    node.client::<AskingClient>().rpc_call().await.unwrap();
    let denied = node.client::<AskedClient>().rpc_who().await.unwrap_err().to_string();
    assert!(denied.contains("for neighbours only"), "{denied}");
    node.shutdown().await.unwrap();
}
