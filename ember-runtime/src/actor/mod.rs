//! What runs a service: the cell that owns its state, the loop that runs its handlers one at a time, the table of what
//! it can do, and the context that a handler sees. Knows nothing of the network.

mod any_cell;
mod arrivals;
mod body;
mod call_job;
mod callback;
mod cell;
mod core;
mod counts;
#[cfg(feature = "cron")]
mod cron;
mod cx;
mod delivery;
mod down;
mod driver;
mod execute;
mod handler;
mod identity;
mod job;
mod keyed;
mod marks;
mod outcome;
mod pace;
mod path;
mod pool;
mod port;
mod run;
mod serve;
mod short;
mod spec;
mod states;
mod step;
mod supervision;
mod sync;
mod table;
mod task_job;
mod unit;
mod unsafe_turn;
mod visit;
mod waiting;

#[cfg(test)]
mod tests;

#[cfg(feature = "cron")]
pub use self::cron::Cron;
pub(crate) use self::{
    any_cell::AnyCell,
    arrivals::OnTheSpot,
    body::{Body, Place},
    callback::{CallbackPermit, Receiver, Refusal},
    cell::{AttachFn, Attachments, Cell, Setup},
    core::{Core, Host},
    down::Watcher,
    identity::Particulars,
    keyed::{Changes, Field as KeyedField, GoLive, note_change},
    pool::Spare,
    port::{Offer, Port, Submission},
    run::{Ending, Source},
    short::{Short, ShortCall},
    supervision::Supervision,
    table::{EventFn, HookFn, SIGNATURE_OF, Subscription, Timer},
    task_job::TaskJob,
    waiting::Post,
};
pub use self::{
    counts::CallCounts,
    cx::{Cx, DeclaresParent},
    down::{Down, DownReason},
    handler::{HandledBy, HookOf, HookResult, OnEvent},
    path::{Here, ModuleBusy, NotEntered, Path},
    spec::{ServiceIdentity, ServiceSpec, ServiceState},
    supervision::{OnPanic, Restart},
    table::{HookKind, Schedule, Table},
    unit::{NoRpcBlock, OnlyOneRpcBlockPerType, Orphan, RpcBlock, Service, Specified, Unit},
};
