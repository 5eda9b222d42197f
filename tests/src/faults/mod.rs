//! The program `fault-node` as seen by a test: how it is configured, driven and asked, and what may stand between two of them.

mod data;
mod node;
mod proof;
mod stage;
mod wire;

pub use self::{
    data::{ANY, Configuration, Outcome, Place, Record, Started, Summary},
    node::FaultNode,
    proof::{Executed, expect_definite},
    stage::{Kind, Member, Stage, await_calls, await_view, expect_no_flap},
    wire::{Direction, Sort, Wire},
};
