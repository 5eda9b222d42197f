//! Connections before they are links: what cuts them, what strangers may have, and what is said first.

mod additions;
pub(crate) mod hello;
mod question;
mod socket;
mod strangers;
mod versions;

#[cfg(test)]
pub(crate) use self::strangers::ALLOWANCE;
pub(crate) use self::{
    additions::{Additions, Capabilities, Capability},
    hello::{Greeting, Hello, Offer, Refusal, Token, Unopened, Welcome},
    question::Workers,
    socket::{Connection, Sever, Socket, Sockets},
    strangers::PLACES,
    versions::{VERSION, Versions},
};
