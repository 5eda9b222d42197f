//! What tasks and threads share values by, beside what tokio has. Knows nothing of what is shared.

mod lock;
pub(crate) mod ordered;
mod wakers;

pub(crate) use self::{
    lock::lock,
    wakers::{wake, watch},
};
