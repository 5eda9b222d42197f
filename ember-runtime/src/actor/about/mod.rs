//! What is said of a service: its names, its state, how it is supervised, and its end.

mod access;
#[cfg(feature = "cron")]
mod cron;
mod down;
mod events;
mod identity;
mod load;
mod replica;
mod shard;
mod spec;
mod states;
mod supervision;
mod ticks;

#[cfg(feature = "cron")]
pub use self::cron::{Cron, Gap, Overlap};
pub(crate) use self::{
    access::Held,
    down::Watcher,
    events::{Came, Events, Item, One},
    identity::{Identity, Particulars},
    replica::AnyState,
    spec::WEIGHT,
    states::{Notice, States},
    supervision::{Budget, Supervision},
};
pub use self::{
    access::{Access, Alone, ByMut, ByRef, Given, Lends, SharedByHandlers, Together, by_mut, by_ref},
    down::{Down, DownReason},
    events::{EventSource, Missed, MissedReason, Scope},
    load::Load,
    replica::ReplicaKind,
    shard::Shard,
    spec::{ServiceIdentity, ServiceSpec, ServiceState},
    supervision::{OnPanic, Restart},
    ticks::{MissedTicks, Tick},
};
