//! Connections before they are links: what cuts them, what strangers may have, and what is said first.

mod additions;
pub(crate) mod hello;
mod lateness;
mod socket;
mod strangers;
mod versions;

#[cfg(test)]
pub(crate) use self::strangers::ALLOWANCE;
#[cfg(feature = "testing")]
pub(crate) use self::strangers::Allowance;
pub(crate) use self::{
    additions::{Additions, Capabilities, Capability},
    hello::{Grant, Greeting, Hello, Refusal, Token, Unopened, Welcome},
    lateness::Workers,
    socket::{Connection, Sever, Socket, Sockets},
    strangers::PLACES,
    versions::{VERSION, Versions},
};
