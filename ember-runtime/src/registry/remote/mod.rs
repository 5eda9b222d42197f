//! A session with a server of etcd's v3 API: connections one at a time, bounds for every operation, and its answers put into
//! the registry's own terms. Which client carries the requests may not be known here, but for the one that is built in;
//! nor what the keys mean.

mod channel;
mod classify;
mod client;
mod connector;
mod list;
mod outcome;
mod session;
mod watch;
mod wire;

#[cfg(feature = "etcd")]
pub(super) use self::{
    channel::{Connections, Line},
    classify::{chain, dial},
    connector::Dial,
    list::MAX_ANSWER,
    outcome::{Failure, Outcome, no_header},
    wire::{Change, Lookup, Page, Stored, Told, Watching, Wire},
};
pub(crate) use self::{
    client::BuiltIn,
    connector::Connector,
    session::{OPERATION, RemoteSession},
};
