//! The service: accounts whose sum never changes, and which transfers have been made.

use std::collections::BTreeMap;

use ember::{Replicated, prelude::*};

pub(crate) const ACCOUNTS: u64 = 16;
const FIRST: u64 = 1_000;
/// What all accounts have together.
pub(crate) const SUM: u64 = ACCOUNTS * FIRST;
/// So many transfers that were made more than once are named.
const NAMED: usize = 10;

/// A transfer: the user who asked for it, and that user's number for it.
pub(crate) type Transfer = (u64, u64);

/// What every member has.
#[message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accounts {
    pub(crate) balances: BTreeMap<u64, u64>,
    /// The transfers of each user: the first and the last of those that follow on each other. A user asks for one after the other, so that these are
    /// as many as there were times when nothing was done.
    pub(crate) made: BTreeMap<u64, BTreeMap<u64, u64>>,
    /// How many that are.
    pub(crate) count: u64,
    /// Those that were made again.
    pub(crate) again: Vec<Transfer>,
}

impl Default for Accounts {
    fn default() -> Self {
        let balances = (0..ACCOUNTS).map(|account| (account, FIRST)).collect();
        Self { balances, made: BTreeMap::new(), count: 0, again: Vec::new() }
    }
}

impl Accounts {
    pub(crate) fn has_made(&self, (user, number): Transfer) -> bool {
        let before = self.made.get(&user).and_then(|made| made.range(..=number).next_back());
        before.is_some_and(|(_, last)| *last >= number)
    }

    fn make(&mut self, (user, number): Transfer) {
        self.count += 1;
        if self.has_made((user, number)) {
            if self.again.len() < NAMED {
                self.again.push((user, number));
            }
            return;
        }
        let made = self.made.entry(user).or_default();
        let last = number.checked_add(1).and_then(|next| made.remove(&next)).unwrap_or(number);
        match made.range_mut(..number).next_back() {
            Some((_, before)) if *before + 1 == number => *before = last,
            _ => {
                made.insert(number, last);
            }
        }
    }
}

/// What a member shows of itself.
#[message]
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) sum: u64,
    pub(crate) count: u64,
}

#[message]
pub(crate) struct Entry {
    transfer: Transfer,
    from: u64,
    to: u64,
    amount: u64,
}

#[message]
#[derive(Debug, thiserror::Error)]
#[error("there is too little on the account")]
pub(crate) struct Short;

#[service(name = "bank", elected)]
#[derive(Default)]
pub(crate) struct Bank;

impl Replicated for Bank {
    type State = Accounts;
    type Entry = Entry;
    type Output = ();

    fn apply(accounts: &mut Accounts, entry: &Entry) {
        let Entry { transfer, from, to, amount } = entry;
        // Also if it was made before: then the sum of what users know is wrong, and the transfer is named.
        *accounts.balances.entry(*from).or_default() -= amount;
        *accounts.balances.entry(*to).or_default() += amount;
        accounts.make(*transfer);
    }
}

#[rpc]
impl Bank {
    /// Makes a transfer; which node answers.
    pub(crate) async fn rpc_transfer(
        &mut self,
        cx: &mut Cx<'_, Self>,
        transfer: Transfer,
        from: u64,
        to: u64,
        amount: u64,
    ) -> Result<(), Short> {
        if cx.state().balances.get(&from).is_none_or(|balance| *balance < amount) {
            return Err(Short);
        }
        cx.commit(Entry { transfer, from, to, amount });
        Ok(())
    }

    /// What this member shows.
    #[rpc(read)]
    pub(crate) async fn rpc_sight(&self, cx: &mut Cx<'_, Self>) -> Sight {
        let accounts = cx.state();
        Sight { sum: accounts.balances.values().sum(), count: accounts.count }
    }

    /// All that this member has.
    #[rpc(read)]
    pub(crate) async fn rpc_all(&self, cx: &mut Cx<'_, Self>) -> Accounts {
        cx.state().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_are_kept_as_ranges_and_those_made_again_are_named() {
        let mut accounts = Accounts::default();
        [0, 1, 4, 3, 7, 1, 2].iter().for_each(|number| accounts.make((5, *number)));
        assert_eq!(accounts.made, BTreeMap::from([(5, BTreeMap::from([(0, 4), (7, 7)]))]));
        let made: Vec<_> = (0..10).filter(|number| accounts.has_made((5, *number))).collect();
        assert_eq!(made, [0, 1, 2, 3, 4, 7]);
        assert!(!accounts.has_made((4, 0)));
        assert_eq!((accounts.count, accounts.again), (7, vec![(5, 1)]));
    }
}
