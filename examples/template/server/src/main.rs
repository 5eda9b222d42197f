//! Serves until SIGTERM or Ctrl-C: `cargo run -p counter-server`.

use counter_server::CounterService;

#[tokio::main]
async fn main() -> ember::Result<()> {
    tracing_subscriber::fmt().init();
    let node = counter_api::cluster()?.service_with(|| CounterService::new(1_000)).start().await?;
    std::fs::write(std::env::temp_dir().join("counter-server-ready"), "")?; // for the readiness probe
    node.run().await
}
