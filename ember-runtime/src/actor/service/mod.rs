//! What a service is: to the macros, to its handlers, and to whoever runs it.

mod block;
mod body;
mod callback;
mod changes;
mod cx;
mod entered;
mod handler;
mod keyed;
mod replicated;
mod running;
mod table;
mod tasks;
mod unit;

pub use self::{
    block::{NoRpcBlock, OnlyOneRpcBlockPerType, RpcBlock},
    cx::{Cx, DeclaresParent},
    entered::{ModuleBusy, NotEntered},
    handler::{HandledBy, HookError, HookOf, HookResult, IsDown, IsMissed, Lent, OnEvent, TaskOf, ToldTheEpoch},
    replicated::{
        EntryGap, GapReason, Hears, InGroup, IsGap, IsPosted, NotReplicated, Position, Posted, Replica, Replicable,
        Replicated, RootOf, Snapshot,
    },
    table::Table,
    tasks::{HookKind, Schedule, ScopeKind, Takes},
    unit::{
        Here, Lending, Loan, NotSharded, Orphan, Path, Service, Sharded, Sharding, Specified, Unit, Visitor, Whole,
        says,
    },
};
pub(crate) use self::{
    body::Body,
    callback::{Again, again, route},
    changes::{Noticing, note_change},
    keyed::{Changes, Field as KeyedField, Keyed},
    replicated::{Followed, FollowedKind, Told},
    running::{NO_METHOD, Raw, Run, Running, Start, StartEvent, StartRaw, Stepping},
    table::{Entry, SIGNATURE_OF},
    tasks::{HookFn, MissedHook, Subscription, Timer, TimerRun, ToldFn},
    unit::full_name,
};
