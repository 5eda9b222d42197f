//! A bank on three processes. One of them is killed with SIGKILL again and again, mostly the one that acts; the money is moved on, and
//! its sum never changes: there is no database, and no code here that hands anything over. A read model beside it follows each move.
//!
//! `cargo run -p ember-examples --example bank` ends by itself in about half a minute.

mod bank;
mod director;
mod statement;

use ember::{prelude::*, registry::Embedded};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => director::run().await,
        ["--member", cluster, name] => member(cluster, name).await,
        _ => Err(ember::Error::other("usage: bank")),
    }
}

/// One process, with an instance of the bank.
async fn member(cluster: &str, name: &str) -> ember::Result<()> {
    let node = Node::builder()
        .name(name)
        .cluster(cluster)
        .registry(Embedded::default())
        .lease(std::time::Duration::from_secs(2))
        .service(bank::Bank)
        .start()
        .await?;
    // The director closes our standard input when we shall end; if the director dies, that happens as well.
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    node.shutdown().await
}
