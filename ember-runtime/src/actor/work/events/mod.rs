//! Events in a mailbox. Those that come together for one handler lie there as one series, which all subscribers of the node share; each of them is a message
//! nevertheless. So the bounds, the pause, what comes between them, what is left of them after a panic and what is counted are as if each had come by
//! itself, and nothing is allocated or counted up for each. The step of a handler that does not wait is taken where it is found. The events of a series are
//! let go of together, by whoever ends it last. A concurrent service has each by itself, as a job.

mod series;
mod start;

pub(crate) use self::{
    series::{Filter, Hearer, OneJob, Series},
    start::start_event,
};
