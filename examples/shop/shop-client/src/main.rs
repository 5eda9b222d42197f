//! `cargo run -p shop-client`, beside `cargo run -p shop-server`.

#[tokio::main]
async fn main() -> ember::Result<()> {
    shop_client::visit().await
}
