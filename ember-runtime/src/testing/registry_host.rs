//! The host of the registry: the store of the embedded registry, served over etcd's protocol.

use std::{cell::RefCell, rc::{Rc, Weak}, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{sync::Notify, time::sleep};

use super::{kernel::Kernel, process::Process};
use crate::{
    net::{Endpoint, Network},
    registry::{
        Context, Registry, RegistryError, Session,
        remote::{BuiltIn, Connector, RemoteSession},
        server::{ServerHandle, serve},
        store::Store,
    },
    rng::Rng,
};

pub(super) const HOST: &str = "registry";
const ADDRESS: &str = "registry:2379";
const LISTEN: &str = "0.0.0.0:2379";

/// The registry, and whether it is served.
pub(super) struct RegistryHost {
    pub(super) kernel: Kernel,
    pub(super) process: Rc<Process>,
    rng: Rng,
    wanted: RefCell<Wanted>,
    changed: Notify,
}

struct Wanted {
    store: Store,
    up: bool,
}

impl RegistryHost {
    pub(super) fn new(kernel: Kernel, rng: Rng) -> Rc<Self> {
        let wanted = RefCell::new(Wanted { store: Store::new(rng.u64()), up: true });
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
            let process = Rc::new(Process::new(Box::new(software)));
            Self { kernel, process, rng, wanted, changed: Notify::new() }
        })
    }

    pub(super) fn down(&self) {
        self.wanted.borrow_mut().up = false;
        self.changed.notify_one();
    }

    pub(super) fn up(&self, keep: bool) {
        let mut wanted = self.wanted.borrow_mut();
        if !keep {
            wanted.store = Store::new(self.rng.u64());
        }
        wanted.up = true;
        drop(wanted);
        self.changed.notify_one();
    }

    /// The software of the host.
    async fn run(self: Rc<Self>) {
        let mut server: Option<ServerHandle> = None;
        loop {
            let store = {
                let wanted = self.wanted.borrow();
                wanted.up.then(|| wanted.store.clone())
            };
            match (store, server.take()) {
                (Some(store), None) => {
                    store.restarted();
                    server = Some(self.serve(store).await);
                }
                (None, Some(running)) => running.stop().await,
                (_, unchanged) => server = unchanged,
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

/// How nodes reach it: by the client that is built in, whichever features there are.
#[derive(Debug)]
pub(super) struct SimRegistry;

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
