//! What runs a service: the cell that owns its state, the loop that runs its handlers one at a time, the table of what
//! it can do, and the context that a handler sees. Knows nothing of the network.

mod about;
mod cell;
mod erased;
mod intake;
mod life;
mod once;
mod service;
mod turn;
mod work;

#[cfg(test)]
mod tests;

#[cfg(feature = "cron")]
pub use self::about::{Cron, Gap, Overlap};
pub use self::{
    about::{
        Down, DownReason, Load, MissedTicks, OnPanic, ReplicaKind, Restart, ServiceIdentity, ServiceSpec, ServiceState,
        Shard, Tick,
    },
    service::{
        Cx, DeclaresParent, EntryGap, GapReason, HandledBy, Hears, Here, HookError, HookKind, HookOf, HookResult,
        InGroup, IsGap, IsPosted, ModuleBusy, NoRpcBlock, NotEntered, NotReplicated, NotSharded, OnEvent,
        OnlyOneRpcBlockPerType, Orphan, Path, Position, Posted, Replica, Replicable, Replicated, RootOf, RpcBlock,
        Schedule, Service, Sharded, Sharding, Snapshot, Specified, Table, ToldTheEpoch, Unit, Visitor, says,
    },
    turn::CallCounts,
};
pub(crate) use self::{
    about::{Particulars, Supervision, WEIGHT, Watcher},
    cell::{Attachments, Blueprint, Cell, Front, Setup, Source},
    erased::{AnyCell, Host, OnTheSpot, Owed, RouteFn},
    intake::written_port,
    life::blueprint,
    service::{
        Again, Changes, EventFn, Followed, FollowedKind, KeyedField, SIGNATURE_OF, Subscription, Timer, TimerRun, Told,
        again, note_change,
    },
    work::{GoLive, Offer, Port, Short, ShortCall, Spare, TaskJob},
};
