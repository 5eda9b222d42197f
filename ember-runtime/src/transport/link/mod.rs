//! One link, from its hello to its end: what is sent, what has come, and signs of life.

mod callers;
pub(crate) mod data;
mod deadlines;
mod parked;
mod pulse;
mod receive;
mod session;
mod submit;
mod writer;

pub(crate) use self::{
    parked::TURN,
    pulse::Pulse,
    receive::Inflow,
    session::{NewSession, Session},
    submit::{PendingReply, refused},
    writer::DataWriter,
};
