//! The store served over the etcd v3 API, as far as Ember and `etcdctl` need it: KV, Lease, Watch, and who the members are
//! and how they do. Knows nothing of who hosts it, or of the registry trait.
//!
//! A client of etcd finds the same answers, error codes and error texts here: a test asks both, and compares. The rest of the
//! API (auth, changes of members, maintenance, lock, election) answers UNIMPLEMENTED and says what to use instead.

mod absent;
mod authority;
mod face;
mod identity;
mod incoming;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod kv;
mod lease;
mod member;
#[cfg(all(test, feature = "etcd"))]
mod tests;
mod translation;
mod watch;

use std::time::Duration;

use tokio::{sync::oneshot, task::JoinHandle};
use tonic::transport::Server;

use self::{absent::Absent, face::Face, identity::Member, translation::Wording};
use super::{
    protocol::{
        cluster_server::ClusterServer, kv_server::KvServer, lease_server::LeaseServer,
        maintenance_server::MaintenanceServer, watch_server::WatchServer,
    },
    store::Store,
};
use crate::net::Listener;

/// The largest request that is read: a little more than the store takes, so that the store can say what is wrong.
const REQUEST_BYTES: usize = 2 << 20;
/// Requests and streams that one connection may have open.
const STREAMS_PER_CONNECTION: u32 = 4_096;
/// A peer that is silent for so long is asked whether it lives, and has as long to answer.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A running server. Dropping it closes the listener and cuts every connection.
#[derive(Debug)]
pub(crate) struct ServerHandle {
    task: JoinHandle<()>,
    /// Closed when dropped: the connections, which are tasks of their own, watch the other end.
    _stop: oneshot::Sender<()>,
}

impl ServerHandle {
    /// Stops serving; when it returns the listener is closed, so its address is free.
    #[cfg(any(all(test, feature = "etcd"), feature = "testing"))]
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        let _aborted = (&mut self.task).await;
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `store` to whoever connects to `listener`, until the handle is dropped. What clients see as the ids of the cluster
/// and its member follows from the listener's address.
///
/// # Panics
/// Outside of a tokio runtime.
pub(crate) fn serve(store: Store, listener: Box<dyn Listener>) -> ServerHandle {
    let (stop, stopped) = oneshot::channel();
    let face = Face::new(store, Member::at(listener.local_endpoint().ok().as_ref()));
    let router = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .max_concurrent_streams(Some(STREAMS_PER_CONNECTION))
        .layer(Wording)
        .add_service(KvServer::new(face.clone()).max_decoding_message_size(REQUEST_BYTES))
        .add_service(LeaseServer::new(face.clone()).max_decoding_message_size(REQUEST_BYTES))
        .add_service(WatchServer::new(face.clone()).max_decoding_message_size(REQUEST_BYTES))
        .add_service(ClusterServer::new(face.clone()).max_decoding_message_size(REQUEST_BYTES))
        .add_service(MaintenanceServer::new(face).max_decoding_message_size(REQUEST_BYTES))
        .add_service(Absent::<0>)
        .add_service(Absent::<1>)
        .add_service(Absent::<2>);
    let task = tokio::spawn(async move {
        if let Err(error) = router.serve_with_incoming(incoming::connections(listener, stopped)).await {
            tracing::error!(target: "ember::registry", %error, "the embedded registry has stopped serving");
        }
    });
    ServerHandle { task, _stop: stop }
}
