//! The store's file: what the serving process writes beside its lock, so that the one that takes over goes on with it. How the bytes
//! stand in it, who writes them and who reads them; what a key means, and who serves, may not be known here.
//!
//! A head (format, version, the run of the machine), then records, each with its length and checksums: a snapshot, whose first record
//! counts the others, and after it what has happened since. When that has grown larger than the snapshot, the file is written
//! anew under another name and takes the place of the first. A write goes to the page cache and no further: it outlives the process, not the machine,
//! and the head says which run of the machine it is of.

mod disk;
mod encoding;
mod found;
mod head;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod keeper;
mod restored;
#[cfg(test)]
mod tests;

use crate::frames::{self, checksum};

pub(super) use self::{
    disk::{Disk, OnDisk},
    found::{Found, look, set_aside},
    head::boot_id,
    keeper::Keeper,
};
