//! Many hands on three processes: isles that are sharded, an oracle that is concurrent, storms that every shard hears of, a tide of fixed steps, maps that are drawn outside
//! of the services, and workers that follow the load. One process is killed in the end, and the others go on.
//!
//! `cargo run -p ember-examples --example isles` ends by itself in some seconds.

mod director;
mod isles;
mod oracle;

use std::time::Duration;

use ember::{prelude::*, registry::Embedded, scale::Scaled};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => director::run().await,
        ["--member", cluster, name] => member(cluster, name).await,
        _ => Err(ember::Error::other("usage: isles")),
    }
}

/// Says what has become of the workers of its node.
#[service]
pub struct Foreman {
    node: String,
}

#[rpc]
impl Foreman {
    #[on(event)]
    async fn scaled(&mut self, scaled: &Scaled) {
        let it = &scaled.decision;
        if it.is_change() {
            println!("  {}: {} workers of {} → {}, as {}", self.node, it.from, scaled.service, it.to, it.why);
        }
    }
}

/// One process, with its share of the isles.
async fn member(cluster: &str, name: &str) -> ember::Result<()> {
    let scale = Scale::queue_depth(4).every(Duration::from_millis(200));
    let node = Node::builder()
        .name(name)
        .cluster(cluster)
        .registry(Embedded::default())
        .lease(Duration::from_secs(2))
        .service(Foreman { node: name.into() })
        .service(Hosted::with(isles::Isles::default).scale(scale))
        .service_with(oracle::Oracle::default)
        .start()
        .await?;
    // The director closes our standard input when we shall end; if the director dies, that happens as well.
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    node.shutdown().await
}
