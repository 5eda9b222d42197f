//! What runs a service: the cell that owns its state, the loop that runs its handlers one at a time, the table of what
//! it can do, and the context that a handler sees. Knows nothing of the network.

mod about;
mod cell;
mod erased;
mod hands;
mod intake;
mod life;
mod once;
mod service;
mod turn;
mod work;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(feature = "cron")]
pub use self::about::{Cron, Gap, Overlap};
#[cfg(test)]
pub(crate) use self::service::Start;
pub use self::{
    about::{
        Access, Alone, ByMut, ByRef, Down, DownReason, EventSource, Given, Lends, Load, Missed, MissedReason,
        MissedTicks, OnPanic, ReplicaKind, Restart, Scope, ServiceIdentity, ServiceSpec, ServiceState, Shard,
        SharedByHandlers, Tick, Together, by_mut, by_ref,
    },
    service::{
        Cx, DeclaresParent, EntryGap, GapReason, HandledBy, Hears, Here, HookError, HookKind, HookOf, HookResult,
        InGroup, IsDown, IsGap, IsMissed, IsPosted, Lending, Lent, Loan, ModuleBusy, NoRpcBlock, NotEntered,
        NotReplicated, NotSharded, OnEvent, OnlyOneRpcBlockPerType, Orphan, Path, Position, Posted, Replica,
        Replicable, Replicated, RootOf, RpcBlock, Schedule, ScopeKind, Service, Sharded, Sharding, Snapshot, Specified,
        Table, Takes, TaskOf, ToldTheEpoch, Unit, Visitor, Whole, says,
    },
    turn::CallCounts,
};
pub(crate) use self::{
    about::{Came, Events, Held, Item, Particulars, Supervision, WEIGHT, Watcher},
    cell::{Attachments, Blueprint, Cell, Front, Setup, Source},
    erased::{AnyCell, Host, OnTheSpot, Owed, RouteFn, Workers},
    intake::written_port,
    life::blueprint,
    service::{
        Again, Changes, Followed, FollowedKind, KeyedField, MissedHook, SIGNATURE_OF, Subscription, Timer, TimerRun,
        Told, ToldFn, again, note_change,
    },
    turn::Limit,
    work::{Filter, GoLive, Hearer, Offer, Port, Short, ShortCall, Spare, TaskJob},
};
