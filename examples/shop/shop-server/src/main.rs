//! `cargo run -p shop-server`; Ctrl-C ends it.

#[tokio::main]
async fn main() -> ember::Result<()> {
    shop_server::serve().await
}
