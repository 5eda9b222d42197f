//! What runs a service: the cell that owns its state, the loop that runs its handlers one at a time, the table of what
//! it can do, and the context that a handler sees. Knows nothing of the network.

mod about;
mod any_cell;
mod arrivals;
mod body;
mod call_job;
mod callback;
mod cell;
mod core;
mod cx;
mod delivery;
mod driver;
mod execute;
mod handler;
mod job;
mod keyed;
mod outcome;
mod path;
mod pool;
mod port;
mod run;
mod serve;
mod short;
mod step;
mod table;
mod task_job;
mod turn;
mod unit;
mod visit;
mod waiting;

#[cfg(test)]
mod tests;

#[cfg(feature = "cron")]
pub use self::about::Cron;
pub use self::{
    about::{Down, DownReason, OnPanic, Restart, ServiceIdentity, ServiceSpec, ServiceState},
    cx::{Cx, DeclaresParent},
    handler::{HandledBy, HookOf, HookResult, OnEvent},
    path::{Here, ModuleBusy, NotEntered, Path},
    table::{HookKind, Schedule, Table},
    turn::CallCounts,
    unit::{NoRpcBlock, OnlyOneRpcBlockPerType, Orphan, RpcBlock, Service, Specified, Unit},
};
pub(crate) use self::{
    about::{Particulars, Supervision, Watcher},
    any_cell::AnyCell,
    arrivals::OnTheSpot,
    body::{Body, Place},
    callback::{CallbackPermit, Receiver, Refusal},
    cell::{AttachFn, Attachments, Cell, Setup},
    core::{Core, Host},
    keyed::{Changes, Field as KeyedField, GoLive, note_change},
    pool::Spare,
    port::{Offer, Port, Submission},
    run::{Ending, Source},
    short::{Short, ShortCall},
    table::{EventFn, HookFn, SIGNATURE_OF, Subscription, Timer},
    task_job::TaskJob,
    waiting::Post,
};
