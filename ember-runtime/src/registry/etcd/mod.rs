//! The registry over etcd's v3 API: addresses, credentials, one connection at a time, and etcd's answers put into the
//! registry's own terms. What the keys mean may not be known here.

mod address;
mod classify;
mod config;
mod connection;
mod list;
mod outcome;
mod session;
mod tls;
mod transaction;
mod watch;

pub(crate) use self::{address::Address, connection::Connector, session::EtcdSession};
pub use self::{config::Etcd, tls::EtcdTls};
