//! Reads attributes and items into the model, and notes everything that is wrong with them. May not write code.

mod block;
mod calendar;
mod contract;
mod copied;
mod events;
mod fulfil;
mod hook;
mod message;
mod method;
mod output;
mod signature;
mod structure;
mod unit;
mod words;

pub(crate) use self::{
    block::{Block, block},
    contract::contract,
    message::{message, travels},
    unit::{module, service},
    words::keyword,
};
