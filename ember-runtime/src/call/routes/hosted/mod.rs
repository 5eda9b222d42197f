//! What a node hosts, by number.

mod cells;
mod numbers;
mod replicas;

pub(crate) use self::{cells::Cells, replicas::Replicas};
