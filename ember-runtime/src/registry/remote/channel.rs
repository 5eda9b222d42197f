//! A line to one server, over the node's network.

use std::{io, sync::Arc, time::Duration};

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

    pub(crate) async fn open(&self) -> Result<Channel> {
        let (network, endpoint) = (Arc::clone(&self.network), self.endpoint.clone());
        let connect = tower::service_fn(move |_| {
            let (network, endpoint) = (Arc::clone(&network), endpoint.clone());
            async move { Ok::<_, io::Error>(TokioIo::new(network.connect(&endpoint).await?)) }
        });
        self.transport.connect_with_connector(connect).await.map_err(|error| classify::dial(&error))
    }
}
