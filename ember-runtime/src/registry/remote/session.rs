//! A session: bounds every operation, and replaces a connection that failed.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::{
    channel::Connections,
    classify,
    connector::{Connection, Connector},
    list,
    outcome::Outcome,
    watch,
    wire::Wire,
};
use crate::{
    registry::{
        LeaseId, RegistryError,
        api::{Lease, Operation, Result, Session, Snapshot, Transaction, TransactionOutcome, Watch},
    },
    sync::lock,
};

/// An operation, connecting included.
pub(crate) const OPERATION: Duration = Duration::from_secs(2);

/// A session with etcd, or with anything that speaks its protocol.
pub(crate) struct RemoteSession {
    connector: Arc<Connector>,
    current: Mutex<Option<Connection>>,
    /// Held while connecting, so that one connection is made however many operations wait for it.
    connecting: tokio::sync::Mutex<()>,
    /// Those of this session.
    made: Connections,
}

/// Whether an operation may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It may: it reads, or does the same again.
    Repeatable,
    /// Only if it certainly was not sent.
    Once,
}

impl RemoteSession {
    pub(crate) fn new(connector: Connector) -> Self {
        Self::over(Arc::new(connector))
    }

    /// With a connection of its own.
    fn over(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            made: Connections::default(),
        }
    }

    /// Runs `operation` within its bound; `lease` is the one that it depends on.
    async fn run<T, F, Fut>(&self, kind: Kind, lease: Option<LeaseId>, operation: F) -> Result<T>
    where
        F: Fn(Arc<dyn Wire>) -> Fut + Send,
        Fut: Future<Output = Outcome<T>> + Send,
        T: Send,
    {
        let mut used = None;
        match timeout(OPERATION, self.attempt(kind, lease, operation, &mut used)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(RegistryError::Unavailable(match used {
                Some(connection) => {
                    self.discard(&connection);
                    let (address, ask) = (&connection.address, classify::ASK_ETCD);
                    format!("{address} takes connections, and did not answer within {OPERATION:?}; {ask}")
                }
                None => format!("no connection within {OPERATION:?}"),
            })),
        }
    }

    async fn attempt<T, F, Fut>(
        &self,
        kind: Kind,
        lease: Option<LeaseId>,
        operation: F,
        used: &mut Option<Connection>,
    ) -> Result<T>
    where
        F: Fn(Arc<dyn Wire>) -> Fut + Send,
        Fut: Future<Output = Outcome<T>> + Send,
        T: Send,
    {
        let mut repeated = false;
        loop {
            let connection = used.insert(self.connection().await?);
            let failure = match operation(Arc::clone(&connection.wire)).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let hung_up = failure.is_of_a_broken_connection();
            // An old connection whose server is gone shows it at the first use. Nothing was sent, or it does no harm twice:
            // another connection may be tried.
            let again = !repeated && (failure.was_never_sent() || kind == Kind::Repeatable && hung_up);
            let error = failure.known(lease);
            let error = at(&connection.address, error, hung_up && repeated);
            if again || classify::spoils_connection(&error) {
                self.discard(connection);
            }
            if !again {
                return Err(error);
            }
            repeated = true;
        }
    }

    async fn connection(&self) -> Result<Connection> {
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let _one_at_a_time = self.connecting.lock().await;
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let connection = self.connector.connect(&self.made).await?;
        tracing::debug!(target: "ember::registry", address = %connection.address, "connected to the registry");
        *lock(&self.current) = Some(connection.clone());
        Ok(connection)
    }

    fn current(&self) -> Option<Connection> {
        lock(&self.current).clone()
    }

    /// Forgets `connection`, unless another has taken its place. Watches that run on it go on.
    fn discard(&self, connection: &Connection) {
        let mut current = lock(&self.current);
        if current.as_ref().is_some_and(|current| current.number == connection.number) {
            *current = None;
        }
    }
}

impl Session for RemoteSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease>> {
        // etcd counts whole seconds; rounding down could end the lease before the caller expects.
        let seconds = i64::try_from(ttl.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX).max(1);
        Box::pin(self.run(Kind::Once, None, move |wire| async move {
            let (id, seconds) = wire.grant(seconds).await?;
            lease(id, seconds)
        }))
    }

    fn keep_alive(&self, id: LeaseId) -> BoxFuture<'_, Result<Lease>> {
        Box::pin(self.run(Kind::Repeatable, Some(id), move |wire| async move {
            match wire.keep_alive(id).await? {
                seconds @ 1.. => lease(id, seconds),
                _ => Err(RegistryError::LeaseNotFound(id).into()),
            }
        }))
    }

    fn revoke(&self, id: LeaseId) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.run(Kind::Once, Some(id), move |wire| async move { wire.revoke(id).await }))
    }

    fn apart(&self) -> Option<Arc<dyn Session>> {
        let works = self.connector.works_anywhere();
        works.then(|| Arc::new(Self::over(Arc::clone(&self.connector))) as _)
    }

    fn connections(&self) -> u64 {
        self.made.now()
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>> {
        Box::pin(self.run(Kind::Repeatable, None, move |wire| {
            let prefix = prefix.clone();
            async move { list::list(&*wire, &prefix).await }
        }))
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        Box::pin(self.run(Kind::Once, lease_of(&transaction), move |wire| {
            let transaction = transaction.clone();
            async move { wire.commit(transaction).await }
        }))
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>> {
        Box::pin(self.run(Kind::Repeatable, None, move |wire| {
            let prefix = prefix.clone();
            async move { watch::start(&*wire, &prefix, from).await }
        }))
    }
}

impl fmt::Debug for RemoteSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSession")
            .field("connected", &self.current().map(|connection| connection.address))
            .finish_non_exhaustive()
    }
}

/// The error, where it happened. What hangs up on one new connection after the other, or speaks something else than HTTP/2, may
/// be something else than etcd, or etcd behind TLS.
fn at(address: &str, error: RegistryError, hangs_up: bool) -> RegistryError {
    match error {
        RegistryError::Protocol(what) => RegistryError::Protocol(format!("{address}: {what}")),
        RegistryError::Unavailable(mut why) => {
            if hangs_up && !why.contains(classify::NOT_ETCD) {
                why = format!("{why}: {}", classify::NOT_ETCD);
            }
            if why.contains(classify::NOT_ETCD) && address.starts_with("http://") {
                why.push_str(classify::MAYBE_TLS);
            }
            RegistryError::Unavailable(format!("{address}: {why}"))
        }
        other => other,
    }
}

fn lease(id: LeaseId, seconds: i64) -> Outcome<Lease> {
    match u64::try_from(seconds) {
        Ok(seconds) => Ok(Lease { id, ttl: Duration::from_secs(seconds) }),
        Err(_) => Err(RegistryError::Protocol(format!("a lease of {seconds} s was granted")).into()),
    }
}

/// The lease that a "lease not found" is about. etcd does not say which one, so of several it is the first.
fn lease_of(transaction: &Transaction) -> Option<LeaseId> {
    transaction.then.iter().chain(&transaction.otherwise).find_map(|operation| match operation {
        Operation::Put { lease, .. } => *lease,
        Operation::Delete { .. } => None,
    })
}
