//! How values become bytes between nodes: by type, or as a method says.

#![allow(missing_docs, reason = "two builds of one service in one macro")]

use bytes::Bytes;
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

/// Does with the buffer what it should not, as the value says.
#[derive(Debug)]
pub struct Wild;

impl Codec<u32> for Wild {
    const NAME: &'static str = "wild";

    fn encode(value: &u32, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match value {
            0 => out.clear(),
            1 => out.truncate(2),
            2 => *out = Vec::new(),
            3 => return Err(CodecError::new("not today")),
            4 => {
                out.clear();
                panic!("while writing");
            }
            _ => {}
        }
        out.extend(value.to_le_bytes());
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<u32, CodecError> {
        let value = u32::from_le_bytes(bytes.try_into().map_err(CodecError::new)?);
        assert!(value != 5, "while reading");
        Ok(value)
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

    /// What is nothing but bytes, alone, beside others, and within others.
    pub async fn rpc_bytes(&mut self, all: Bytes) -> Bytes {
        all.slice(1..)
    }

    /// The same, number by number for serde.
    pub async fn rpc_numbers(&mut self, before: u8, mut all: Vec<u8>, within: (Vec<u8>, Bytes)) -> Vec<u8> {
        all.push(before);
        all.extend(within.0.iter().chain(&within.1));
        all
    }

    /// A codec that is not to be trusted, with the second argument, or with what the third says ten times.
    #[rpc(codec = Wild)]
    pub async fn rpc_wild(&mut self, first: u32, second: u32, reply: u32) -> u32 {
        if first == 9 { second } else { reply / 10 }
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
async fn a_codec_that_harms_its_buffer_or_panics_harms_its_own_call_at_most() {
    let (server, caller) = pair(Node::builder().service(Coder), InProcess::default()).await;
    let client = caller.client::<CoderClient>();
    let others = tokio::spawn({
        let client = client.clone();
        async move {
            for n in 0..300 {
                let point = client.rpc_mirror(1, Point { x: n, y: n }).await.expect("the link goes on");
                assert_eq!(point, Point { x: -n, y: n });
            }
        }
    });
    for round in 0..20 {
        // What it clears, cuts or replaces is its own.
        for value in 0..3 {
            assert_eq!(client.rpc_wild(9, value, 7).await, Ok(value), "{round}");
            assert_eq!(client.rpc_wild(8, 7, 10 * value).await, Ok(value), "{round}");
        }
        let text = client.rpc_wild(8, 3, 7).await.unwrap_err().to_string();
        assert!(text.contains("not executed") && text.contains("not today"), "{text}");
        for (second, did) in [(4, "wrote"), (5, "read")] {
            let text = client.rpc_wild(8, second, 7).await.unwrap_err().to_string();
            assert!(text.contains("not executed") && text.contains("Wild` panicked as it "), "{text}");
            assert!(text.contains(&format!("{did} `u32`: while ")), "{text}");
        }
        for (reply, did) in [(40, "wrote"), (50, "read")] {
            let error = client.rpc_wild(8, 7, reply).await.unwrap_err();
            assert!(matches!(error, CallError::MaybeExecuted(_)), "{error}");
            assert!(error.to_string().contains(&format!("Wild` panicked as it {did} `u32`: while ")), "{error}");
        }
    }
    others.await.expect("no call of others was harmed");
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

/// Few travel in place, up to 128 KiB in one frame, and more in pieces.
#[tokio::test]
async fn bytes_arrive_as_they_were_sent_however_many_there_are() {
    let (server, caller) = pair(Node::builder().service(Coder), InProcess::default()).await;
    let client = caller.client::<CoderClient>();
    for size in [1, 20, 300, 70_000, 200_000, 3 << 20] {
        let all: Vec<u8> = (0..size).map(|at: usize| (at ^ at >> 8 ^ at >> 16) as u8).collect();
        let (shared, few) = (Bytes::from(all.clone()), Bytes::from_static(b"few"));
        assert!(client.rpc_bytes(shared.clone()).await.expect("the bytes") == all[1..], "{size}");
        let numbers = client.rpc_numbers(9, all.clone(), (vec![1; 5], few)).await.expect("the bytes");
        assert!(numbers == [&all[..], &[9, 1, 1, 1, 1, 1], b"few"].concat(), "{size}");
        let numbers = client.rpc_numbers(9, vec![7; 5], (all.clone(), shared)).await.expect("the bytes");
        assert!(numbers == [&[7, 7, 7, 7, 7, 9], &all[..], &all].concat(), "{size}");
    }
    caller.shutdown().await.expect("the caller ends");
    server.shutdown().await.expect("the server ends");
}
