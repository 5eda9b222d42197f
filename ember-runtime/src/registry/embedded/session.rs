//! A session with whoever serves, over the socket, beside a task that stands ready to serve.

use std::{io, path::Path, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::{sync::Notify, time::timeout};

use super::{holder, place::Place, standby::Standby};
use crate::{
    net::{BoxStream, Endpoint, Listener, Network},
    registry::{
        LeaseId, RegistryError,
        api::{Context, Lease, Result, Session, Snapshot, Transaction, TransactionOutcome, Watch, WatchItem},
        in_process,
        remote::{BuiltIn, Connector, OPERATION, RemoteSession},
        store::Store,
    },
};

/// How long an operation waits for a host to appear.
const PATIENCE: Duration = Duration::from_secs(1);

/// A watch of what this process serves, and the end of that.
type Watched = (Watch, BoxFuture<'static, ()>);

/// A session with an embedded registry; serves it, if nobody else does.
///
/// What it writes goes over the socket. While this process serves, what it reads comes from the store itself: each of a few hundred
/// nodes of one process that start at once hears of all others, and would have each event encoded and decoded for itself.
#[derive(Debug)]
pub(super) struct EmbeddedSession {
    remote: RemoteSession,
    standby: Arc<Standby>,
    place: Place,
}

impl EmbeddedSession {
    pub(super) async fn open(folder: Option<&Path>, in_memory: bool, context: Context) -> Result<Self> {
        let place = Place::find(folder, &context.cluster)?;
        place.prepare()?;
        let standby = Standby::of(&place, in_memory, &context);
        let network = Reporting { network: Arc::clone(&context.network), refused: standby.refused() };
        let server = BuiltIn::new(Arc::new(network), Endpoint::Unix(place.socket().into()));
        let connector = Connector::new(&context, vec![Box::new(server)], PATIENCE);
        Ok(Self { remote: RemoteSession::new(connector), standby, place })
    }

    /// Has what went wrong say whose registry it is: nobody gave its address, or knows which process serves it.
    async fn explained<T>(&self, operation: BoxFuture<'_, Result<T>>) -> Result<T> {
        operation.await.map_err(|error| explain(error, &self.standby, &self.place))
    }
}

impl Session for EmbeddedSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease>> {
        self.explained(self.remote.grant(ttl)).boxed()
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease>> {
        self.explained(self.remote.keep_alive(lease)).boxed()
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.explained(self.remote.revoke(lease)).boxed()
    }

    fn apart(&self) -> Option<Arc<dyn Session>> {
        self.remote.apart()
    }

    fn connections(&self) -> u64 {
        // What serves here is there as long as the process.
        if self.standby.store().is_some() { u64::MAX } else { self.remote.connections() }
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>> {
        match self.standby.store() {
            Some(store) => self.explained(list(store, prefix).boxed()).boxed(),
            None => self.explained(self.remote.list(prefix)).boxed(),
        }
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        self.explained(self.remote.commit(transaction)).boxed()
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>> {
        let Some(store) = self.standby.store() else {
            let (watch, standby, place) =
                (self.remote.watch(prefix, from), Arc::clone(&self.standby), self.place.clone());
            return async move {
                let watch = self.explained(watch).await?;
                // What breaks it is often the first that is heard of the end of whoever serves.
                Ok(watch.map(move |item| item.map_err(|error| explain(error, &standby, &place))).boxed())
            }
            .boxed();
        };
        let stopped = self.standby.stopped(&store).boxed();
        async move {
            let watch = in_process::session(store).watch(prefix, from).await?;
            Ok(stream::unfold(Some((watch, stopped)), next).boxed())
        }
        .boxed()
    }
}

/// What is in a store of this process, when it is kept: within the bound of an operation over the socket, as the disk may never answer.
async fn list(store: Store, prefix: String) -> Result<Snapshot> {
    timeout(OPERATION, in_process::session(store).list(prefix)).await.unwrap_or_else(|_| {
        let why = format!("what is in it was not written to its file within {OPERATION:?}; does the disk answer?");
        Err(RegistryError::Unavailable(why))
    })
}

fn explain(error: RegistryError, standby: &Standby, place: &Place) -> RegistryError {
    match error {
        RegistryError::Unavailable(why) => {
            let holder = if standby.store().is_some() { holder::this_process() } else { holder::of(place.lock()) };
            RegistryError::Unavailable(format!("{why} (the embedded registry; {holder})"))
        }
        other => other,
    }
}

/// As over a connection: a watch ends with what serves it, and says so.
async fn next(watched: Option<Watched>) -> Option<(Result<WatchItem>, Option<Watched>)> {
    let (mut watch, mut stopped) = watched?;
    tokio::select! {
        biased;
        item = watch.next() => item.map(|item| (item, Some((watch, stopped)))),
        () = &mut stopped => {
            let ended = RegistryError::Unavailable("this process serves the embedded registry no more".into());
            Some((Err(ended), None))
        }
    }
}

/// Tells the standby at once when nobody answers.
#[derive(Debug)]
struct Reporting {
    network: Arc<dyn Network>,
    refused: Arc<Notify>,
}

impl Network for Reporting {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<BoxStream>> {
        Box::pin(async move {
            let outcome = self.network.connect(endpoint).await;
            if outcome.is_err() {
                self.refused.notify_one();
            }
            outcome
        })
    }

    fn bind<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        self.network.bind(endpoint)
    }

    fn works_anywhere(&self) -> bool {
        self.network.works_anywhere()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::registry::store::Contents;

    #[tokio::test(start_paused = true)]
    async fn a_list_of_this_process_waits_no_longer_for_a_disk_than_one_of_another() {
        // Nobody keeps it: the disk does not answer.
        let (store, _log) = Store::kept(&Contents::default(), 1);
        assert!(list(store.clone(), String::new()).await.is_ok());
        store.grant(None, Duration::from_secs(60)).unwrap();
        let asked = Instant::now();
        let refused = list(store, String::new()).await;
        assert!(matches!(&refused, Err(RegistryError::Unavailable(why)) if why.contains("disk")), "{refused:?}");
        assert_eq!(asked.elapsed().as_secs(), OPERATION.as_secs());
    }
}
