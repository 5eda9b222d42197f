//! The runtime of Ember. Users depend on the crate `ember`, which re-exports what is public here.

pub mod error;
pub mod id;
mod mailbox;
pub mod message;
pub mod net;
pub mod registry;
pub mod rng;
#[cfg(feature = "cluster")]
#[cfg_attr(not(test), allow(dead_code, reason = "the rooms that use it are being built"))]
mod transport;
