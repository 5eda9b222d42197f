//! Postcard, byte for byte as the crate of that name has it, within the limits.

mod byte;
mod elements;
mod read;
mod reader;
mod within;
mod write;
mod writer;

#[cfg(test)]
pub(crate) use self::reader::MAX_EMPTY;
pub(crate) use self::{
    reader::{Reader, Unreadable},
    writer::{Unwritable, Writer},
};
