//! A node: the parts put together, from the builder to the shutdown.

mod builder;
mod class;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(all(test, feature = "testing"))]
mod come_and_go;
mod config;
mod cx;
#[cfg(feature = "cluster")]
mod door;
#[cfg(feature = "cluster")]
mod entries;
#[cfg(all(test, feature = "cluster"))]
mod held_up;
mod host;
mod hosted;
mod late;
#[cfg(feature = "cluster")]
mod membership;
#[cfg(feature = "cluster")]
mod namesake;
#[cfg(feature = "cluster")]
mod options;
mod publish;
mod remote_end;
#[cfg(feature = "cluster")]
mod revive;
mod running;
mod runtime;
mod signals;
#[cfg(feature = "cluster")]
mod signs;
mod started;
mod stop;
mod unseen;
mod values;
mod watches;

pub use self::{
    builder::NodeBuilder,
    class::{Class, Factory, Maker, NoFactory},
    config::ServiceConfig,
    hosted::{Hosted, IntoHosted},
    running::Node,
};
