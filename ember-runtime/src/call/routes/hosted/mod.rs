//! What a node hosts, by number.

mod askers;
mod cells;
mod followings;
mod numbers;
mod replicas;

pub(crate) use self::{
    askers::Askers,
    cells::Cells,
    followings::{Begin, Following, Followings, Wish},
    replicas::Replicas,
};
