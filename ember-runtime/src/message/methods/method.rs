//! What is known of a method at compile time. The macros implement [`Method`] on one marker type per method.

use std::{
    fmt::{self, Debug},
    time::Duration,
};

use super::{lane::Lane, wire::Wire};
use crate::message::format::CodecError;

/// A callable method: its types, its name and its options.
pub trait Method: Sized + Send + Sync + 'static {
    /// The arguments, as a tuple.
    type Args: Send + 'static;
    /// What it returns when it succeeds.
    type Value: Send + 'static;
    /// The error that it may return; [`Infallible`](std::convert::Infallible) if there is none.
    type Error: Send + 'static;

    /// Everything else.
    const INFO: MethodInfo;

    /// The key of a call, hashed; `None` if its contract names none.
    ///
    /// # Errors
    /// The key cannot be written.
    fn key(_: &Self::Args) -> Result<Option<u64>, CodecError> {
        Ok(None)
    }

    /// How arguments and results become bytes; `None` for a method that is called on its own node only.
    fn wire() -> Option<WireOf<Self>> {
        None
    }
}

/// What a method gives back when it ran.
pub(crate) type Given<M> = Result<<M as Method>::Value, <M as Method>::Error>;

/// How what a method takes and returns becomes bytes.
pub type WireOf<M> = Wire<<M as Method>::Args, <M as Method>::Value, <M as Method>::Error>;

/// A method of which running it twice does what running it once does: marked `#[rpc(idempotent)]`.
#[diagnostic::on_unimplemented(
    message = "a call that may have been executed can be repeated only if its method is idempotent",
    label = "the method of this call is not marked `#[rpc(idempotent)]`",
    note = "if running the method twice does no harm, put `#[rpc(idempotent)]` on it; otherwise leave out `.maybe_executed()`"
)]
pub trait Idempotent: Method {}

/// A method whose service knows a call that is repeated by its id, and answers it with the reply that it has stored: marked
/// `#[rpc(dedupe = "60s")]`.
#[diagnostic::on_unimplemented(
    message = "a call can be made `.once(…)` only if its method says how long replies are stored",
    label = "the method of this call is not marked `#[rpc(dedupe = \"60s\")]`",
    note = "put `#[rpc(dedupe = \"60s\")]` on the method: for so long its service answers a call with the same id by the reply of the first; or leave out `.once(…)`"
)]
pub trait Deduped: Method {}

/// A method that any instance of an elected service answers, the master or not: marked `#[rpc(read)]`.
#[diagnostic::on_unimplemented(
    message = "how new what a call is shown must be can be said only if its method is marked `read`",
    label = "the method of this call is not marked `#[rpc(read)]`",
    note = "put `#[rpc(read)]` on the method, if it changes nothing; or leave out `.fresh()` and `.within(…)`: the master, which answers, has all that was acknowledged"
)]
pub trait Reads: Method {}

/// The description of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodInfo {
    /// The contract that it belongs to; empty for a method of the service or module itself.
    pub contract: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its signature as it was written: `(SumReq) -> i64`. What is compared is the structure, see [`Signature`](crate::message::schema::Signature).
    pub signature: &'static str,
    /// Who may call it.
    pub reach: Reach,
    /// The lane that it is delivered in.
    pub lane: Lane,
    /// The time that a caller waits unless it says otherwise; 5 s if `None`.
    pub timeout: Option<Duration>,
    /// Whether running it twice does what running it once does.
    pub idempotent: bool,
    /// The version of the package that the method is defined in; empty if it is not known.
    pub version: &'static str,
    /// Whether a handler that has been started is dropped when its caller goes away.
    pub cancel: bool,
    /// Whether it is always run by its service's own task, never by a caller that finds the service idle.
    pub queued: bool,
    /// Whether an instance of an elected service answers it also when it is not the master.
    pub read: bool,
    /// How long the reply of a call with an id is stored; `None` if its calls have none.
    pub dedupe: Option<Duration>,
    /// The argument, or the part of one, that its calls are ordered and placed by: `req.player`.
    pub key: Option<&'static str>,
}

/// The full name of a method: its modules, its contract, its own.
pub(crate) struct FullName<'a> {
    modules: &'a str,
    info: &'a MethodInfo,
}

impl fmt::Display for FullName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MethodInfo { contract, name, .. } = self.info;
        let dot = if contract.is_empty() { "" } else { "." };
        write!(f, "{}{contract}{dot}{name}", self.modules)
    }
}

impl MethodInfo {
    /// A method with default options, reachable from the whole cluster.
    pub const fn new(contract: &'static str, name: &'static str, signature: &'static str) -> Self {
        Self {
            contract,
            name,
            signature,
            reach: Reach::Cluster,
            lane: Lane::User,
            timeout: None,
            idempotent: false,
            version: "",
            cancel: false,
            queued: false,
            read: false,
            dedupe: None,
            key: None,
        }
    }

    /// Its full name, for the unit below these modules (`bag.`), to be written: `bag.Shop.rpc_buy`.
    pub(crate) fn below<'a>(&'a self, modules: &'a str) -> FullName<'a> {
        FullName { modules, info: self }
    }

    /// The same, of this version.
    #[must_use]
    pub const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// The same, marked as idempotent.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The same, for callers on its own node only.
    #[must_use]
    pub const fn node_only(mut self) -> Self {
        self.reach = Reach::Node;
        self
    }

    /// The same, delivered in the system lane.
    #[must_use]
    pub const fn system(mut self) -> Self {
        self.lane = Lane::System;
        self
    }

    /// The same, dropped when its caller goes away, also after it has been started.
    #[must_use]
    pub const fn cancel(mut self) -> Self {
        self.cancel = true;
        self
    }

    /// The same, always run by the service's own task.
    #[must_use]
    pub const fn queued(mut self) -> Self {
        self.queued = true;
        self
    }

    /// The same, answered also by an instance of an elected service that is not the master.
    #[must_use]
    pub const fn read(mut self) -> Self {
        self.read = true;
        self
    }

    /// The same, whose calls may have an id, and whose replies to those are stored for so long.
    #[must_use]
    pub const fn dedupe(mut self, window: Duration) -> Self {
        self.dedupe = Some(window);
        self
    }

    /// The same, whose calls are ordered and placed by this argument, or part of one.
    #[must_use]
    pub const fn key(mut self, path: &'static str) -> Self {
        self.key = Some(path);
        self
    }

    /// The same, with another default time-out.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// From where a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From any node of the cluster (`rpc_…`).
    Cluster,
    /// From the service's own node (`api_…`).
    Node,
}

/// A type whose name is `Result` but whose error is not in sight: an alias such as `std::io::Result<T>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "a return type whose name is `Result` must be one",
    note = "give your own type another name, or write `Result<T, E>`"
)]
pub trait ResultType {
    /// What it holds when it is good.
    type Value;
    /// What it holds when it is not.
    type Error;
}

impl<T, E> ResultType for Result<T, E> {
    type Value = T;
    type Error = E;
}
