//! What a member writes down so that it is the same member when its process starts again: which changes there are, how they stand in a file,
//! and what a file says. Who has the file is another's business: nothing here waits, or asks a disk.
//!
//! A file begins with a [`Head`](Entry::Head), a state as it was at a point, and what the member [knows](Known); after that come changes, in
//! the order in which they were made. It is made anew under another name, and then takes the place of the one before: its beginning is there as
//! a whole, or the file is damaged.
//!
//! Each entry says up to where the file was on the disk when it was written. So of what cannot be read it is known whether anybody may
//! have been told of it: an entry after it that says so makes it damage. Otherwise it is the end of a file whose
//! machine stopped in the middle of a write, and is cut off.

pub(super) mod change;
mod entry;
mod restored;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    change::{Change, Keeps, Known},
    entry::{Entry, Head, VERSION, add},
    restored::{Restored, restore},
};
