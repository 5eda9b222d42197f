//! What the members of a group say to each other, and what stands in a journal: for those who try to break whoever reads it.

mod file;
mod members;
mod said;

pub(crate) use self::{
    file::file,
    members::{answers, batches},
    said::{notes, state},
};
use crate::id::{Incarnation, NodeId, NodeKey, Pid};

fn pid(of: u64) -> Pid {
    Pid { node: NodeKey { id: NodeId(of), incarnation: Incarnation(1) }, number: 1 }
}
