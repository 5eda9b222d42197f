//! The formats that are built in, and their limits: what is written and read by serde. Knows nothing of methods and calls.

mod depth;
mod digest;
mod elements;
mod reader;
#[cfg(test)]
mod tests;
mod verify;
mod within;
mod writer;

pub(super) use self::{
    depth::limited,
    reader::Reader,
    verify::{by_json, by_postcard, check, is_under_way},
    writer::Writer,
};
pub(crate) use self::{
    verify::{CHECKED, key as check_key},
    writer::Unwritable,
};
