//! Calls by name, with JSON: of services that the caller does not link, here or on another node.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::collections::BTreeMap;

use ember::{
    LostReason, RefusedReason,
    prelude::*,
    registry::InProcess,
    serde_json::{Value, json},
};
use ember_tests::{
    cluster::{Cluster, sees},
    wait::within,
};

/// What can be done.
#[message]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub enum Command {
    Look,
    KeepIt(u32),
    Move(i8, i8),
    Sell {
        what: String,
        #[serde(rename = "for")]
        price: Option<f64>,
        then: Option<Box<Command>>,
    },
}

#[message]
#[derive(Debug)]
pub struct Refusal {
    pub why: String,
    pub code: u16,
}

#[module]
#[derive(Default)]
pub struct Bag {
    items: BTreeMap<u32, Vec<u8>>,
}

#[rpc]
impl Bag {
    pub async fn rpc_put(&mut self, item: u32, bytes: Vec<u8>) -> BTreeMap<u32, Vec<u8>> {
        self.items.insert(item, bytes);
        self.items.clone()
    }
}

#[rpc(name = "Asks")]
pub trait Asks {
    async fn rpc_ask(&self, words: (String, Option<bool>)) -> String;
}

#[service(name = "svc2", implements(Asks))]
#[derive(Default)]
pub struct Svc2 {
    #[module]
    bag: Module<Bag>,
}

#[rpc]
impl Svc2 {
    pub async fn rpc_sum(&mut self, numbers: Vec<i64>) -> i64 {
        numbers.iter().sum()
    }

    pub async fn rpc_same(&mut self, command: Command) -> Command {
        command
    }

    pub async fn rpc_refuse(&mut self, code: u16) -> Result<(), Refusal> {
        Err(Refusal { why: "no".into(), code })
    }

    #[rpc(priority = "system", cancel)]
    pub async fn rpc_header(&mut self, cx: &mut Cx<'_, Self>) -> Option<String> {
        cx.header("who").map(str::to_owned)
    }

    #[rpc(codec = "json")]
    pub async fn rpc_json(&mut self, command: Command) -> Vec<Command> {
        vec![command]
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }

    pub fn rpc_lines(&mut self, cx: &mut Cx<'_, Self>) -> Streaming<String> {
        cx.streaming(1).1
    }

    pub fn api_here(&mut self) {}
}

#[rpc]
impl Asks for Svc2 {
    async fn rpc_ask(&mut self, words: (String, Option<bool>)) -> String {
        format!("{words:?}")
    }
}

/// A node that has the service, and one that has not and does not use its types.
async fn both() -> [Node; 2] {
    let registry = InProcess::default();
    let has = Node::builder().name("has").registry(registry.clone()).service(Svc2::default()).start().await.unwrap();
    let other = Node::builder().name("other").registry(registry).start().await.unwrap();
    within("the service to be seen", other.wait_for_view(|view| !view.instances().is_empty())).await;
    [has, other]
}

async fn call(node: &Node, method: &str, args: Value) -> Result<Value, CallError<Value>> {
    node.call("svc2", method, args).await
}

