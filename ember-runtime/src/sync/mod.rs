//! What tasks and threads share values by, beside what tokio has. Knows nothing of what is shared.

mod abort;
mod lock;
pub(crate) mod ordered;
mod shield;
mod wakers;

pub(crate) use self::{
    abort::AbortOnDrop,
    lock::lock,
    shield::shielded,
    wakers::{wake, watch},
};
