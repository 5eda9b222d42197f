//! Reads attributes and items into the model, and notes everything that is wrong with them. May not write code.

mod attrs;
mod block;
mod contract;
mod cron;
mod duration;
mod fulfil;
mod hook;
mod item;
mod message;
mod method;
mod options;
mod path;
mod serde;
mod signature;
mod structure;
mod types;
mod unit;
mod unseen;

pub(crate) use self::{
    block::{Block, block},
    contract::contract,
    item::keyword,
    message::{message, travels},
    unit::{module, service},
};
