//! Connections before they are links: what cuts them, what strangers may have, and what is said first.

pub(crate) mod hello;
mod question;
mod socket;
mod strangers;

#[cfg(test)]
pub(crate) use self::strangers::ALLOWANCE;
pub(crate) use self::{
    hello::{Greeting, Hello, Offer, Refusal, Token, Unopened, Welcome},
    question::Workers,
    socket::{Connection, Sever, Socket, Sockets},
    strangers::PLACES,
};
