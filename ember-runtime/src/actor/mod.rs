//! What runs a service: the cell that owns its state, the loop that runs its handlers one at a time, the table of what
//! it can do, and the context that a handler sees. Knows nothing of the network.

mod callback;
mod cell;
mod core;
#[cfg(feature = "cron")]
mod cron;
mod cx;
mod down;
mod execute;
mod handler;
mod job;
mod keyed;
mod path;
mod port;
mod run;
mod spec;
mod supervision;
mod table;
mod unit;

#[cfg(test)]
mod tests;

#[cfg(feature = "cron")]
pub use self::cron::Cron;
pub(crate) use self::{
    callback::{CallbackPermit, Receiver},
    cell::{AnyCell, Attachments, Cell, Setup},
    core::{Core, Host},
    down::Watcher,
    job::TaskJob,
    keyed::{Changes, Field as KeyedField, GoLive, note_change},
    port::{Port, Submission},
    run::{Ending, Life, Source, run},
    supervision::Supervision,
    table::{EventFn, HookFn, SIGNATURE_OF, Subscription, Timer},
};
pub use self::{
    cx::{Cx, DeclaresParent},
    down::{Down, DownReason},
    handler::{HandledBy, HookOf, HookResult, OnEvent},
    path::{Here, ModuleBusy, NotEntered, Path},
    spec::{ServiceIdentity, ServiceSpec, ServiceState},
    supervision::{OnPanic, Restart},
    table::{HookKind, Schedule, Table},
    unit::{NoRpcBlock, OnlyOneRpcBlockPerType, Orphan, RpcBlock, Service, Unit},
};
