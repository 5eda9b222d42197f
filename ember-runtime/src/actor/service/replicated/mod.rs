//! Services whose state is the same on every member of their group: what users implement, how the macros find out, and which units
//! have such a state at hand. Knows nothing of logs and of other members.

mod cx;
mod group;
mod replica;
mod service;
#[cfg(test)]
mod tests;

pub use self::{
    group::{InGroup, RootOf},
    replica::{NotReplicated, Replica},
    service::{Replicable, Replicated},
};
