//! Work for a service: what waits in its mailbox, how it begins, and who is told how it went.

mod call_job;
mod callback;
mod calls;
mod execute;
mod go_live;
mod job;
mod outcome;
mod pool;
mod port;
mod step;
mod task_job;

pub(crate) use self::{
    call_job::{CallJob, RawJob, arrive, start_raw},
    callback::TellRefused,
    calls::{Calls, Post},
    execute::{run_event, run_hook},
    go_live::GoLive,
    job::{Driving, Job},
    outcome::{Outcome, To},
    pool::{Memory, Spare},
    port::{Offer, Port, Short, ShortCall},
    step::{Step, first_step},
    task_job::TaskJob,
};
