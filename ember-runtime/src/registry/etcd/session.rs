//! A session with etcd: bounds every operation, and replaces a connection that failed.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use etcd_client::Client;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::{
    classify,
    connection::{Connection, Connector},
    list,
    outcome::{Failure, Outcome},
    transaction, watch,
};

use crate::registry::{
    LeaseId, RegistryError,
    api::{Lease, Result, Session, Snapshot, Transaction, TransactionOutcome, Watch},
};
use crate::sync::lock;

/// An operation, connecting included.
const OPERATION: Duration = Duration::from_secs(2);

/// A session with etcd, or with anything that speaks its protocol.
pub(crate) struct EtcdSession {
    connector: Arc<Connector>,
    current: Mutex<Option<Connection>>,
    /// Held while connecting, so that one connection is made however many operations wait for it.
    connecting: tokio::sync::Mutex<()>,
}

/// Whether an operation may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It may: it reads, or does the same again.
    Repeatable,
    /// Only if it certainly was not sent.
    Once,
}

impl EtcdSession {
    pub(crate) fn new(connector: Connector) -> Self {
        Self::over(Arc::new(connector))
    }

    /// With a connection of its own.
    fn over(connector: Arc<Connector>) -> Self {
        Self { connector, current: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// Runs `operation` within its bound; `lease` is the one that it depends on.
    async fn run<T, F, Fut>(&self, kind: Kind, lease: Option<LeaseId>, operation: F) -> Result<T>
    where
        F: Fn(Client) -> Fut + Send,
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
        F: Fn(Client) -> Fut + Send,
        Fut: Future<Output = Outcome<T>> + Send,
        T: Send,
    {
        let mut repeated = false;
        loop {
            let connection = used.insert(self.connection().await?);
            let failure = match operation(connection.client.clone()).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let again = match &failure {
                // An old connection whose server is gone shows it at the first use. Nothing was sent, or it does no harm
                // twice: another connection may be tried.
                Failure::Etcd(error) => {
                    !repeated && (classify::never_sent(error) || kind == Kind::Repeatable && classify::hung_up(error))
                }
                Failure::Known(_) => false,
            };
            let hung_up = matches!(&failure, Failure::Etcd(error) if classify::hung_up(error));
            let error = match failure {
                Failure::Etcd(error) => classify::error(&error, lease),
                Failure::Known(error) => error,
            };
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
        let connection = self.connector.connect().await?;
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

impl Session for EtcdSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease>> {
        // etcd counts whole seconds; rounding down could end the lease before the caller expects.
        let seconds = i64::try_from(ttl.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX).max(1);
        Box::pin(self.run(Kind::Once, None, move |client| async move {
            let answer = client.lease_client().grant(seconds, None).await?;
            lease(answer.id(), answer.ttl())
        }))
    }

    fn keep_alive(&self, id: LeaseId) -> BoxFuture<'_, Result<Lease>> {
        Box::pin(self.run(Kind::Repeatable, Some(id), move |client| async move {
            // The client library keeps the first answer, with its time to live, to itself.
            let (mut keeper, mut answers) = client.lease_client().keep_alive(id).await?;
            keeper.keep_alive().await?;
            match answers.message().await? {
                Some(answer) if answer.ttl() > 0 => lease(id, answer.ttl()),
                Some(_) => Err(RegistryError::LeaseNotFound(id).into()),
                None => Err(RegistryError::Unavailable("the registry closed the keep-alive stream".into()).into()),
            }
        }))
    }

    fn revoke(&self, id: LeaseId) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.run(Kind::Once, Some(id), move |client| async move {
            client.lease_client().revoke(id).await?;
            Ok(())
        }))
    }

    fn apart(&self) -> Option<Arc<dyn Session>> {
        let works = self.connector.works_anywhere();
        works.then(|| Arc::new(Self::over(Arc::clone(&self.connector))) as _)
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot>> {
        Box::pin(self.run(Kind::Repeatable, None, move |client| list::list(client, prefix.clone())))
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome>> {
        let lease = transaction::lease(&transaction);
        Box::pin(self.run(Kind::Once, lease, move |client| transaction::commit(client, transaction.clone())))
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch>> {
        Box::pin(self.run(Kind::Repeatable, None, move |client| watch::start(client, prefix.clone(), from)))
    }
}

impl fmt::Debug for EtcdSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdSession")
            .field("connected", &self.current().map(|connection| connection.address))
            .finish_non_exhaustive()
    }
}

/// The error, where it happened. What hangs up on one new connection after the other may be something else than etcd.
fn at(address: &str, error: RegistryError, hangs_up: bool) -> RegistryError {
    match error {
        RegistryError::Protocol(what) => RegistryError::Protocol(format!("{address}: {what}")),
        RegistryError::Unavailable(why) if hangs_up && !why.contains(classify::NOT_ETCD) => {
            RegistryError::Unavailable(format!("{address}: {why}: {}", classify::NOT_ETCD))
        }
        RegistryError::Unavailable(why) => RegistryError::Unavailable(format!("{address}: {why}")),
        other => other,
    }
}

fn lease(id: LeaseId, seconds: i64) -> Outcome<Lease> {
    match u64::try_from(seconds) {
        Ok(seconds) => Ok(Lease { id, ttl: Duration::from_secs(seconds) }),
        Err(_) => Err(RegistryError::Protocol(format!("a lease of {seconds} s was granted")).into()),
    }
}
