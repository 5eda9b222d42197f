//! Types that only have serde's traits: what cannot be carried is found where it is sent, also on one node.

#![allow(missing_docs, missing_debug_implementations, reason = "the names say it all")]

use std::fmt::Debug;

use ember::{CallError, LostReason, Node, RefusedReason, prelude::*, registry::InProcess};
use ember_tests::wait::within;

/// Of another crate, as far as Ember knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Command {
    Look,
    #[serde(skip)]
    Internal,
    Keep(u32),
    Sell(u32),
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Order {
    #[serde(default, skip_serializing_if = "is_zero")]
    discount: u32,
    items: Vec<u32>,
}

/// Leaves out what stands at its end, and so carries it where it is carried.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Foreign {
    #[serde(skip)]
    note: u32,
    wish: Wish,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Wish {
    Open,
    #[serde(skip)]
    Hidden(u32),
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    #[serde(skip)]
    note: u32,
    wish: OwnWish,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub enum OwnWish {
    Open,
    #[serde(skip)]
    Hidden(u32),
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    next: Option<Box<List>>,
}

fn list(length: usize) -> List {
    (1..length).fold(List { next: None }, |list, _| List { next: Some(Box::new(list)) })
}

#[service]
#[derive(Default)]
pub struct Shop {
    #[module]
    counters: Modules<Command, Counter>,
}

#[module]
#[derive(Default)]
pub struct Counter;

#[rpc]
impl Counter {
    pub async fn rpc_touch(&mut self) {}
}

#[rpc]
impl Shop {
    pub async fn rpc_command(&mut self, command: Command) -> Command {
        command
    }

    pub async fn rpc_answer(&mut self, number: u32) -> Result<Command, String> {
        if number == 0 { Ok(Command::Look) } else { Ok(Command::Keep(number)) }
    }

    pub async fn rpc_order(&mut self, order: Order) -> u32 {
        order.discount
    }

    #[rpc(codec = "json")]
    pub async fn rpc_json(&mut self, order: Order) -> u32 {
        order.discount
    }

    pub async fn rpc_foreign(&mut self, foreign: Foreign) -> u32 {
        foreign.note
    }

    pub async fn rpc_own(&mut self, own: Own) -> u32 {
        own.note
    }

    pub async fn rpc_hide(&mut self) -> Wish {
        Wish::Hidden(1)
    }

    pub async fn rpc_list(&mut self, list: List) -> bool {
        list.next.is_some()
    }

    pub async fn rpc_mount(&mut self, command: Command) {
        self.counters.insert(command, Counter);
    }
}

/// Asks in the other ways than by awaiting a call.
#[service]
#[derive(Default)]
pub struct Buyer {
    heard: Option<String>,
}

#[rpc]
impl Buyer {
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, number: u32) {
        self.heard = None;
        cx.client::<ShopClient>().rpc_answer(number).then(cx, |me, _, outcome| {
            me.heard = Some(match outcome {
                Ok(command) => format!("{command:?}"),
                Err(error) => undecodable(error),
            });
        });
    }

    pub async fn rpc_heard(&mut self) -> Option<String> {
        self.heard.clone()
    }
}

async fn heard(buyer: &BuyerClient, number: u32) -> String {
    buyer.rpc_ask(number).await.expect("it asks");
    let heard = async {
        loop {
            if let Some(heard) = buyer.rpc_heard().await.expect("it answers") {
                return heard;
            }
            tokio::task::yield_now().await;
        }
    };
    within("the callback", heard).await
}

fn undecodable<E: Debug + std::fmt::Display>(error: CallError<E>) -> String {
    match &error {
        CallError::NotExecuted(refused) if matches!(refused.reason(), RefusedReason::Undecodable(_)) => {
            error.to_string()
        }
        CallError::MaybeExecuted(lost) if matches!(lost.reason(), LostReason::Undecodable(_)) => error.to_string(),
        _ => panic!("{error}"),
    }
}

