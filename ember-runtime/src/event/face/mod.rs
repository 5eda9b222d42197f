//! What users call to publish, and what they are told of it.

mod counts;
mod cx;
mod missed;
mod node;
mod question;
mod receipt;

pub use self::{
    counts::EventCounts,
    receipt::{Confirmed, Receipt, Unconfirmed, UnconfirmedReason},
};
