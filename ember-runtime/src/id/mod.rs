//! The names of things in a cluster: nodes, their incarnations, services, processes. Plain data; knows nothing else.

mod epoch;
mod hash;
mod method;
mod node;
mod pid;
mod public_key;
mod unique;

pub use self::{
    epoch::Epoch,
    hash::fnv1a,
    method::MethodId,
    node::{Incarnation, NodeId, NodeKey},
    pid::Pid,
    unique::{UniqueId, UniqueIdError},
};
pub(crate) use self::{
    public_key::PublicKey,
    unique::{Generator, Short},
};
