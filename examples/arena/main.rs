//! A small game on three processes: a bank, a match maker, a chat, and players by the thousand. One process is killed in the
//! middle; no gold is lost or made.
//!
//! `cargo run -p ember-examples --example arena` ends by itself in under 20 s.

mod bank;
mod chat;
mod director;
mod maker;
mod member;
mod player;

#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => director::run().await,
        ["town", cluster] => member::town(cluster).await,
        [name, cluster, first, count] => {
            let number = |text: &str| text.parse().map_err(ember::Error::other);
            member::land(cluster, name, number(first)?, number(count)?).await
        }
        _ => Err(ember::Error::other("usage: arena")),
    }
}
