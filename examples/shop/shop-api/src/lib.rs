//! The contract of a shop: what any node may ask of a player, and the messages for it. No state, no code that runs.

use ember::prelude::*;

/// What can go wrong.
#[message]
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopError {
    /// The player is too poor.
    #[error("needs {0} gold")]
    NotEnoughGold(u64),
    /// The shop does not sell this.
    #[error("there is no {0} here")]
    UnknownItem(String),
}

/// What is left after a purchase.
#[message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What was paid.
    pub paid: u64,
    /// The gold left.
    pub left: u64,
}

/// A player who buys.
#[rpc]
pub trait Player {
    /// Buys `count` of `item`.
    async fn rpc_buy(&self, item: String, count: u32) -> Result<Receipt, ShopError>;

    /// The gold that the player has.
    async fn rpc_gold(&self) -> u64;
}
