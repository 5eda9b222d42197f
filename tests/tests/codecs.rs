//! How values become bytes between nodes: by type, or as a method says.

#![allow(missing_docs, reason = "two builds of one service in one macro")]

use ember::{CallError, Codec, CodecError, Node, RefusedReason, prelude::*, registry::InProcess};
use ember_tests::wait::within;

/// A type that prost knows, as its generator writes it, and serde does not.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Point {
    /// East.
    #[prost(int32, tag = "1")]
    pub x: i32,
    /// North.
    #[prost(int32, tag = "2")]
    pub y: i32,
}

/// Writes texts backwards.
#[derive(Debug)]
pub struct Backwards;

impl Codec<String> for Backwards {
    const NAME: &'static str = "backwards";

    fn encode(value: &String, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.extend(value.bytes().rev());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<String, CodecError> {
        String::from_utf8(bytes.iter().rev().copied().collect()).map_err(CodecError::new)
    }
}

/// Two builds of a service whose messages can bridge a new field, and one that cannot.
macro_rules! build {
    ($module:ident { $($new:tt)* } { $($tagged:tt)* }) => {
        /// One build.
        pub mod $module {
            use ember::prelude::*;

            /// With a field more in the newer build.
            #[message]
            #[derive(Debug, Clone, Default, PartialEq)]
            pub struct Item {
                pub id: u32,
                $($new)*
            }

            /// The same by the rules of protocol buffers.
            #[derive(Clone, PartialEq, prost::Message)]
            pub struct Tagged {
                #[prost(uint32, tag = "1")]
                pub id: u32,
                $($tagged)*
            }

            #[service(name = "store", version = "3.0.0")]
            #[derive(Debug, Default)]
            pub struct Store;

            #[rpc]
            impl Store {
                #[rpc(codec = "json")]
                pub async fn rpc_json(&mut self, item: Item, factor: u32) -> Result<u32, String> {
                    item.id.checked_mul(factor).ok_or_else(|| "too many".to_owned())
                }

                pub async fn rpc_prost(&mut self, tagged: Tagged) -> u32 {
                    tagged.id
                }

                pub async fn rpc_postcard(&mut self, item: Item) -> u32 {
                    item.id
                }
            }
        }
    };
}
build!(old {} {});
build!(new {
    #[serde(default)]
    pub note: Option<String>,
} {
    #[prost(string, tag = "2")]
    pub note: String,
});

/// Uses each codec.
#[service]
#[derive(Debug, Default)]
pub struct Coder;

#[rpc]
impl Coder {
    /// Protocol buffers, among others.
    pub async fn rpc_mirror(&mut self, times: i32, point: Point) -> Point {
        Point { x: -times * point.x, y: point.y }
    }

    /// A codec of one's own.
    #[rpc(codec = Backwards)]
    pub async fn rpc_twice(&mut self, text: String) -> Result<String, String> {
        if text.is_empty() { Err("no text".to_owned()) } else { Ok(text.repeat(2)) }
    }
}

async fn pair(service: ember::NodeBuilder, registry: InProcess) -> (Node, Node) {
    let server = service.registry(registry.clone()).start().await.expect("the server starts");
    let caller = Node::builder().registry(registry).start().await.expect("the caller starts");
    within("the service", caller.wait_for_view(|view| !view.instances().is_empty())).await;
    (server, caller)
}

#[tokio::test]
async fn prost_types_and_own_codecs_travel_between_nodes() {
    let (server, caller) = pair(Node::builder().service(Coder), InProcess::default()).await;
    let client = caller.client::<CoderClient>();
    assert_eq!(client.rpc_mirror(2, Point { x: 3, y: 4 }).await.expect("a point"), Point { x: -6, y: 4 });
    assert_eq!(client.rpc_twice("ab".into()).await.expect("a text"), "abab");
    let error = client.rpc_twice(String::new()).await.unwrap_err();
    assert!(matches!(&error, CallError::App(text) if text == "no text"), "{error}");
    caller.shutdown().await.expect("the caller ends");
    server.shutdown().await.expect("the server ends");
}

#[tokio::test]
async fn json_and_prost_bridge_a_new_field_and_postcard_does_not() {
    let (server, caller) = pair(Node::builder().service(new::Store), InProcess::default()).await;
    let client = caller.client::<old::StoreClient>();
    assert_eq!(client.rpc_json(old::Item { id: 7 }, 6).await.expect("a bridged call"), 42);
    let error = client.rpc_json(old::Item { id: u32::MAX }, 2).await.unwrap_err();
    assert!(matches!(&error, CallError::App(text) if text == "too many"), "{error}");
    assert_eq!(client.rpc_prost(old::Tagged { id: 8 }).await.expect("a bridged call"), 8);
    let error = client.rpc_postcard(old::Item { id: 7 }).await.unwrap_err();
    let CallError::NotExecuted(refused) = &error else { panic!("{error}") };
    assert!(matches!(refused.reason(), RefusedReason::SignatureMismatch { .. }), "{error}");
    assert!(error.to_string().contains("note: Option<String>"), "{error}");
    caller.shutdown().await.expect("the caller ends");
    server.shutdown().await.expect("the server ends");
}
