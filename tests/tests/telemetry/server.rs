//! Who asks, and how.

use std::net::SocketAddr;

use ember::{prelude::*, telemetry::Telemetry};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Bank, http::get, openmetrics::Figures};

async fn served() -> (Node, SocketAddr) {
    let telemetry = Telemetry::default().listen("127.0.0.1:0");
    let node = Node::builder().telemetry(telemetry).service(Bank).start().await.unwrap();
    let address = node.telemetry_address().unwrap();
    (node, address)
}

#[tokio::test]
async fn figures_are_served_as_what_prometheus_reads() {
    let (node, address) = served().await;
    let answer = get(address, "/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{}",
        answer.head
    );
    assert_eq!(Figures::read(&answer.body).sum("ember_services", &[("service", "bank")]), 1.0);
    assert_eq!(get(address, "/").await.status, 404);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn connections_that_ask_nothing_keep_nobody_out() {
    let (node, address) = served().await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(get(address, "/healthz").await.status, 200);
    // The oldest was ended for those that came later.
    assert!(matches!(idle[0].read(&mut [0]).await, Ok(0) | Err(_)));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_no_request_ends_its_connection_and_nothing_else() {
    let (node, address) = served().await;
    for text in ["GET /metrics", "\0\r\n\r\n", "POST /metrics HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        drop(stream);
    }
    assert_eq!(get(address, "/metrics").await.status, 200);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_in_use_keeps_the_node_from_starting() {
    let (node, address) = served().await;
    let second = Node::builder().telemetry(Telemetry::default().listen(address.to_string())).start().await;
    let refused = second.unwrap_err().to_string();
    assert!(refused.contains(&address.to_string()), "{refused}");
    node.shutdown().await.unwrap();
    // And the port is free again.
    let third = Node::builder().telemetry(Telemetry::default().listen(address.to_string())).start().await.unwrap();
    third.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_address_that_others_reach_is_to_be_said() {
    let open = Node::builder().telemetry(Telemetry::default().listen("0.0.0.0:0")).start().await;
    let refused = open.unwrap_err().to_string();
    assert!(refused.contains("open_to_everyone"), "{refused}");
}

#[tokio::test]
async fn a_node_that_is_dropped_listens_no_more() {
    let (node, address) = served().await;
    drop(node);
    assert!(TcpStream::connect(address).await.is_err());
}
