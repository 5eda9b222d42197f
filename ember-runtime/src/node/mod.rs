//! A node: the parts put together, from the builder to the shutdown.

mod builder;
#[cfg(feature = "cluster")]
mod cluster;
mod cx;
mod follow;
mod host;
mod hosted;
#[cfg(feature = "cluster")]
mod revive;
mod running;
mod watches;

pub use self::{
    builder::NodeBuilder,
    hosted::{Hosted, IntoHosted},
    running::Node,
};
