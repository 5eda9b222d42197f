//! The shop, and the wallet that pays for what it sells.

use std::collections::BTreeMap;

use ember::prelude::*;

/// What was sold, by item.
#[message]
#[derive(Default)]
pub struct Books(BTreeMap<u64, u64>);

#[message]
pub enum Sale {
    Sold { item: u64, price: u64 },
}

#[service(elected)]
#[derive(Default)]
pub struct Shop;

impl Replicated for Shop {
    type State = Books;
    type Entry = Sale;
    type Output = u64;

    fn apply(state: &mut Books, entry: &Sale) -> u64 {
        let Sale::Sold { item, price } = entry;
        let sold = state.0.entry(*item).or_default();
        *sold += price;
        *sold
    }
}

#[rpc]
impl Shop {
    /// The sale and the payment are in one record: there is none without the other.
    pub async fn rpc_sell(&mut self, cx: &mut Cx<'_, Self>, item: u64, price: u64) -> u64 {
        let wallet = cx.client::<WalletClient>();
        cx.commit_and_send(Sale::Sold { item, price }, wallet.rpc_pay(price))
    }

    pub async fn rpc_sold(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0.values().sum()
    }
}

/// What was paid.
#[message]
#[derive(Default)]
pub struct Paid(u64);

#[service(elected)]
#[derive(Default)]
pub struct Wallet;

impl Replicated for Wallet {
    type State = Paid;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Paid, price: &u64) -> u64 {
        state.0 += price;
        state.0
    }
}

#[rpc]
impl Wallet {
    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, price: u64) -> u64 {
        cx.commit(price)
    }

    pub async fn rpc_paid(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0
    }
}
