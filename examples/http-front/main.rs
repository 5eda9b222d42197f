//! HTTP in front of services, with axum: `cargo run -p ember-examples --example http-front -- serve`, then `curl -X POST localhost:8080/buy/rope`. Without
//! arguments it asks itself, also while it shuts down.

mod ask;
mod front;
mod shop;

use std::time::Duration;

use ember::prelude::*;
use tokio::{net::TcpListener, sync::watch, time::timeout};

use crate::{
    front::Front,
    shop::{Shop, ShopClient},
};

/// So long requests may take that are under way when the end comes.
const REQUESTS_END: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ember::Result<()> {
    let serve = std::env::args().nth(1).is_some_and(|arg| arg == "serve");
    let listener = TcpListener::bind(if serve { "127.0.0.1:8080" } else { "127.0.0.1:0" }).await?;
    let address = listener.local_addr()?;
    let node = Node::builder().service(Shop::default()).start().await?; // or a node with a registry, and the shop elsewhere
    let shop = node.client::<ShopClient>();

    let (stop, stopped) = watch::channel(false);
    let http = tokio::spawn(front::serve(listener, Front { shop: shop.clone() }, stopped));
    println!("http://{address}/buy/rope");
    if serve {
        told_to_end().await?; // not `node.run()`: the node ends after HTTP, not beside it
        stop.send_replace(true);
    } else {
        ask::questions(address, &node).await;
        ask::the_end(address, &stop, &shop).await;
    }

    // First HTTP: nothing new comes in, and what is under way is answered by services that still run.
    match timeout(REQUESTS_END, http).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => eprintln!("HTTP has failed: {error}"),
        Ok(Err(error)) => eprintln!("HTTP has panicked: {error}"),
        Err(_) => eprintln!("requests had not ended after {REQUESTS_END:?}: they end with the process"),
    }
    node.shutdown().await // then the services
}

/// Ctrl-C, or what a supervisor sends.
async fn told_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
