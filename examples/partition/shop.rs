//! What is tested: a till that sells while its bank may be cut off, and settles with it later. It knows nothing of simulations.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use ember::prelude::*;

/// Charges orders, each once.
#[service]
#[derive(Default)]
pub struct Bank {
    orders: BTreeMap<u32, u64>,
    /// Orders that came again.
    again: u32,
}

#[rpc]
impl Bank {
    /// Charges an order; the same one again changes nothing.
    #[rpc(idempotent)]
    pub async fn rpc_charge(&mut self, order: u32, gold: u64) {
        if self.orders.insert(order, gold).is_some() {
            self.again += 1;
        }
    }

    /// The gold of all orders, and how many came again.
    pub async fn rpc_audit(&mut self) -> (u64, u32) {
        (self.orders.values().sum(), self.again)
    }
}

/// What a till has been told.
#[message]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Orders that the bank has not confirmed.
    pub open: BTreeSet<u32>,
    /// Charges that certainly did not happen at first.
    pub refused: u32,
    /// Charges that may have happened.
    pub unknown: u32,
}

/// Sells at once, and charges in the background.
#[service]
#[derive(Default)]
pub struct Till {
    told: Told,
}

#[rpc]
impl Till {
    /// Sells something for 10 gold.
    pub async fn rpc_sell(&mut self, cx: &mut Cx<'_, Self>, order: u32) {
        self.told.open.insert(order);
        let charge = cx.client::<BankClient>().rpc_charge(order, 10);
        charge.timeout(Duration::from_secs(1)).then(cx, move |me, _, outcome| match outcome {
            Ok(()) => drop(me.told.open.remove(&order)),
            Err(CallError::NotExecuted(_)) => me.told.refused += 1,
            Err(CallError::MaybeExecuted(_)) => me.told.unknown += 1,
            Err(CallError::App(never)) => match never {},
        });
    }

    /// Asks again for what is open, under the same number: whether it was charged before makes no difference.
    #[every("1s")]
    async fn settle(&mut self, cx: &mut Cx<'_, Self>) {
        let bank = cx.client::<BankClient>();
        for order in self.told.open.clone() {
            if bank.rpc_charge(order, 10).timeout(Duration::from_millis(500)).await.is_err() {
                return; // later
            }
            self.told.open.remove(&order);
        }
    }

    /// What it has been told.
    pub async fn rpc_told(&mut self) -> Told {
        self.told.clone()
    }
}
