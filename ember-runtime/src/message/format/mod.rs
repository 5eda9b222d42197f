//! The formats that are built in, and their limits: what is written and read by serde. Knows nothing of methods and calls.

mod block;
mod compact;
mod depth;
mod digest;
mod error;
mod json;
mod lent;
mod message;
mod part;
mod postcard;
pub(crate) mod room;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use self::{
    block::{reader as block_reader, writer as block_writer},
    json::write_json,
    lent::{Lent, lend},
    postcard::{append, read, read_by, write},
    room::{Encode, Unwritten, put_within},
    verify::{CHECKED, by_json, by_postcard, check, is_under_way, key as check_key},
};
pub use self::{
    error::CodecError,
    message::{Message, never_read},
    part::{Itself, Part, Unread, part},
};
