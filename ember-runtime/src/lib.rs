//! The runtime of Ember. Users depend on the crate `ember`, which re-exports what is public here.

#![cfg_attr(
    not(feature = "cluster"),
    allow(dead_code, unused_imports, reason = "without links there is nobody to bring calls from other nodes")
)]

pub mod actor;
pub mod call;
pub mod clock;
pub mod directory;
pub mod error;
pub mod event;
mod frames;
pub mod hooks;
pub mod id;
mod journal;
mod mailbox;
pub mod message;
mod meters;
pub mod module;
pub mod net;
pub mod node;
pub mod office;
pub mod offload;
mod panics;
mod planted;
pub mod registry;
mod replica;
pub mod rng;
pub mod scale;
mod shelf;
mod sync;
#[cfg(feature = "telemetry")]
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod threads;
pub mod timer;
#[cfg(feature = "cluster")]
mod transport;

#[doc(hidden)]
pub use inventory;
#[doc(hidden)]
pub use serde;
pub use serde_json;
