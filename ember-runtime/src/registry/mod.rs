//! Where a cluster's members are written down: a key-value store with revisions, leases and watches, behind one trait.
//! Knows nothing of actors, services or nodes; keys and values are opaque here.
//!
//! Three built-ins: in-process (`InProcess`), the same store served over the etcd API (`Embedded`), and etcd
//! (`Etcd`). All three pass the same conformance suite.

#[cfg(not(feature = "etcd"))]
mod absent;
mod api;
#[doc(hidden)]
pub mod conformance;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
#[cfg(feature = "etcd")]
mod etcd;
mod event;
mod in_process;
#[cfg(feature = "embedded")]
mod protocol;
#[cfg(feature = "embedded")]
pub(crate) mod remote;
#[cfg(feature = "embedded")]
pub(crate) mod server;
mod shared;
#[cfg_attr(
    not(feature = "embedded"),
    allow(
        dead_code,
        unused_imports,
        reason = "the etcd API needs more of the store than the in-process registry does"
    )
)]
pub(crate) mod store;

#[cfg(not(feature = "etcd"))]
pub use self::absent::*;
#[cfg(feature = "embedded")]
pub use self::embedded::Embedded;
#[cfg(all(unix, feature = "testing"))]
pub(crate) use self::embedded::inputs as kept;
#[cfg(feature = "etcd")]
pub use self::etcd::{Etcd, EtcdTls};
pub use self::{
    api::{
        Compare, Context, Lease, Operation, Registry, Session, Snapshot, Transaction, TransactionOutcome, Watch,
        WatchItem,
    },
    error::RegistryError,
    event::{Event, KeyValue, LeaseId},
    in_process::InProcess,
    shared::SharedEvent,
};
