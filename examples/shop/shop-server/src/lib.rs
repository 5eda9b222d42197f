//! The service behind the contract. Clients do not link this crate: they may not know that there is one.

use ember::prelude::*;
use shop_api::{Player, Receipt, ShopError};

/// A player's gold.
#[service(name = "player", implements(Player))]
#[derive(Debug)]
pub struct PlayerService {
    gold: u64,
}

impl Default for PlayerService {
    fn default() -> Self {
        Self { gold: 100 }
    }
}

#[rpc]
impl Player for PlayerService {
    async fn rpc_buy(&mut self, item: String, count: u32) -> Result<Receipt, ShopError> {
        let price = match item.as_str() {
            "rope" => 10,
            "sword" => 70,
            _ => return Err(ShopError::UnknownItem(item)),
        };
        let paid = u64::from(count) * price;
        self.gold = self.gold.checked_sub(paid).ok_or(ShopError::NotEnoughGold(paid))?;
        Ok(Receipt { paid, left: self.gold })
    }

    async fn rpc_gold(&mut self) -> u64 {
        self.gold
    }
}

/// Serves in the cluster `shop` of this machine until Ctrl-C, SIGTERM, or an error.
///
/// # Errors
/// As those of starting and of shutting down a node.
pub async fn serve() -> ember::Result<()> {
    let node = Node::builder().cluster("shop").registry(Embedded::default()).service(PlayerService::default());
    let node = node.start().await?;
    println!("server: {} serves at {}", node.name(), node.endpoint());
    node.run().await
}
