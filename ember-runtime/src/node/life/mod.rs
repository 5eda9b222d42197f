//! A node, from its builder to its end.

mod batch;
mod builder;
mod building;
mod calls;
#[cfg(feature = "cluster")]
mod cluster;
mod cx;
mod ending;
mod hidden;
#[cfg(feature = "cluster")]
mod revive;
mod running;
mod shutdown;

#[cfg_attr(not(feature = "telemetry"), allow(unused_imports, reason = "nobody shows it"))]
pub(crate) use self::building::{Kept, Shown};
pub use self::{builder::NodeBuilder, running::Node};
