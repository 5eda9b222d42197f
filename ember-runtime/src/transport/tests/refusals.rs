//! Those who must not become peers.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::support::*;
use crate::{
    net::{Endpoint, OsNetwork},
    transport::{
        entrance::Token,
        link::data,
        protocol::{LinkConfig, Peer},
    },
};

async fn refusal(from: &Node, to: &Peer) -> String {
    soon("a refusal", from.links.ready(to)).await.unwrap_err().to_string()
}

#[tokio::test]
async fn another_cluster_is_refused() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let local = "127.0.0.1:0".parse().unwrap();
    let b = Node::at(&local, key(2, 1), Arc::new(OsNetwork), LinkConfig::default(), "other").await;
    let why = refusal(&a, &b.peer).await;
    assert!(why.contains("belongs to the cluster `other`"), "{why}");
    assert!(a.services.events().is_empty() && b.services.events().is_empty());
    until("the connection to close", || a.links.sockets.count() + b.links.sockets.count() == 0).await;
}

#[tokio::test]
async fn another_node_or_run_at_the_address_is_refused() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let b = Node::tcp(key(2, 2), LinkConfig::default()).await;
    for expected in [key(2, 1), key(2, 3), key(3, 2)] {
        let there = peer(expected, b.peer.endpoint.clone());
        // That it is not the one that is looked for it says without saying who it is.
        let why = refusal(&a, &there).await;
        assert!(why.contains("another node listens there, or another run of it"), "{why}");
        assert!(!a.links.is_alive(&there).await);
        // With a forged entry in the registry: the key of the one there under the name of another.
        let forged = refusal(&a, &Peer { key: expected, ..b.peer.clone() }).await;
        assert!(forged.contains(&format!("another node listens there: {}", b.peer.key)), "{forged}");
    }
    assert!(a.links.is_alive(&b.peer).await);
    a.ready(&b).await;
}

#[tokio::test]
async fn a_server_of_something_else_is_refused() {
    let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::Tcp(listener.local_addr().unwrap().to_string());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 mail.example ESMTP, what can I do for you today?\r\n").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await
    });
    let why = refusal(&a, &peer(key(2, 1), endpoint)).await;
    assert!(why.contains("not a working link"), "{why}");
    let _ = soon("the connection to close", server).await;
}

#[tokio::test]
async fn garbage_on_the_port_closes_its_connection_and_nothing_else() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let mut stranger = TcpStream::connect(b.peer.endpoint.to_string()).await.unwrap();
    stranger.write_all(&[b'x'; 4096]).await.unwrap();
    let _ = soon("the connection to close", stranger.read_to_end(&mut Vec::new())).await;
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}

#[tokio::test]
async fn a_data_stream_needs_a_session_of_its_own_connection() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", b.peer.endpoint)).unwrap();
    let channel = channel.connect().await.unwrap();
    let opened = soon("a refusal", data::open(channel, tonic::body::Body::empty(), Token([1; 16]))).await;
    assert!(opened.unwrap_err().contains("belongs to no session"));
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}
