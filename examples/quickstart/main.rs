//! Three processes form a cluster on the embedded registry, call each other all the time, and lose the very process that
//! hosts the registry: calls go on, and each call that was on its way to the dead process ends with a definite outcome.
//!
//! `cargo run -p ember-examples --example quickstart` ends by itself in under 20 s; `-- --stay` keeps it running until Ctrl-C.

mod director;
mod member;
mod report;
mod screen;

#[tokio::main]
async fn main() -> ember::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => director::run(false).await,
        ["--stay"] => director::run(true).await,
        ["--member", cluster, name] => member::run(cluster, name).await,
        _ => Err(ember::Error::other("usage: quickstart [--stay]")),
    }
}
