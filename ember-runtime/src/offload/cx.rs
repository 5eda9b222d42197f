//! Offloading from within a handler.

use super::{
    key::{Line, OffloadKey},
    offloaded::Offloaded,
    piece::{By, Run},
    pool::Pool,
};
use crate::actor::{Cx, Unit};

impl<U: Unit> Cx<'_, U> {
    /// Describes blocking work for a thread of the node's pool: a synchronous client of a database, files, hashing, compression. It begins with
    /// [`.then(cx, |me, cx, done| …)`](Offloaded::then), which does not wait, or with `.await`, which has the service wait. `done` is what the work
    /// returns, or an [`OffloadError`](crate::error::OffloadError): a panic of the work is one, and harms neither the pool nor the service.
    ///
    /// Work that a service offloads under the same [`key`](OffloadKey) runs one piece after the other, in that order, blocking work and
    /// [futures](Self::offload_async) together, and the callbacks come in that order. A free thread takes the next key that has waited longest, and one
    /// piece of it, so a key with much work does not hold up the others. With [`Unordered`](super::Unordered) there is no order. A key costs nothing when its work is done.
    ///
    /// The pool has bounds ([`Offload`](super::Offload)); when they are met, that is the error [`Full`](crate::error::OffloadError::Full) at once.
    ///
    /// The work runs in the present `tracing` span, with the node's runtime at hand (`tokio::runtime::Handle::current()`), and knows nothing else of the
    /// handler: the deadline of the caller does not end it, and calls that it makes are made outside of any handler. In a simulation it runs on the one thread that
    /// there is, so that a seed replays: there it must not wait for anything else.
    pub fn offload<K, F, T>(&self, key: K, work: F) -> Offloaded<T>
    where
        K: OffloadKey,
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.offloaded(&key, Run::Blocking(Box::new(work)))
    }

    /// The same for a future, which runs as a task of the node's runtime, and is dropped when its owner ends.
    ///
    /// It is for what is to have an order or a bound, or is to end with the service: a future that needs none of them is as well off in `tokio::spawn`.
    pub fn offload_async<K, W>(&self, key: K, work: W) -> Offloaded<W::Output>
    where
        K: OffloadKey,
        W: Future<Output: Send + 'static> + Send + 'static,
    {
        self.offloaded(&key, Run::Async(Box::pin(work)))
    }

    fn offloaded<T>(&self, key: &impl OffloadKey, run: Run<T>) -> Offloaded<T> {
        let line = key.line().map(|key| Line::Keyed { service: self.pid().number, key });
        let by = By { service: self.core.cell.name(), method: self.ambient.method };
        Offloaded { pool: self.core.host.get::<Pool>(), line, by, run }
    }
}
