//! Three crates: `shop-api` has the contract, `shop-server` fulfils it, `shop-client` calls it without knowing the server.
//!
//! This program is both sides at once, in two processes. To see them apart, run `cargo run -p shop-server` in one terminal and
//! `cargo run -p shop-client` in another; `cargo tree -p shop-client` shows that the client is built without the server.

use std::process::{Child, Command};

#[tokio::main]
async fn main() -> ember::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return shop_server::serve().await;
    }
    let _server = KillOnDrop(Command::new(std::env::current_exe()?).arg("serve").spawn()?);
    shop_client::visit().await
}

/// The server's process.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}
