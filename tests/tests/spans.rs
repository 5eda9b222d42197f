//! The span within a handler is the handler's own, a child of the one in which its caller made the call: whoever runs the
//! handler, and however often it waits.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{LocalCalls, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    gate::Gate,
    spans::Spans,
    wait::within,
};
use tokio::task::yield_now;
use tracing::{Instrument as _, Metadata, info, info_span};

#[service(name = "inner")]
#[derive(Default)]
pub struct Inner;

#[rpc]
impl Inner {
    pub async fn rpc_say(&mut self) {
        info!(target: "test", "inner");
        yield_now().await;
        info!(target: "test", "inner, later");
    }

    pub fn rpc_at_once(&mut self) {
        info!(target: "test", "at once");
    }
}

pub struct Published;

#[service(name = "outer")]
#[derive(Default)]
pub struct Outer {
    gate: Gate,
    said: Gate,
}

#[rpc]
impl Outer {
    #[on(start)]
    async fn begin(&mut self) {
        info!(target: "test", "starting");
        yield_now().await;
        info!(target: "test", "started");
    }

    #[on(event)]
    async fn heard(&mut self, _: &Published) {
        info!(target: "test", "heard");
        self.said.open();
    }

    pub async fn rpc_hold(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_say(&mut self) {
        info!(target: "test", "first");
        yield_now().await;
        info!(target: "test", "second");
        async { info!(target: "test", "third") }.instrument(info_span!(target: "test", "own")).await;
        self.said.open();
    }

    pub async fn rpc_nest(&mut self, cx: &mut Cx<'_, Self>) {
        let inner = cx.client::<InnerClient>();
        inner.rpc_at_once().await.unwrap();
        yield_now().await;
        inner.rpc_say().await.unwrap();
    }

    pub async fn rpc_then(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<InnerClient>().rpc_at_once().then(cx, |me, _, _| {
            info!(target: "test", "called back");
            me.said.open();
        });
    }

    pub async fn rpc_panic(&mut self) {
        panic!("within its span");
    }
}

/// What is said in `rpc_say` of [`Outer`], if its handler's span is within `caller`.
fn spoken(caller: &str) -> [(String, String); 3] {
    let said = |text: &str, own: &str| (text.to_owned(), format!("{caller}handler outer.rpc_say{own}"));
    [said("first", ""), said("second", ""), said("third", " > own")]
}

async fn start(calls: LocalCalls, spans: &Spans) -> (Node, Gate, Gate) {
    let outer = Outer::default();
    let (gate, said) = (outer.gate.clone(), outer.said.clone());
    let node = Node::builder().local_calls(calls).service(outer).service(Inner).start().await.unwrap();
    let begun = |text: &str| (text.to_owned(), "handler outer.begin".to_owned());
    assert_eq!(spans.said(), [begun("starting"), begun("started")]);
    (node, gate, said)
}

fn caller() -> tracing::Span {
    info_span!(target: "test", "caller")
}

#[tokio::test]
async fn a_handlers_span_is_a_child_of_its_callers_whoever_runs_it() {
    let spans = Spans::here();
    for calls in [LocalCalls::Adaptive, LocalCalls::Short, LocalCalls::Queued] {
        let (node, _, _) = start(calls, &spans).await;
        let outer = node.client::<OuterClient>();
        outer.rpc_say().instrument(caller()).await.unwrap();
        assert_eq!(spans.said(), spoken("caller > "), "{calls:?}");
        outer.rpc_say().await.unwrap();
        assert_eq!(spans.said(), spoken(""), "{calls:?}, without a caller's span");
        node.shutdown().await.unwrap();
        assert_eq!(spans.open(), [""; 0], "{calls:?}");
    }
}

#[tokio::test]
async fn a_call_that_waits_in_the_mailbox_keeps_its_callers_span() {
    let spans = Spans::here();
    let (node, gate, said) = start(LocalCalls::Adaptive, &spans).await;
    let outer = node.client::<OuterClient>();
    let held = tokio::spawn(outer.rpc_hold());
    gate.reached().await;
    let call = tokio::spawn(outer.rpc_say().instrument(caller()));
    caller().in_scope(|| outer.rpc_say().send().unwrap());
    gate.open();
    held.await.unwrap().unwrap();
    call.await.unwrap().unwrap();
    within("the one-way call", said.pass()).await;
    node.shutdown().await.unwrap();
    assert_eq!(spans.said(), [spoken("caller > "), spoken("caller > ")].concat());
    assert_eq!(spans.open(), [""; 0]);
}

#[tokio::test]
async fn calls_within_handlers_are_children_of_those() {
    let spans = Spans::here();
    let (node, _, _) = start(LocalCalls::Adaptive, &spans).await;
    node.client::<OuterClient>().rpc_nest().instrument(caller()).await.unwrap();
    let say = |text: &str, method: &str| {
        (text.to_owned(), format!("caller > handler outer.rpc_nest > handler inner.{method}"))
    };
    let expected = [say("at once", "rpc_at_once"), say("inner", "rpc_say"), say("inner, later", "rpc_say")];
    assert_eq!(spans.said(), expected);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_callback_belongs_to_the_handler_that_asked_for_it() {
    let spans = Spans::here();
    let (node, _, said) = start(LocalCalls::Adaptive, &spans).await;
    node.client::<OuterClient>().rpc_then().instrument(caller()).await.unwrap();
    within("the callback", said.pass()).await;
    let outer = "caller > handler outer.rpc_then";
    let expected = [
        ("at once".to_owned(), format!("{outer} > handler inner.rpc_at_once")),
        ("called back".to_owned(), format!("{outer} > handler outer.rpc_then")),
    ];
    assert_eq!(spans.said(), expected);
    node.shutdown().await.unwrap();
    assert_eq!(spans.open(), [""; 0]);
}

#[tokio::test]
async fn an_event_handler_has_a_span_of_its_own() {
    let spans = Spans::here();
    let (node, _, said) = start(LocalCalls::Adaptive, &spans).await;
    assert_eq!(caller().in_scope(|| node.publish(Published)), 1);
    within("the event", said.pass()).await;
    assert_eq!(spans.said(), [("heard".to_owned(), "handler outer.heard".to_owned())]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_call_from_another_node_does_not_run_in_the_span_of_a_link() {
    let spans = Spans::here();
    let cluster = Cluster::default();
    let there = cluster.node("there").service(Outer::default()).service(Inner).start().await.unwrap();
    let here = cluster.node("here").start().await.unwrap();
    sees(&here, "outer", 1).await;
    sees(&here, "inner", 1).await;
    spans.said();
    let (outer, inner) = (here.client::<OuterClient>(), here.client::<InnerClient>());
    for _ in 0..3 {
        outer.rpc_say().instrument(caller()).await.unwrap();
        assert_eq!(spans.said(), spoken(""));
        inner.rpc_at_once().instrument(caller()).await.unwrap();
        assert_eq!(spans.said(), [("at once".to_owned(), "handler inner.rpc_at_once".to_owned())]);
    }
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_span_of_a_handler_that_panicked_is_closed() {
    let spans = Spans::here();
    let (node, _, _) = start(LocalCalls::Adaptive, &spans).await;
    node.client::<OuterClient>().rpc_panic().instrument(caller()).await.unwrap_err();
    node.client::<OuterClient>().rpc_say().await.unwrap();
    assert_eq!(spans.said(), spoken(""));
    assert_eq!(spans.open(), [""; 0]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn where_spans_of_handlers_are_not_wanted_the_callers_stays_the_current_one() {
    fn unwanted(metadata: &Metadata<'_>) -> bool {
        metadata.target() != "ember::handler"
    }
    let spans = Spans::filtered(unwanted);
    for calls in [LocalCalls::Adaptive, LocalCalls::Queued] {
        let node = Node::builder().local_calls(calls).service(Outer::default()).start().await.unwrap();
        spans.said();
        node.client::<OuterClient>().rpc_say().instrument(caller()).await.unwrap();
        let said = |text: &str, around: &str| (text.to_owned(), around.to_owned());
        assert_eq!(spans.said(), [said("first", "caller"), said("second", "caller"), said("third", "caller > own")]);
        node.shutdown().await.unwrap();
    }
}
