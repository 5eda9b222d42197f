//! Work for a service: what waits in its mailbox, how it begins, and who is told how it went.

mod call_job;
mod callback;
mod calls;
mod entry;
mod events;
mod execute;
mod go_live;
mod handed;
mod job;
mod offer;
mod pool;
mod step;
mod task_job;

pub(crate) use self::{
    call_job::{CallJob, RawJob, arrive, start, start_raw},
    callback::TellRefused,
    calls::{Calls, Post},
    events::{Filter, Hearer, OneJob, Series, start_event},
    execute::{run_hook, run_task, run_told},
    go_live::GoLive,
    handed::{Handed, To, conclude},
    job::{Driving, Job, PendingCall, StartFn, once},
    offer::{Offer, Port, Short, ShortCall},
    pool::{Memory, Spare},
    step::{Handler, Step, first_step, handler},
    task_job::TaskJob,
};
