//! What a node hosts, by number.

mod cells;
mod followings;
mod numbers;
mod replicas;

pub(crate) use self::{
    cells::Cells,
    followings::{Begin, Following, Followings, Wish},
    replicas::Replicas,
};
