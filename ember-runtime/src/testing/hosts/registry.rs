//! The host of the registry: the store of the embedded registry, served over etcd's protocol.

use std::{
    cell::RefCell,
    mem,
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use tokio::{sync::Notify, time::sleep};

use super::process::{Endless, Process};
use crate::{
    directory::MasterRecord,
    id::NodeKey,
    net::{Endpoint, Network},
    registry::{
        Context, Registry, RegistryError, Session,
        remote::{BuiltIn, Connector, RemoteSession},
        server::{ServerHandle, serve},
        store::{Record, Store},
    },
    rng::Rng,
    testing::network::Kernel,
};

pub(in crate::testing) const HOST: &str = "registry";
const ADDRESS: &str = "registry:2379";
const LISTEN: &str = "0.0.0.0:2379";

/// The registry, and whether it is served.
pub(in crate::testing) struct RegistryHost {
    pub(in crate::testing) kernel: Kernel,
    pub(in crate::testing) process: Rc<Process>,
    rng: Rng,
    wanted: RefCell<Wanted>,
    changed: Notify,
}

struct Wanted {
    store: Store,
    up: bool,
    /// Changes with each end: it may be up again before it was seen to be down.
    ends: u64,
    /// Nodes whose leases are to end.
    expiring: Vec<NodeKey>,
    /// What it had whenever it came back with less.
    lost: Vec<Arc<Record>>,
}

impl Wanted {
    /// It is to have this instead of what it has.
    fn becomes(&mut self, store: Store) {
        self.lost.extend(self.store.all());
        self.store = store;
    }
}

impl RegistryHost {
    pub(in crate::testing) fn new(kernel: Kernel, rng: Rng) -> Rc<Self> {
        let store = Store::new(rng.u64());
        let wanted = RefCell::new(Wanted { store, up: true, ends: 0, expiring: Vec::new(), lost: Vec::new() });
        Rc::new_cyclic(|host: &Weak<Self>| {
            let host = host.clone();
            let software = move || {
                let host = host.upgrade();
                async move {
                    if let Some(host) = host {
                        host.run().await;
                    }
                }
                .boxed_local()
            };
            let process = Rc::new(Process::new(Box::new(software), Endless::default()));
            Self { kernel, process, rng, wanted, changed: Notify::new() }
        })
    }

    pub(in crate::testing) fn down(&self) {
        let mut wanted = self.wanted.borrow_mut();
        (wanted.up, wanted.ends) = (false, wanted.ends + 1);
        drop(wanted);
        self.changed.notify_one();
    }

    /// A copy of what it has.
    pub(in crate::testing) fn copied(&self) -> Store {
        self.wanted.borrow().store.copied(self.rng.u64())
    }

    /// The entries that can be read so, with their keys.
    pub(in crate::testing) fn written<T: DeserializeOwned>(&self) -> Vec<(String, T)> {
        read(&self.wanted.borrow().store.all())
    }

    /// Those that it had when it came back with less, each time.
    pub(in crate::testing) fn lost<T: DeserializeOwned>(&self) -> Vec<(String, T)> {
        read(&self.wanted.borrow().lost)
    }

    /// From now on it has this; if it is up, after an end.
    pub(in crate::testing) fn restore(&self, copy: &Store) {
        let mut wanted = self.wanted.borrow_mut();
        wanted.becomes(copy.copied(self.rng.u64()));
        wanted.ends += 1;
        drop(wanted);
        self.changed.notify_one();
    }

    /// Ends the leases of a node, if it is up.
    pub(in crate::testing) fn expire(&self, node: NodeKey) {
        self.wanted.borrow_mut().expiring.push(node);
        self.changed.notify_one();
    }

    pub(in crate::testing) fn up(&self, keep: bool) {
        let mut wanted = self.wanted.borrow_mut();
        if !keep {
            wanted.becomes(Store::new(self.rng.u64()));
        }
        wanted.up = true;
        drop(wanted);
        self.changed.notify_one();
    }

    /// The software of the host.
    async fn run(self: Rc<Self>) {
        let mut serving: Option<(ServerHandle, u64)> = None;
        loop {
            let (store, ends, expiring) = {
                let mut wanted = self.wanted.borrow_mut();
                let expiring = mem::take(&mut wanted.expiring);
                (wanted.up.then(|| wanted.store.clone()), wanted.ends, expiring)
            };
            if let Some((server, _)) = serving.take_if(|(_, began)| *began != ends) {
                server.stop().await;
            }
            if let Some(store) = store {
                if serving.is_none() {
                    store.restarted();
                    serving = Some((self.serve(store.clone()).await, ends));
                }
                for lease in expiring.into_iter().flat_map(|node| store.leases_of(|it| is_held_by(node, it))) {
                    let _known = store.revoke(lease);
                }
            }
            self.changed.notified().await;
        }
    }

    async fn serve(&self, store: Store) -> ServerHandle {
        loop {
            match self.kernel.bind(&Endpoint::Tcp(LISTEN.into())).await {
                Ok(listener) => return serve(store, listener),
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        }
    }
}

fn read<T: DeserializeOwned>(records: &[Arc<Record>]) -> Vec<(String, T)> {
    let read = |it: &Arc<Record>| {
        Some((String::from_utf8_lossy(&it.key).into_owned(), serde_json::from_slice(&it.value).ok()?))
    };
    records.iter().filter_map(read).collect()
}

/// Whether an entry lives by a lease of this node: its own, or that of an office.
fn is_held_by(node: NodeKey, record: &Record) -> bool {
    let is_master = || serde_json::from_slice(&record.value).is_ok_and(|it: MasterRecord| it.pid.node == node);
    record.key.ends_with(format!("/nodes/{}.{}", node.id, node.incarnation).as_bytes()) || is_master()
}

/// How nodes reach it: by the client that is built in, whichever features there are.
#[derive(Debug)]
pub(in crate::testing) struct SimRegistry;

impl Registry for SimRegistry {
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>, RegistryError>> {
        async move {
            let server = BuiltIn::new(Arc::clone(&context.network), Endpoint::Tcp(ADDRESS.into()));
            let connector = Connector::new(&context, vec![Box::new(server)], Duration::ZERO);
            Ok(Arc::new(RemoteSession::new(connector)) as Arc<dyn Session>)
        }
        .boxed()
    }

    fn spans_machines(&self) -> bool {
        true
    }

    fn reached_at(&self) -> Option<String> {
        Some(ADDRESS.into())
    }
}
