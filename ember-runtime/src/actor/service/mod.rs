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
    handler::{HandledBy, HookError, HookOf, HookResult, OnEvent, ToldTheEpoch},
    replicated::{InGroup, NotReplicated, Replica, Replicable, Replicated, RootOf},
    table::Table,
    tasks::{HookKind, Schedule},
    unit::{Here, Orphan, Path, Service, Specified, Unit, Visitor, says},
};
pub(crate) use self::{
    body::Body,
    callback::route,
    changes::{Noticing, note_change},
    keyed::{Changes, Field as KeyedField, Keyed},
    running::{Raw, Run, Running, Start, StartRaw, Stepping},
    table::{Entry, SIGNATURE_OF},
    tasks::{EventFn, HookFn, Subscription, Timer},
    unit::full_name,
};
