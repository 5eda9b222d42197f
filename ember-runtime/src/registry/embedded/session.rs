//! A session: etcd's, over the socket, beside a task that stands ready to serve.

use std::{fmt, io, path::Path, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{sync::Notify, task::JoinHandle, time::sleep};

use super::{host::Host, place::Place};
use crate::{
    net::{BoxStream, Endpoint, Listener, Network, REGISTRY},
    registry::{
        api::{Context, Lease, LeaseId, Result, Session, Snapshot, Transaction, TransactionOutcome, Watch},
        etcd::{Address, Connector, EtcdSession},
    },
    rng::Rng,
};

/// How often a session looks whether somebody serves: every 150 to 250 ms, so that many do not do so at once.
const LOOK: Duration = Duration::from_millis(150);
const JITTER: Duration = Duration::from_millis(100);
/// How long an operation waits for a host to appear.
const PATIENCE: Duration = Duration::from_secs(1);

/// A session with an embedded registry; serves it, if nobody else does.
#[derive(Debug)]
pub(super) struct EmbeddedSession {
    etcd: EtcdSession,
    _standby: AbortOnDrop,
}

impl EmbeddedSession {
    pub(super) async fn open(folder: Option<&Path>, context: Context) -> Result<Self> {
        let place = Place::find(folder, &context.cluster)?;
        place.prepare()?;
        let refused = Arc::new(Notify::new());
        let address = Address { endpoint: Endpoint::Unix(place.socket().into()), secure: false };
        let network = Arc::new(Reporting { network: Arc::clone(&context.network), refused: Arc::clone(&refused) });
        let rng = context.rng.clone();
        let standby =
            Standby { host: None, place, network: Arc::clone(&context.network), refused, rng, complained: false };
        // Other processes are served, too, while a handler blocks every worker of this one.
        let thread = context.network.works_anywhere().then(|| REGISTRY.handle()).flatten();
        let connector = Connector::new(&Context { network, ..context }, &[address], None, None, PATIENCE)?;
        let standby = match thread {
            Some(thread) => thread.spawn(standby.run()),
            None => tokio::spawn(standby.run()),
        };
        Ok(Self { etcd: EtcdSession::new(connector), _standby: AbortOnDrop(standby) })
    }
}

/// Serves whenever nobody else does.
struct Standby {
    host: Option<Host>,
    place: Place,
    network: Arc<dyn Network>,
    refused: Arc<Notify>,
    rng: Rng,
    complained: bool,
}

impl Standby {
    async fn run(mut self) {
        loop {
            let outcome = self.step().await;
            if let Err(error) = &outcome
                && !self.complained
            {
                tracing::error!(target: "ember::registry", socket = %self.place.socket().display(), %error, "the embedded registry cannot be served");
            }
            self.complained = outcome.is_err();
            tokio::select! {
                biased;
                () = self.refused.notified() => {}
                () = sleep(LOOK + self.rng.jitter(JITTER)) => {}
            }
        }
    }

    async fn step(&mut self) -> io::Result<()> {
        // Somebody may have cleaned up.
        self.place.prepare().map_err(io::Error::other)?;
        if let Some(host) = &mut self.host {
            if let Err(error) = host.check(&*self.network).await {
                tracing::warn!(target: "ember::registry", %error, "this process stops serving the embedded registry");
                self.host = None;
            }
        } else {
            self.host = Host::try_start(&self.place, &*self.network, &self.rng).await?;
            if self.host.is_some() {
                tracing::info!(target: "ember::registry", socket = %self.place.socket().display(), "this process serves the embedded registry");
            }
        }
        Ok(())
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

impl Session for EmbeddedSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease>> {
        self.etcd.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease>> {
        self.etcd.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<()>> {
        self.etcd.revoke(lease)
    }

    fn apart(&self) -> Option<Arc<dyn Session>> {
        self.etcd.apart()
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>> {
        self.etcd.list(prefix)
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        self.etcd.commit(transaction)
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>> {
        self.etcd.watch(prefix, from)
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for AbortOnDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("running")
    }
}
