//! A node that one of its own services ends.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use ember::prelude::*;
use ember_tests::{log::Log, wait::within};

#[service]
#[derive(Default)]
struct Operator {
    log: Log,
    /// It asks for the end as soon as it starts.
    at_once: bool,
    node: Option<Node>,
}

#[rpc]
impl Operator {
    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) {
        if self.at_once {
            cx.shutdown_node();
        }
    }

    #[on(started)]
    async fn started(&mut self) {
        self.log.say("started");
    }

    /// More than once, and it still answers.
    pub async fn rpc_close(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        cx.shutdown_node();
        cx.shutdown_node();
        tokio::task::yield_now().await;
        self.log.say("closes");
        7
    }

    /// It would wait for its own end.
    pub async fn rpc_wait(&mut self) -> String {
        let node = self.node.clone().expect("its node");
        node.shutdown().await.map_or_else(|error| error.to_string(), |()| "it has ended".into())
    }

    pub async fn api_run_by(&mut self, node: Node) {
        self.node = Some(node);
    }

    #[on(stop)]
    async fn stop(&mut self) {
        self.log.say("stop");
    }
}

#[tokio::test]
async fn a_handler_ends_its_node_and_still_answers() {
    let log = Log::default();
    let service = Operator { log: log.clone(), ..Operator::default() };
    let node = Node::builder().service(service).start().await.expect("it starts");
    let runs = tokio::spawn({
        let node = node.clone();
        async move { node.run().await }
    });
    let answer = within("the answer", node.client::<OperatorClient>().rpc_close()).await;
    assert_eq!(answer.expect("an answer"), 7);
    within("the end of run", runs).await.expect("no panic").expect("a good end");
    assert_eq!(log.lines(), ["started", "closes", "stop"]);
    within("the same end", node.shutdown()).await.expect("the first result");
}

#[tokio::test]
async fn a_node_that_is_to_end_before_it_has_started_ends_once_it_has() {
    let log = Log::default();
    let service = Operator { log: log.clone(), at_once: true, node: None };
    let node = Node::builder().service(service).start().await.expect("it starts");
    within("the end", node.run()).await.expect("a good end");
    assert_eq!(log.lines(), ["started", "stop"]);
}

#[tokio::test]
async fn a_handler_that_would_wait_for_the_end_of_its_node_is_told_at_once_what_to_write() {
    let node = Node::builder().service(Operator::default()).start().await.expect("it starts");
    node.local::<Operator>().api_run_by(node.clone()).await.expect("an answer");
    let told = within("the answer", node.client::<OperatorClient>().rpc_wait()).await.expect("an answer");
    for words in ["`Operator.rpc_wait` runs on this node", "Write `cx.shutdown_node()`"] {
        assert!(told.contains(words), "{told}");
    }
    within("the end", node.shutdown()).await.expect("a good end");
}
