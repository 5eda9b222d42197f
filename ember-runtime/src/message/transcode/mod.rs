//! Values whose types this program does not have: JSON to the bytes that their services read, and back, as their schema says.

mod call;
mod context;
mod key;
mod plain;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use self::{
    call::{args_from_json, error_to_json, value_to_json},
    key::key_from_json,
};
