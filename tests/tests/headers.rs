//! How much may travel beside the arguments of a call: the same on one node and between nodes.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::fmt::Debug;

use ember::{CallError, LostReason, Node, RefusedReason, prelude::*};
use ember_tests::cluster::{Cluster, sees};

#[service(name = "reader")]
#[derive(Default)]
pub struct Reader {
    read: u32,
    #[module]
    pages: Modules<String, Page>,
}

#[module(parent = Reader)]
#[derive(Default)]
pub struct Page;

#[rpc]
impl Page {
    pub async fn rpc_touch(&mut self) {}
}

#[rpc]
impl Reader {
    pub async fn rpc_last(&mut self, cx: &mut Cx<'_, Self>) -> Option<String> {
        self.read += 1;
        cx.header("255").map(Into::into)
    }

    /// Whether a page can stand under a key of that length, and why not; the key comes back.
    pub async fn rpc_open(&mut self, length: usize) -> Result<(), String> {
        let key = "k".repeat(length);
        self.pages.try_insert(key.clone(), Page).map(drop).map_err(|error| {
            assert_eq!(error.key, key);
            error.to_string()
        })
    }

    pub async fn rpc_open_or_panic(&mut self, length: usize) {
        self.pages.insert("k".repeat(length), Page);
    }

    pub async fn rpc_pages(&mut self) -> usize {
        self.pages.len()
    }

    pub async fn rpc_count(&mut self) -> u32 {
        self.read
    }
}

/// Calls the reader with what it was called with, and a header more.
#[service(name = "passer")]
#[derive(Default)]
pub struct Passer;

#[rpc]
impl Passer {
    pub async fn api_pass(&mut self, cx: &mut Cx<'_, Self>, name: String) -> Result<Option<String>, CallError> {
        cx.client::<ReaderClient>().rpc_last().header(name, "").await
    }
}

/// A node that calls the reader on itself, and one that calls it on another.
async fn nodes() -> [(Node, Node); 2] {
    let here = Node::builder().service(Reader::default()).service(Passer).start().await.expect("a node");
    let cluster = Cluster::default();
    let there = cluster.node("there").service(Reader::default()).start().await.expect("a node");
    let caller = cluster.node("caller").service(Passer).start().await.expect("a node");
    sees(&caller, "reader", 1).await;
    [(here.clone(), here), (caller, there)]
}

/// It is refused, in words that are right and say what to do.
#[track_caller]
fn too_much<T: Debug>(outcome: Result<T, CallError>, words: &str) {
    let Err(CallError::NotExecuted(refused)) = outcome else { panic!("{outcome:?}") };
    let text = refused.to_string();
    assert!(matches!(refused.reason(), RefusedReason::TooMuchBeside(_)), "{text}");
    assert!(text.contains(words) && !text.contains("arguments cannot travel"), "{text}");
}

#[tokio::test]
async fn a_call_has_256_headers_at_most_wherever_its_callee_is() {
    for (caller, _callee) in nodes().await {
        let reader = caller.client::<ReaderClient>();
        let with = |count: u32| (0..count).fold(reader.rpc_last(), |call, n| call.header(n.to_string(), "x"));
        assert_eq!(with(256).await, Ok(Some("x".into())));
        too_much(with(257).await, "257 headers");
        too_much(with(257).retry(Retry::new(3)).await, "257 headers");
        let unsent = with(257).send().expect_err("it is refused");
        too_much::<()>(Err(CallError::NotExecuted(unsent.refused)), "257 headers");
        with(256).send().expect("it is sent");

        // Those of the handler count.
        let passer = caller.local::<Passer>();
        let passed = async |name: &str| {
            (0..256).fold(passer.api_pass(name.into()), |call, n| call.header(n.to_string(), "x")).await
        };
        let Ok(outcome) = passed("255").await.map_err(|error| format!("{error:?}")) else {
            panic!("one takes its place")
        };
        assert_eq!(outcome, Some(String::new()));
        let Err(CallError::App(refused)) = passed("another").await else { panic!("it is refused") };
        too_much::<()>(Err(refused), "257 headers, with those of the handler");

        assert_eq!(reader.rpc_count().await, Ok(3), "what was refused has not run");
    }
}

#[tokio::test]
async fn keys_of_a_module_have_4096_bytes_at_most_wherever_it_is() {
    for (caller, _callee) in nodes().await {
        let page = |length: usize| caller.client::<ReaderClient>().pages().key("k".repeat(length)).rpc_touch();
        let Err(CallError::NotExecuted(refused)) = page(4094).await else { panic!("nothing stands there") };
        assert!(matches!(refused.reason(), RefusedReason::NoModule { .. }), "{refused}");
        too_much(page(4095).await, "4097 bytes");
        let unsent = page(4095).send().expect_err("it is refused");
        too_much::<()>(Err(CallError::NotExecuted(unsent.refused)), "4097 bytes");
    }
}

#[tokio::test]
async fn a_module_stands_under_no_key_that_no_call_can_name() {
    for (caller, _callee) in nodes().await {
        let reader = caller.client::<ReaderClient>();
        assert_eq!(reader.rpc_open(4094).await, Ok(()));
        assert_eq!(reader.pages().key("k".repeat(4094)).rpc_touch().await, Ok(()), "the longest that there can be");
        for length in [4095, 100_000] {
            let Err(CallError::App(why)) = reader.rpc_open(length).await else { panic!("nobody could call it") };
            assert!(why.contains("`Page`") && why.contains("more than 4096 bytes"), "{why}");
        }
        assert_eq!(reader.rpc_pages().await, Ok(1));
        let Err(CallError::MaybeExecuted(lost)) = reader.rpc_open_or_panic(4095).await else { panic!("it panics") };
        let LostReason::Panicked(message) = lost.reason() else { panic!("{lost}") };
        assert!(message.contains("no module `Page` can stand under such a key"), "{lost}");
    }
}
