//! Connections to etcd: one at a time, to one of several endpoints.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use etcd_client::{Channel, Client, ConnectOptions, Error, GetOptions, TlsOptions};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, transport};

use super::{Address, classify};
use crate::{
    net::Network,
    registry::{
        RegistryError,
        api::{Context, Result},
    },
};

/// TCP and TLS.
const CONNECT: Duration = Duration::from_secs(1);
/// TCP, TLS and the login; short enough that an operation can still try a second endpoint.
const CONNECT_AND_LOG_IN: Duration = Duration::from_millis(1_500);
/// Silence on a connection before it is asked for a sign of life, and the time that it gets to give one.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Between two rounds over endpoints none of which answered, where that is worth repeating.
const PAUSE: Duration = Duration::from_millis(20);

/// Makes connections to one etcd cluster.
#[derive(Debug)]
pub(crate) struct Connector {
    network: Arc<dyn Network>,
    targets: Vec<Target>,
    options: ConnectOptions,
    patience: Duration,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Target {
    address: Address,
    endpoint: transport::Endpoint,
}

/// A connection that was working when it was made.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Client,
    /// Where it leads, for messages.
    pub(super) address: Arc<str>,
    /// Tells it from those before and after it.
    pub(super) number: usize,
}

impl Connector {
    /// `patience`: for how long "nobody listens there" is tried again before it is reported.
    pub(crate) fn new(
        context: &Context,
        addresses: &[Address],
        tls: Option<&TlsOptions>,
        user: Option<(String, String)>,
        patience: Duration,
    ) -> Result<Self> {
        let mut options = ConnectOptions::new().with_require_leader(true).with_auto_token_refresh(true);
        if let Some((name, password)) = user {
            options = options.with_user(name, password);
        }
        Ok(Self {
            network: Arc::clone(&context.network),
            targets: addresses.iter().map(|address| Target::new(address, tls)).collect::<Result<_>>()?,
            options,
            patience,
            // Nodes begin at different endpoints, so that they do not all load the first.
            next: AtomicUsize::new(context.rng.below(addresses.len())),
        })
    }

    /// Whether connections can be made on whatever runtime.
    pub(super) fn works_anywhere(&self) -> bool {
        self.network.works_anywhere()
    }

    /// Connects to the first endpoint that lets it, beginning after the one tried last.
    pub(super) async fn connect(&self) -> Result<Connection> {
        let give_up = Instant::now() + self.patience;
        loop {
            let mut failures = Vec::new();
            let mut refusal = None;
            for _ in &self.targets {
                // Counted before the attempt: if that is cancelled, the next operation tries another endpoint.
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let target = &self.targets[number % self.targets.len()];
                match timeout(CONNECT_AND_LOG_IN, self.attempt(target)).await {
                    Ok(Ok(client)) => return Ok(Connection { client, address: target.label(), number }),
                    // Its text alone: what is said of all of them begins with what it is.
                    Ok(Err(RegistryError::Unavailable(why))) => failures.push(format!("{}: {why}", target.address)),
                    Ok(Err(error)) => refusal = Some(error),
                    Err(_) => failures.push(format!("{} did not answer in time", target.address)),
                }
            }
            match refusal {
                Some(refusal) => return Err(refusal),
                None if Instant::now() < give_up => sleep(PAUSE).await,
                None => return Err(RegistryError::Unavailable(failures.join("; "))),
            }
        }
    }

    async fn attempt(&self, target: &Target) -> Result<Client> {
        if !target.address.secure {
            return self.dial(target).await;
        }
        // A server that does not like our certificate lets the handshake pass, and hangs up on the first request, often
        // without a reason that reaches us. Once could be an accident.
        for _ in 0..2 {
            let client = self.dial(target).await?;
            let hello = GetOptions::new().with_count_only().with_serializable();
            match client.kv_client().get("hello", Some(hello)).await {
                Err(error) if classify::hung_up(&error) => {
                    tracing::debug!(target: "ember::registry", %error, "hung up after the TLS handshake")
                }
                // Whatever etcd answers, it answers.
                _ => return Ok(client),
            }
        }
        Err(RegistryError::Denied(format!(
            "{} completes the TLS handshake, then hangs up: it wants a client certificate that it trusts (see `EtcdTls`)",
            target.address
        )))
    }

    async fn dial(&self, target: &Target) -> Result<Client> {
        let (network, endpoint) = (Arc::clone(&self.network), target.address.endpoint.clone());
        let connect = tower::service_fn(move |_| {
            let (network, endpoint) = (Arc::clone(&network), endpoint.clone());
            async move { Ok::<_, io::Error>(TokioIo::new(network.connect(&endpoint).await?)) }
        });
        let channel = target.endpoint.connect_with_connector(connect).await.map_err(|error| classify::dial(&error))?;
        let channel = Channel::Tonic(channel);
        match Client::from_channel(channel.clone(), Some(self.options.clone())).await {
            Err(Error::GRpcStatus(status))
                if status.code() == Code::FailedPrecondition && status.message().contains("not enabled") =>
            {
                tracing::warn!(target: "ember::registry", address = %target.address, "authentication is not enabled on this etcd: going on without it");
                let anonymous = ConnectOptions::new().with_require_leader(true);
                Client::from_channel(channel, Some(anonymous)).await.map_err(|error| classify::error(&error, None))
            }
            outcome => outcome.map_err(|error| classify::error(&error, None)),
        }
    }
}

impl Target {
    fn new(address: &Address, tls: Option<&TlsOptions>) -> Result<Self> {
        let unusable = |error: transport::Error| {
            RegistryError::Configuration(format!("{address} cannot be used: {}", classify::chain(&error)))
        };
        let mut endpoint = transport::Endpoint::from_shared(address.uri()).map_err(unusable)?;
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls.clone()).map_err(unusable)?;
        }
        let endpoint = endpoint
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            // Without an open stream nothing waits for an answer, and etcd hangs up on a client that pings all the same.
            .keep_alive_while_idle(false);
        Ok(Self { address: address.clone(), endpoint })
    }

    fn label(&self) -> Arc<str> {
        self.address.to_string().into()
    }
}
