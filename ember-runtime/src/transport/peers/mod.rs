//! The links of a node, by peer: their table, what becomes of them, and the task of each.

mod accept;
mod awaited;
mod by_node;
mod events;
mod links;
mod payload;
mod pulses;
pub(crate) mod run;
mod shutdown;
mod table;

pub(crate) use self::{
    accept::Accepted,
    awaited::{Awaited, AwaitedStreams},
    events::{LinkEvent, Outcome},
    links::{Links, WeakLinks},
    table::{Connecting, How, State},
};
