//! Two sides that were built from different sources: refused with a reason, on one node and between nodes.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "the names of test services say it all"
)]

use ember::{Node, RefusedReason};
use ember_tests::cluster::{Cluster, refused, sees};

/// What the server was built from.
mod server {
    use ember::prelude::*;

    #[message]
    #[derive(Debug)]
    pub struct Order {
        pub item: String,
        pub note: String,
    }

    #[service(name = "shop", version = "1.0.0")]
    pub struct Shop;

    #[rpc]
    impl Shop {
        pub async fn rpc_count(&mut self, item: u32) -> u32 {
            item
        }

        pub async fn rpc_order(&mut self, order: Order) -> String {
            order.item + &order.note
        }

        pub async fn api_secret(&mut self) -> u32 {
            7
        }
    }
}

/// What the caller was built from: another version of the same.
mod caller {
    use ember::prelude::*;

    /// The same name, another structure.
    #[message]
    #[derive(Debug)]
    pub struct Order {
        pub number: u8,
    }

    #[service(name = "shop", version = "2.0.0")]
    pub struct Shop;

    #[rpc]
    impl Shop {
        pub async fn rpc_count(&mut self, item: String) -> u32 {
            item.len() as u32
        }

        pub async fn rpc_order(&mut self, order: Order) -> String {
            order.number.to_string()
        }

        pub async fn rpc_new(&mut self) -> u32 {
            0
        }

        #[rpc(name = "api_secret")]
        pub async fn forged(&mut self) -> u32 {
            0
        }
    }
}

async fn start() -> (Node, Node) {
    let cluster = Cluster::default();
    let here = cluster.node("here").service(server::Shop).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "shop", 1).await;
    (here, there)
}

#[tokio::test]
async fn another_signature_is_refused_with_both_sides_types() {
    let (here, there) = start().await;
    for node in [&here, &there] {
        let outcome = node.client::<caller::ShopClient>().rpc_count("seven".into()).await;
        let text = outcome.clone().unwrap_err().to_string();
        assert!(matches!(refused(outcome), RefusedReason::SignatureMismatch { .. }), "{text}");
        assert!(text.contains("rpc_count") && text.contains("(String) -> u32"), "{text}");
        node.client::<server::ShopClient>().rpc_count(1).await.unwrap();
    }
}

#[tokio::test]
async fn a_method_that_the_service_does_not_have_is_refused() {
    let (here, there) = start().await;
    for node in [&here, &there] {
        assert_eq!(refused(node.client::<caller::ShopClient>().rpc_new().await), RefusedReason::UnknownMethod);
        let sent = node.client::<caller::ShopClient>().rpc_new().send().unwrap_err();
        assert_eq!(sent.refused.reason(), &RefusedReason::UnknownMethod);
    }
}

#[tokio::test]
async fn a_type_of_the_same_name_that_cannot_be_read_is_refused() {
    let (here, there) = start().await;
    let outcome = here.client::<caller::ShopClient>().rpc_order(caller::Order { number: 200 }).await;
    assert!(matches!(refused(outcome), RefusedReason::SignatureMismatch { .. }));
    let outcome = there.client::<caller::ShopClient>().rpc_order(caller::Order { number: 200 }).await;
    match refused(outcome) {
        RefusedReason::SignatureMismatch { .. } => {}
        RefusedReason::Undecodable(text) => assert!(text.contains("rpc_order"), "{text}"),
        other => panic!("another reason: {other}"),
    }
    let order = server::Order { item: "a".into(), note: "b".into() };
    assert_eq!(there.client::<server::ShopClient>().rpc_order(order).await.unwrap(), "ab", "the link lives on");
}

#[tokio::test]
async fn an_api_method_cannot_be_had_from_another_node() {
    let (here, there) = start().await;
    assert_eq!(here.local::<server::Shop>().api_secret().await, Ok(7));
    let reason = refused(there.client::<caller::ShopClient>().forged().await);
    assert!(matches!(reason, RefusedReason::UnknownMethod | RefusedReason::Private), "{reason}");
    assert!(matches!(refused(there.local::<server::Shop>().api_secret().await), RefusedReason::NoTarget(_)));
}
