//! Turns the model into code. The templates read as one would write the code by hand; look at them with `cargo expand`.
//! May not judge what the user wrote, nor read attributes: it knows the model, and neither `parse` nor `errors`.
//!
//! What needs no name for the user sits in a `const _`, one per attribute, so that hidden names cannot collide. Names of
//! types that stand beside a user's types begin with `__`; locals that stand beside a user's arguments are hygienic.

mod client;
mod contract;
mod copied;
mod fulfil;
mod message;
mod ordered;
mod own;
mod parts;
mod schema;
mod unit;

pub(crate) use self::{
    contract::contract, fulfil::fulfilment, message::message, own::own_block, schema::travels, unit::unit,
};
