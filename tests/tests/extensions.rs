//! Typed values beside the arguments: the same on one node and between nodes.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use ember::{Extension, RefusedReason, prelude::*};
use ember_tests::cluster::{Cluster, sees};
use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Trace {
    id: u128,
    sampled: bool,
}

impl Extension for Trace {
    const NAME: &'static str = "trace";
}

/// Another type under the same name.
#[derive(Debug, Serialize, Deserialize)]
struct Foreign(Vec<String>);

impl Extension for Foreign {
    const NAME: &'static str = "trace";
}

#[derive(Debug, Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("never"))
    }
}

impl Extension for Unwritable {
    const NAME: &'static str = "unwritable";
}

/// So many bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Large(Vec<u8>);

impl Extension for Large {
    const NAME: &'static str = "large";
}

#[service(name = "reader")]
#[derive(Default)]
pub struct Reader;

#[rpc]
impl Reader {
    pub async fn rpc_trace(&mut self, cx: &mut Cx<'_, Self>) -> Result<Option<(u128, bool)>, String> {
        let trace = cx.extension::<Trace>().map_err(|error| error.to_string())?;
        Ok(trace.map(|Trace { id, sampled }| (id, sampled)))
    }

    pub async fn rpc_foreign(&mut self, cx: &mut Cx<'_, Self>) -> bool {
        cx.extension::<Foreign>().is_err()
    }
}

/// Knows nothing of extensions, and passes them on.
#[service(name = "passer")]
#[derive(Default)]
pub struct Passer;

#[rpc]
impl Passer {
    pub async fn rpc_pass(&mut self, cx: &mut Cx<'_, Self>) -> Result<Option<(u128, bool)>, String> {
        cx.client::<ReaderClient>().rpc_trace().await.map_err(|error| error.to_string())
    }
}

/// A node that calls on itself, and one that calls another.
async fn nodes() -> [(Node, Node); 2] {
    let here = Node::builder().service(Reader).service(Passer).start().await.expect("a node");
    let cluster = Cluster::default();
    let there = cluster.node("there").service(Reader).service(Passer).start().await.expect("a node");
    let caller = cluster.node("caller").start().await.expect("a node");
    sees(&caller, "reader", 1).await;
    sees(&caller, "passer", 1).await;
    [(here.clone(), here), (caller, there)]
}

#[tokio::test]
async fn an_extension_travels_with_its_call_and_the_calls_made_for_it() {
    for (caller, _callee) in nodes().await {
        let reader = caller.client::<ReaderClient>();
        let trace = Trace { id: 7 << 100, sampled: true };
        assert_eq!(reader.rpc_trace().await, Ok(None));
        assert_eq!(reader.rpc_trace().extension(&trace).await, Ok(Some((7 << 100, true))));
        let last = reader.rpc_trace().extension(&Trace { id: 1, sampled: false }).extension(&trace);
        assert_eq!(last.await, Ok(Some((7 << 100, true))), "the last of a type");
        let passed = caller.client::<PasserClient>().rpc_pass().header("beside", "it").extension(&trace);
        assert_eq!(passed.await, Ok(Some((7 << 100, true))));
    }
}

#[tokio::test]
async fn another_type_under_the_same_name_is_an_error_and_not_a_value() {
    for (caller, _callee) in nodes().await {
        let foreign = caller.client::<ReaderClient>().rpc_foreign().extension(&Trace { id: u128::MAX, sampled: true });
        assert_eq!(foreign.await, Ok(true));
    }
}

#[tokio::test]
async fn what_cannot_travel_beside_a_call_refuses_it_with_words() {
    for (caller, _callee) in nodes().await {
        let reader = caller.client::<ReaderClient>();
        let cases = [
            (reader.rpc_foreign().extension(&Unwritable), "the extension `unwritable` could not be written"),
            (reader.rpc_foreign().extension(&Large(vec![0; 9 << 10])), "its extensions (`large` 92"),
        ];
        for (call, words) in cases {
            let Err(CallError::NotExecuted(refused)) = call.await else { panic!("it is refused") };
            assert!(matches!(refused.reason(), RefusedReason::TooMuchBeside(_)), "{refused}");
            assert!(refused.to_string().contains(words), "{refused}");
        }
        let unsent = reader.rpc_foreign().extension(&Unwritable).send().expect_err("it is refused");
        assert!(matches!(unsent.refused.reason(), RefusedReason::TooMuchBeside(_)), "{}", unsent.refused);
    }
}
