//! The bank: all gold is in it, in accounts or in the pots of matches. An order may come twice; it counts once.

use std::collections::BTreeMap;

use ember::prelude::*;

/// What each account begins with.
pub const WELCOME: u64 = 100;

/// Names one charge, however often it is sent.
#[message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    pub player: u32,
    pub game: u32,
}

#[message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    #[error("{has} gold is not enough")]
    Broke { has: u64 },
    #[error("match {0} is over")]
    Over(u32),
}

#[service(name = "bank")]
#[derive(Default)]
pub struct Bank {
    accounts: BTreeMap<u32, u64>,
    pots: BTreeMap<u32, u64>,
    /// What the pot of each match that is over was.
    paid: BTreeMap<u32, u64>,
    /// What became of each order. A real bank forgets the old ones.
    done: BTreeMap<Order, Result<u64, BankError>>,
    /// Every so many receipts one is lost, after the gold has moved; 0: none.
    careless: usize,
    again: u64,
}

#[rpc]
impl Bank {
    /// Moves a stake from the player's account into the pot of the match; returns the gold left. The same order again changes
    /// nothing, and has the first answer.
    pub async fn rpc_charge(
        &mut self,
        cx: &mut Cx<'_, Self>,
        order: Order,
        stake: u64,
    ) -> Deferred<Result<u64, BankError>> {
        let (deferred, replier) = cx.defer();
        if let Some(first) = self.done.get(&order) {
            self.again += 1;
            replier.reply(*first);
            return deferred;
        }
        let outcome = self.charge(order, stake);
        self.done.insert(order, outcome);
        if self.careless > 0 && self.done.len().is_multiple_of(self.careless) {
            drop(replier); // the caller gets `MaybeExecuted`
        } else {
            replier.reply(outcome);
        }
        deferred
    }

    /// Closes a match and gives its pot to `winner`, or to the house; returns the pot. Again: no change, the same answer.
    pub async fn rpc_pay(&mut self, game: u32, winner: Option<u32>) -> u64 {
        if let Some(pot) = self.paid.get(&game) {
            return *pot;
        }
        let pot = self.pots.remove(&game).unwrap_or(0);
        *self.account(winner.unwrap_or(u32::MAX)) += pot;
        self.paid.insert(game, pot);
        pot
    }

    pub async fn rpc_balance(&mut self, player: u32) -> u64 {
        *self.account(player)
    }

    /// The gold that exists, the gold that should, and how many charges came twice.
    #[rpc(priority = "system")]
    pub async fn rpc_audit(&mut self) -> (u64, u64, u64) {
        let all = self.accounts.values().chain(self.pots.values()).sum();
        let players = self.accounts.keys().filter(|id| **id != u32::MAX).count();
        (all, players as u64 * WELCOME, self.again)
    }
}

impl Bank {
    /// A bank that loses one receipt in so many, after the gold has moved.
    pub fn careless(careless: usize) -> Self {
        Self { careless, ..Self::default() }
    }

    fn account(&mut self, player: u32) -> &mut u64 {
        self.accounts.entry(player).or_insert(if player == u32::MAX { 0 } else { WELCOME })
    }

    fn charge(&mut self, order: Order, stake: u64) -> Result<u64, BankError> {
        if self.paid.contains_key(&order.game) {
            return Err(BankError::Over(order.game));
        }
        let account = self.account(order.player);
        let left = account.checked_sub(stake).ok_or(BankError::Broke { has: *account })?;
        *account = left;
        *self.pots.entry(order.game).or_default() += stake;
        Ok(left)
    }
}
