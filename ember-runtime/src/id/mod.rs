//! The names of things in a cluster: nodes, their incarnations, services, processes. Plain data; knows nothing else.

mod call;
mod epoch;
mod hash;
mod method;
mod node;
mod pid;
mod public_key;
mod unique;

pub(crate) use self::{
    call::{Asker, CallId, CallNumber, GroupKey, Serial},
    hash::{fnv1a_of, xxh3},
    public_key::PublicKey,
    unique::{Generator, Short},
};
pub use self::{
    epoch::Epoch,
    hash::fnv1a,
    method::MethodId,
    node::{Incarnation, NodeId, NodeKey},
    pid::Pid,
    unique::{UniqueId, UniqueIdError},
};
