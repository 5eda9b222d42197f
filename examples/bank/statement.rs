//! A read model: what is on each account, from the entries of the bank alone. It is on another node, and is no member of the bank's group.

use ember::{EntryGap, Posted, prelude::*};

use crate::bank::{Accounts, Bank, Entry};

/// Begins with the bank's first entry, and has each once, whoever is killed meanwhile.
#[service]
#[derive(Default)]
pub(crate) struct Statement {
    accounts: Accounts,
    moves: u64,
}

#[rpc]
impl Statement {
    #[on(start)]
    fn begin(&mut self, cx: &mut Cx<'_, Self>) {
        cx.follow::<Bank>().all();
    }

    #[on(entry)]
    fn moved(&mut self, posted: &Posted<Bank>) {
        let Entry::Moved { from, to, amount } = posted.entry;
        self.accounts.transfer(from, to, amount);
        self.moves += 1;
    }

    /// What is missing is in the state.
    #[on(gap)]
    async fn anew(&mut self, cx: &mut Cx<'_, Self>, _gap: &EntryGap<Bank>) -> ember::Result<()> {
        let snapshot = cx.follow::<Bank>().snapshot().await?;
        self.accounts = snapshot.state;
        cx.follow::<Bank>().after(snapshot.at);
        Ok(())
    }

    /// How many moves it has been told of, and what they come to.
    pub(crate) async fn api_balances(&self) -> (u64, Vec<u64>) {
        (self.moves, self.accounts.balances())
    }
}
