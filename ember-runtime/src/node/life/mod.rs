//! A node, from its builder to its end.

#[cfg(not(feature = "cluster"))]
mod alone;
mod batch;
mod builder;
mod calls;
#[cfg(feature = "cluster")]
mod cluster;
mod cx;
mod ending;
mod hidden;
mod outages;
#[cfg(feature = "cluster")]
mod revive;
mod running;
mod shutdown;

pub use self::{builder::NodeBuilder, running::Node};
