//! A node: the parts put together, from the builder to the shutdown.

mod builder;
#[cfg(feature = "cluster")]
mod cluster;
mod host;
mod hosted;
#[cfg(feature = "cluster")]
mod revive;
mod running;

pub use self::{
    builder::NodeBuilder,
    hosted::{Hosted, IntoHosted},
    running::Node,
};
