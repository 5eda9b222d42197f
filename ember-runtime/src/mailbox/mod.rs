//! The queue in front of a service: two bounded lanes, refusal instead of growth. Knows nothing of services or networks.

mod lanes;
mod queue;

pub(crate) use self::queue::{Limits, Mailbox, Permit};
