//! What tasks and threads share values by, beside what tokio has. Knows nothing of what is shared.

mod abort;
mod bell;
mod lock;
pub(crate) mod ordered;
mod shield;
mod wakers;

pub(crate) use self::{
    abort::AbortOnDrop,
    bell::Bell,
    lock::lock,
    shield::shielded,
    wakers::{wake, watch},
};
