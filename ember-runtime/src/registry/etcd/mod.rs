//! The registry that is etcd: addresses, credentials, and the crate `etcd-client` below a session.

mod address;
mod client;
mod config;
mod error;
mod server;
mod tls;

pub(crate) use self::address::Address;
pub use self::{config::Etcd, tls::EtcdTls};
