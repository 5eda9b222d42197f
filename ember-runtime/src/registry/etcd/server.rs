//! One server of etcd: connects, logs in, and finds out whether it takes us.

use std::{fmt, sync::Arc};

use etcd_client::{Channel, Client, ConnectOptions, Error, GetOptions, TlsOptions};
use futures_util::{FutureExt, future::BoxFuture};
use tonic::{Code, transport};

use super::{Address, client::EtcdWire};
use crate::registry::{
    RegistryError,
    api::{Context, Result},
    remote::{Connections, Dial, Failure, Line, Wire, chain},
};

/// A server, and what it is told of us.
#[derive(Debug)]
pub(super) struct Server {
    address: Address,
    line: Line,
    options: ConnectOptions,
}

impl Server {
    pub(super) fn new(
        context: &Context,
        address: Address,
        tls: Option<&TlsOptions>,
        user: Option<&(String, String)>,
    ) -> Result<Self> {
        let unusable = |error: transport::Error| {
            RegistryError::Configuration(format!("{address} cannot be used: {}", chain(&error)))
        };
        let mut transport = transport::Endpoint::from_shared(address.uri()).map_err(unusable)?;
        if let Some(tls) = tls {
            transport = transport.tls_config(tls.clone()).map_err(unusable)?;
        }
        let mut options = ConnectOptions::new().with_require_leader(true).with_auto_token_refresh(true);
        if let Some((name, password)) = user {
            options = options.with_user(name, password);
        }
        let line = Line::new(Arc::clone(&context.network), address.endpoint.clone(), transport);
        Ok(Self { address, line, options })
    }

    async fn connect(&self, made: &Connections) -> Result<Client> {
        if !self.address.secure {
            return self.log_in(made).await;
        }
        // A server that does not like our certificate lets the handshake pass, and hangs up on the first request, often
        // without a reason that reaches us. Once could be an accident.
        for _ in 0..2 {
            let client = self.log_in(made).await?;
            let hello = GetOptions::new().with_count_only().with_serializable();
            match client.kv_client().get("hello", Some(hello)).await.map_err(Failure::from) {
                Err(failure) if failure.is_of_a_broken_connection() => {
                    tracing::debug!(target: "ember::registry", ?failure, "hung up after the TLS handshake")
                }
                // Whatever etcd answers, it answers.
                _ => return Ok(client),
            }
        }
        Err(RegistryError::Denied(format!(
            "{self} completes the TLS handshake, then hangs up: it wants a client certificate that it trusts (see `EtcdTls`)"
        )))
    }

    async fn log_in(&self, made: &Connections) -> Result<Client> {
        let channel = Channel::Tonic(self.line.open(made).await?);
        let known = |error: Error| Failure::from(error).known(None);
        match Client::from_channel(channel.clone(), Some(self.options.clone())).await {
            Err(Error::GRpcStatus(status))
                if status.code() == Code::FailedPrecondition && status.message().contains("not enabled") =>
            {
                tracing::warn!(target: "ember::registry", address = %self, "authentication is not enabled on this etcd: going on without it");
                let anonymous = ConnectOptions::new().with_require_leader(true);
                Client::from_channel(channel, Some(anonymous)).await.map_err(known)
            }
            outcome => outcome.map_err(known),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl Dial for Server {
    fn dial<'a>(&'a self, made: &'a Connections) -> BoxFuture<'a, Result<Arc<dyn Wire>>> {
        async { Ok(Arc::new(EtcdWire(self.connect(made).await?)) as Arc<dyn Wire>) }.boxed()
    }
}
