//! Something hangs in a cluster of three processes: a scripted operator, who has never seen the source, finds what by asking each node over HTTP; then a
//! process dies, and the same figures say which.
//!
//! `cargo run -p ember-examples --features telemetry --example hangs`

mod http;
mod member;
mod operator;

#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => operator::run().await,
        ["--member", cluster, name] => member::run(cluster, name).await,
        _ => Err(ember::Error::other("usage: hangs")),
    }
}
