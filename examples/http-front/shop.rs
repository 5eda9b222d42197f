//! What stands behind it.

use ember::prelude::*;

#[message]
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ShopError {
    #[error("there is no {0} here")]
    UnknownItem(String),
    #[error("needs {0} gold")]
    NotEnoughGold(u64),
}

#[service]
pub struct Shop {
    gold: u64,
    parcels: Vec<Replier<Result<u64, ShopError>>>,
}

impl Default for Shop {
    fn default() -> Self {
        Self { gold: 100, parcels: Vec::new() }
    }
}

#[rpc]
impl Shop {
    /// Buys one; returns the gold left. A parcel is answered when it is sent off, which may be too late.
    pub async fn rpc_buy(&mut self, cx: &mut Cx<'_, Self>, item: String) -> Deferred<Result<u64, ShopError>> {
        let (deferred, replier) = cx.defer();
        match item.as_str() {
            "rope" => match self.gold.checked_sub(60) {
                Some(left) => {
                    self.gold = left;
                    replier.reply(Ok(left));
                }
                None => replier.reply(Err(ShopError::NotEnoughGold(60))),
            },
            "parcel" => self.parcels.push(replier),
            _ => replier.reply(Err(ShopError::UnknownItem(item))),
        }
        deferred
    }

    /// How many parcels wait.
    pub async fn rpc_waiting(&mut self) -> usize {
        self.parcels.len()
    }

    /// Sends all parcels off; returns how many.
    pub async fn rpc_send_off(&mut self) -> usize {
        let left = self.gold;
        self.parcels.drain(..).map(|replier| replier.reply(Ok(left))).count()
    }
}