#[tokio::test]
async fn by_name_everything_is_called_as_by_its_client_here_and_elsewhere() {
    for node in &both().await {
        let sum = call(node, "rpc_sum", json!({ "numbers": [1, 2, -5] })).await;
        assert_eq!(sum.unwrap(), json!(-2));
        assert_eq!(call(node, "rpc_sum", json!([[7]])).await.unwrap(), json!(7), "in their order");
        let nested = json!({ "sell": { "what": "cow", "for": 2.5, "then": { "sell": {
            "what": "milk", "for": null, "then": { "keepIt": 7 },
        } } } });
        for command in [json!("look"), json!({ "keepIt": 5 }), json!({ "move": [-1, 1] }), nested] {
            assert_eq!(call(node, "rpc_same", json!({ "command": command })).await.unwrap(), command);
            assert_eq!(call(node, "rpc_json", json!({ "command": command })).await.unwrap(), json!([command]));
        }
        let bag = call(node, "bag.rpc_put", json!({ "item": 7, "bytes": [1, 2, 255] })).await;
        assert_eq!(bag.unwrap(), json!({ "7": [1, 2, 255] }));
        let asked = call(node, "Asks.rpc_ask", json!({ "words": ["why", null] })).await;
        assert_eq!(asked.unwrap(), json!(r#"("why", None)"#));
        let header = node.call("svc2", "rpc_header", Value::Null).header("who", "me").await;
        assert_eq!(header.unwrap(), json!("me"));
        let sum = node.call("svc2", "rpc_sum", Value::Null).describe().await.unwrap();
        assert_eq!((sum.name.as_str(), sum.timeout), ("rpc_sum", None));
        assert_eq!(sum.schema.json_schema_of_value()["type"], json!("integer"));
        let pid = node.view().instances()[0].pid();
        assert!(node.call("svc2", "rpc_sum", json!([[7]])).pid(pid).await.is_ok());
        let nobody = Pid { number: pid.number + 1, ..pid };
        assert!(node.call("svc2", "rpc_sum", json!([[7]])).pid(nobody).await.is_err());
        let refused = call(node, "rpc_refuse", json!({ "code": 404 })).await.unwrap_err();
        assert_eq!(refused, CallError::App(json!({ "why": "no", "code": 404 })));
    }
}

fn reason(outcome: Result<Value, CallError<Value>>) -> RefusedReason {
    match outcome {
        Err(CallError::NotExecuted(refused)) => refused.reason().clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_way_to_it_and_never_runs() {
    for node in &both().await {
        let wrong = json!({ "command": { "sell": { "what": "cow", "then": { "keepIt": -1 } } } });
        let RefusedReason::Undecodable(text) = reason(call(node, "rpc_same", wrong).await) else { panic!("another") };
        assert!(text.starts_with("`command.sell.then.keepIt`: ") && text.contains("u32"), "{text}");
        let RefusedReason::Undecodable(text) = reason(call(node, "rpc_sum", json!({ "nombers": [] })).await) else {
            panic!("another")
        };
        assert!(text.contains("no argument `nombers`") && text.contains("`numbers`"), "{text}");
        for method in ["rpc_non", "api_here", "bag.rpc_sum", ""] {
            let RefusedReason::NotByName(text) = reason(call(node, method, Value::Null).await) else {
                panic!("another")
            };
            assert!(text.contains(&format!("no method `{method}`")), "{text}");
            // Those that are there, from wherever it is asked; and no others.
            let (_, known) = text.split_once("it has ").expect("names");
            assert!(known.contains("`rpc_s") && !known.contains("api_here"), "{text}");
        }
        let RefusedReason::NotByName(text) = reason(call(node, "rpc_lines", Value::Null).await) else {
            panic!("another")
        };
        assert!(text.contains("returns a stream") && text.contains("by the client"), "{text}");
        let none = node.call("svc3", "rpc_sum", json!([[1]])).await;
        assert!(matches!(reason(none), RefusedReason::NoTarget(_)));
        let lost = call(node, "rpc_panic", json!({})).await.unwrap_err();
        assert!(
            matches!(&lost, CallError::MaybeExecuted(lost) if matches!(lost.reason(), LostReason::Panicked(_))),
            "{lost:?}"
        );
        let late = node.call("svc2", "rpc_sum", json!([[1]])).timeout(std::time::Duration::ZERO).await;
        assert_eq!(reason(late), RefusedReason::Expired);
    }
}

mod one {
    use ember::prelude::*;

    #[service(name = "between")]
    #[derive(Default)]
    pub struct Between;

    #[rpc]
    impl Between {
        pub async fn rpc_less(&mut self, a: u32, b: u32) -> String {
            format!("one: {} {}", a, b)
        }
    }
}

mod two {
    use ember::prelude::*;

    /// The same types under other names.
    #[service(name = "between")]
    #[derive(Default)]
    pub struct Between;

    #[rpc]
    impl Between {
        pub async fn rpc_less(&mut self, b: u32, a: u32) -> String {
            format!("two: {} {}", a, b)
        }
    }
}

#[tokio::test]
async fn arguments_reach_the_instance_whose_names_they_were_written_by() {
    let cluster = Cluster::default();
    let _one = cluster.node("one").service(one::Between).start().await.expect("a node");
    let _two = cluster.node("two").service(two::Between).start().await.expect("a node");
    let caller = cluster.node("caller").start().await.expect("a node");
    sees(&caller, "between", 2).await;
    let mut answers = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = caller.call("between", "rpc_less", json!({ "a": 1, "b": 2 })).await.expect("an answer");
        answers.insert(answer.as_str().expect("a text").to_owned());
    }
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), ["one: 1 2", "two: 1 2"]);
}
