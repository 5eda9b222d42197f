//! A line to one server, over the node's network.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper_util::rt::TokioIo;
use tonic::transport::{self, Channel};

use super::classify;
use crate::{
    net::{Endpoint, Network},
    registry::api::Result,
};

/// TCP and TLS.
const CONNECT: Duration = Duration::from_secs(1);
/// Silence on a connection before it is asked for a sign of life, and the time that it gets to give one.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// How often somebody has connected, whichever server it was to, also where a channel does so by itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<AtomicU64>);

impl Connections {
    pub(super) fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Makes connections to one server.
#[derive(Debug)]
pub(crate) struct Line {
    network: Arc<dyn Network>,
    endpoint: Endpoint,
    transport: transport::Endpoint,
}

impl Line {
    /// To `endpoint`, to which `transport` says what HTTP and TLS have to know.
    pub(crate) fn new(network: Arc<dyn Network>, endpoint: Endpoint, transport: transport::Endpoint) -> Self {
        let transport = transport
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            // Without an open stream nothing waits for an answer, and etcd hangs up on a client that pings all the same.
            .keep_alive_while_idle(false);
        Self { network, endpoint, transport }
    }

    pub(crate) async fn open(&self, made: &Connections) -> Result<Channel> {
        let (network, endpoint, made) = (Arc::clone(&self.network), self.endpoint.clone(), made.clone());
        let connect = tower::service_fn(move |_| {
            let (network, endpoint, made) = (Arc::clone(&network), endpoint.clone(), made.clone());
            async move {
                let stream = network.connect(&endpoint).await?;
                made.0.fetch_add(1, Ordering::AcqRel);
                Ok::<_, io::Error>(TokioIo::new(stream))
            }
        });
        self.transport.connect_with_connector(connect).await.map_err(|error| classify::dial(&error))
    }
}