async fn refuses(shop: &ShopClient, buyer: &BuyerClient) {
    assert_eq!(shop.rpc_command(Command::Look).await.expect("it is read as it is"), Command::Look);
    let error = undecodable(shop.rpc_command(Command::Keep(5)).await.unwrap_err());
    assert!(error.contains("messages_foreign::Command` does not arrive as what is sent"), "{error}");
    let error = shop.rpc_command(Command::Sell(5)).send().unwrap_err();
    assert!(matches!(error.refused.reason(), RefusedReason::Undecodable(_)), "{error}");
    assert_eq!(shop.rpc_answer(0).await.expect("it is read as it is"), Command::Look);
    let error = undecodable(shop.rpc_answer(5).await.unwrap_err());
    assert!(error.contains("messages_foreign::Command` does not arrive"), "{error}");
    assert_eq!(heard(buyer, 0).await, "Look");
    let error = heard(buyer, 5).await;
    assert!(error.contains("messages_foreign::Command` does not arrive"), "{error}");
    let error = undecodable(shop.rpc_order(Order { discount: 0, items: vec![2, 7, 9] }).await.unwrap_err());
    assert!(error.contains("messages_foreign::Order`") && error.contains("field `discount` is left out"), "{error}");
    assert_eq!(shop.rpc_order(Order { discount: 3, items: vec![1] }).await.expect("nothing is left out"), 3);
    assert_eq!(shop.rpc_json(Order { discount: 0, items: vec![2] }).await.expect("JSON has names"), 0);
    shop.counters().key(Command::Keep(5)).rpc_touch().await.unwrap_err();
    shop.rpc_mount(Command::Look).await.expect("a key that is read as it is");
    shop.counters().key(Command::Look).rpc_touch().await.expect("the module under it");
}

#[tokio::test]
async fn foreign_type_that_arrives_as_another_value_is_refused_on_one_node() {
    let node = Node::builder().service(Shop::default()).service(Buyer::default());
    let node = node.start().await.expect("the node starts");
    let shop = node.client::<ShopClient>();
    refuses(&shop, &node.client::<BuyerClient>()).await;
    assert!(shop.rpc_list(list(1_000)).await.expect("what is moved has no limit"));
    node.shutdown().await.expect("the node ends");
}

#[tokio::test]
async fn foreign_type_that_arrives_as_another_value_is_refused_between_nodes() {
    let registry = InProcess::default();
    let server = Node::builder().registry(registry.clone()).service(Shop::default()).start().await.expect("a server");
    let caller = Node::builder().registry(registry).service(Buyer::default()).start().await.expect("a caller");
    within("the services", caller.wait_for_view(|view| view.instances().len() == 2)).await;
    let shop = caller.client::<ShopClient>();
    refuses(&shop, &caller.client::<BuyerClient>()).await;
    assert!(shop.rpc_list(list(127)).await.expect("a list within the limit"));
    let error = undecodable(shop.rpc_list(list(128)).await.unwrap_err());
    assert!(error.contains("nested 128 levels deep"), "{error}");
    caller.shutdown().await.expect("the caller ends");
    server.shutdown().await.expect("the server ends");
}

#[tokio::test]
async fn what_is_not_written_is_as_it_is_within_a_node_and_missing_between_nodes() {
    let registry = InProcess::default();
    let server = Node::builder().registry(registry.clone()).service(Shop::default()).start().await.expect("a server");
    let caller = Node::builder().registry(registry).start().await.expect("a caller");
    within("the service", caller.wait_for_view(|view| view.instances().len() == 1)).await;
    let foreign = |wish| Foreign { note: 7, wish };
    let own = |wish| Own { note: 7, wish };

    let near = server.client::<ShopClient>();
    assert_eq!(near.rpc_foreign(foreign(Wish::Hidden(1))).await.expect("nothing is written"), 7);
    assert_eq!(near.rpc_own(own(OwnWish::Hidden(1))).await.expect("nothing is written"), 7);
    assert_eq!(near.rpc_hide().await.expect("nothing is written"), Wish::Hidden(1));

    let far = caller.client::<ShopClient>();
    assert_eq!(far.rpc_foreign(foreign(Wish::Open)).await.expect("it is written without its note"), 0);
    assert_eq!(far.rpc_own(own(OwnWish::Open)).await.expect("it is written without its note"), 0);
    let error = far.rpc_foreign(foreign(Wish::Hidden(1))).await.unwrap_err();
    assert!(matches!(&error, CallError::NotExecuted(_)) && undecodable(error.clone()).contains("Hidden"), "{error}");
    let error = far.rpc_own(own(OwnWish::Hidden(1))).await.unwrap_err();
    assert!(matches!(&error, CallError::NotExecuted(_)) && undecodable(error.clone()).contains("Hidden"), "{error}");
    let error = far.rpc_hide().await.unwrap_err();
    assert!(matches!(&error, CallError::MaybeExecuted(_)) && undecodable(error.clone()).contains("Hidden"), "{error}");
    caller.shutdown().await.expect("the caller ends");
    server.shutdown().await.expect("the server ends");
}
