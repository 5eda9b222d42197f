//! Calling from within a handler.

use std::sync::Arc;

use super::{
    client::{Client, HasLocalClient, Plain},
    select::Select,
    single::Call,
};
use crate::{
    actor::{Cx, InGroup, Replicated, Unit},
    call::{requests::OwedCall, routes::Router},
    message::Method,
};

impl<U: Unit> Cx<'_, U> {
    /// A client for any live instance, in turn.
    pub fn client<C: Client>(&self) -> Plain<C> {
        self.select::<C>().client()
    }

    /// A client for what the filters say.
    pub fn select<C: Client>(&self) -> Select<C> {
        Select::new(self.router())
    }

    /// A client for the service `S` on this node, with its `api_` methods.
    pub fn local<S: HasLocalClient>(&self) -> S::LocalClient {
        self.router().local::<S>()
    }

    /// Changes the state, as [`commit`](Self::commit) does, and has `call` made once that is acknowledged: both are in the same record, so neither is
    /// without the other. Whoever is the master makes the call, again and again, until it has been answered; its reply is for nobody.
    ///
    /// So it is made **at least once**. If its callee is replicated too, it knows a repetition, and runs it once. Calls to one service are
    /// made in the order in which they were committed; a call that is refused (`NotExecuted`) holds those behind it back. An error of the
    /// method's is an answer, and is said in the log.
    ///
    /// Of the call go along: whom it is for, the method and its arguments. Headers, extensions, a time-out, an id, and what is set for retries do not.
    /// Until it has been answered it is part of the state that others learn; how many there are is not bounded.
    ///
    /// ```ignore
    /// let wallet = cx.client::<WalletClient>();
    /// cx.commit_and_send(Entry::Sold { item }, wallet.rpc_credit(order, price))
    /// ```
    ///
    /// # Panics
    /// As [`commit`](Self::commit). And if the call cannot travel: its method is called on its own node only, or the arguments cannot be written.
    pub fn commit_and_send<R: Replicated, M: Method>(&mut self, entry: R::Entry, call: Call<M>) -> R::Output
    where
        U: InGroup<Root = R>,
    {
        match OwedCall::written(call.request()) {
            Ok(call) => self.commit_and_owe(&entry, call),
            Err(error) => panic!("a call to be sent with an entry cannot be written: {error}"),
        }
    }

    fn router(&self) -> Arc<Router> {
        self.core.host.get()
    }
}
