//! Clusters in a simulation: real nodes, the real links and registry protocol, on a network and a clock that a test owns.
//! Nothing here is used outside of tests, and nothing that a node does is replaced but its network, its randomness and its
//! wall clock.
//!
//! ```
//! # use ember_runtime::testing::Cluster;
//! let elapsed = Cluster::seed(7)
//!     .node("alpha", |node| node)
//!     .node("beta", |node| node)
//!     .run(|sim| async move {
//!         sim.settled().await;
//!         sim.kill("beta").await;
//!         let alpha = sim.on("alpha", |node| async move { node.wait_for_view(|view| view.nodes().len() == 1).await });
//!         alpha.await.expect("alpha runs");
//!         sim.elapsed()
//!     });
//! assert!(elapsed.as_secs() < 10, "that is virtual time");
//! ```
//!
//! The same seed gives the same run, packet by packet: compare [`Sim::trace`]s, and see [`Trace`] for the limits. What the code under test has
//! to do for that: take time from `tokio::time` and randomness from a seed, start no threads, and let no order of a `HashMap`
//! show.
//!
//! # What is simulated, and what is not
//! Each node is a host with its own runtime of one thread and its own clock; beside it runs the host's system, which keeps the connections while
//! the node [stands still](Sim::pause). Packets take their time (1 ms to 5 ms by
//! default), connections break as TCP's do. A lost packet is sent again after 200 ms, 400 ms, …, as TCP does; one that a
//! partition swallowed never is, so that its connection stalls until the heartbeat finds out. Bandwidth is unlimited. A
//! killed node's connections are closed and new ones are refused, as the kernel does it; for a machine that loses its power, cut it off with
//! [`Sim::partition`] first.

mod cluster;
mod command;
mod groups;
mod hosts;
pub mod inputs;
mod mischief;
mod network;
mod operator;
pub mod prove;
mod sim;
mod trace;
mod values;

pub use self::{
    cluster::Cluster,
    hosts::NodeDown,
    mischief::Backup,
    sim::{Registry, Sim},
    trace::{Trace, TraceEvent},
};
