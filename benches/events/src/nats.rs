//! NATS core: a server between, and each process a client of it.

use std::{process::Command, sync::Arc};

use async_nats::Client;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::{sync::mpsc, task::yield_now};

use crate::{
    children::{Child, free_port},
    windows::{NODES, SIZE, SUBSCRIBERS, Tally, publish},
};

/// Starts the server. Where it is.
///
/// # Panics
/// If there is none on this machine.
pub(crate) fn server() -> (Child, String) {
    let port = free_port();
    let mut command = Command::new("nats-server");
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    let child =
        Child::start(&mut command).expect("`nats-server` on this machine: it is a package of Debian of this name");
    (child, format!("nats://127.0.0.1:{port}"))
}

async fn connect(address: &str) -> Client {
    loop {
        match async_nats::connect(address).await {
            Ok(client) => return client,
            Err(_) => yield_now().await,
        }
    }
}

/// Publishes, and says what came of it.
pub(crate) async fn publisher(address: &str) {
    let client = connect(address).await;
    let mut words = client.subscribe("done").await.expect("a subscription");
    client.flush().await.expect("a connection");
    println!("here");
    let (tell, done) = mpsc::channel(64);
    let mut ready = 0;
    while ready < NODES {
        words.next().await.expect("a node that is ready");
        ready += 1;
    }
    tokio::spawn(async move {
        while words.next().await.is_some() {
            let _ = tell.send(()).await;
        }
    });
    let body = Bytes::from(vec![7; SIZE]);
    let one = || async { client.publish("weather", body.clone()).await.expect("a connection") };
    publish(one, done).await;
}

/// Ten subscribers in this process: of as many subscriptions, or of one whose messages are handed on.
pub(crate) async fn subscribers(address: &str, subscriptions: u64) {
    let client = connect(address).await;
    let tally = Arc::new(Tally::default());
    let mut tasks = Vec::new();
    if subscriptions == 1 {
        let mut weather = client.subscribe("weather").await.expect("a subscription");
        let mut to = Vec::new();
        for _ in 0..SUBSCRIBERS {
            let (send, mut receive) = mpsc::channel::<Bytes>(1024);
            let (tally, client) = (Arc::clone(&tally), client.clone());
            to.push(send);
            tasks.push(tokio::spawn(async move {
                let mut taken = 0;
                while let Some(body) = receive.recv().await {
                    take(&body, (&tally, &mut taken), &client).await;
                }
            }));
        }
        tasks.push(tokio::spawn(async move {
            while let Some(message) = weather.next().await {
                for to in &to {
                    to.send(message.payload.clone()).await.expect("a subscriber");
                }
            }
        }));
    } else {
        for _ in 0..subscriptions {
            let mut weather = client.subscribe("weather").await.expect("a subscription");
            let (tally, client) = (Arc::clone(&tally), client.clone());
            tasks.push(tokio::spawn(async move {
                let mut taken = 0;
                while let Some(message) = weather.next().await {
                    take(&message.payload, (&tally, &mut taken), &client).await;
                }
            }));
        }
    }
    // The server has all subscriptions when it has answered.
    client.flush().await.expect("a connection");
    client.publish("done", Bytes::new()).await.expect("a connection");
    for task in tasks {
        task.await.expect("it does not fail");
    }
}

async fn take(body: &Bytes, (tally, taken): (&Tally, &mut u64), client: &Client) {
    assert_eq!(body.len(), SIZE);
    if tally.takes(taken) {
        client.publish("done", Bytes::new()).await.expect("a connection");
    }
}
