//! Asks as a user of HTTP would, and looks whether the answers are right.

use std::net::SocketAddr;

use ember::prelude::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use crate::shop::ShopClient;

pub async fn questions(address: SocketAddr, node: &Node) {
    expect(address, "rope", 200, "40 gold left").await;
    expect(address, "rope", 409, "needs 60 gold").await;
    expect(address, "moon", 404, "there is no moon here").await;
    expect(address, "parcel", 504, "perhaps it was bought").await; // nobody sends it off: after 2 s
    let pid = node.services()[0];
    assert!(node.pause(pid));
    expect(address, "rope", 503, "nothing was bought").await;
    assert!(node.resume(pid));
    node.wait_for_view(|view| view.instances()[0].state() == ember::ServiceState::Running).await;
}

/// A request that is under way when the end is called out gets its answer.
pub async fn the_end(address: SocketAddr, stop: &watch::Sender<bool>, shop: &ShopClient) {
    let before = shop.rpc_waiting().await.expect("it runs");
    let asked = tokio::spawn(async move { expect(address, "parcel", 200, "40 gold left").await });
    while shop.rpc_waiting().await.expect("it runs") == before {
        tokio::task::yield_now().await;
    }
    stop.send_replace(true);
    shop.rpc_send_off().await.expect("HTTP ends before the node");
    asked.await.expect("the request was answered");
}

async fn expect(address: SocketAddr, item: &str, status: u16, body: &str) {
    let answer = post(address, item).await.unwrap_or_else(|error| panic!("no answer about {item}: {error}"));
    println!("POST /buy/{item}: {}", answer.lines().next().unwrap_or_default());
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{item}: {answer}");
    assert!(answer.ends_with(body), "{item}: {answer}");
}

async fn post(address: SocketAddr, item: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!("POST /buy/{item} HTTP/1.1\r\nhost: shop\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
