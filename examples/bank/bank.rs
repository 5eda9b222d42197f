//! The service: accounts whose sum never changes.

use std::collections::BTreeMap;

use ember::{Replicated, prelude::*};

pub(crate) const ACCOUNTS: u64 = 10;
const FIRST: u64 = 1_000;

/// What every instance has. It is changed by entries alone.
#[message]
pub(crate) struct Accounts(BTreeMap<u64, u64>);

impl Default for Accounts {
    fn default() -> Self {
        Self((0..ACCOUNTS).map(|account| (account, FIRST)).collect())
    }
}

impl Accounts {
    pub(crate) fn balances(&self) -> Vec<u64> {
        self.0.values().copied().collect()
    }

    /// What is left where it was taken.
    pub(crate) fn transfer(&mut self, from: u64, to: u64, amount: u64) -> u64 {
        *self.0.entry(to).or_default() += amount;
        let left = self.0.entry(from).or_default();
        *left -= amount;
        *left
    }
}

#[message]
pub(crate) enum Entry {
    Moved { from: u64, to: u64, amount: u64 },
}

#[message]
#[derive(Debug, thiserror::Error)]
pub(crate) enum BankError {
    #[error("there are {balance} on the account")]
    Short { balance: u64 },
    #[error("there is no such account")]
    NoAccount,
}

#[service(elected)]
#[derive(Default)]
pub(crate) struct Bank;

impl Replicated for Bank {
    type State = Accounts;
    type Entry = Entry;
    type Output = u64;

    fn apply(accounts: &mut Accounts, entry: &Entry) -> u64 {
        let Entry::Moved { from, to, amount } = *entry;
        accounts.transfer(from, to, amount)
    }
}

#[rpc]
impl Bank {
    /// Moves money; what is left on the first account. The reply comes when every member that counts has the entry.
    pub(crate) async fn rpc_move(
        &mut self,
        cx: &mut Cx<'_, Self>,
        from: u64,
        to: u64,
        amount: u64,
    ) -> Result<u64, BankError> {
        let Accounts(accounts) = cx.state();
        let balance = *accounts.get(&from).ok_or(BankError::NoAccount)?;
        if !accounts.contains_key(&to) {
            return Err(BankError::NoAccount);
        }
        if balance < amount {
            return Err(BankError::Short { balance });
        }
        Ok(cx.commit(Entry::Moved { from, to, amount }))
    }

    /// All balances, from whichever instance is asked.
    #[rpc(read)]
    pub(crate) async fn rpc_balances(&self, cx: &mut Cx<'_, Self>) -> Vec<u64> {
        cx.state().balances()
    }
}
