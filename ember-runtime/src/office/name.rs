//! What an office is called.

use std::fmt;

use crate::id::fnv1a_of;

/// The identity that the instances of a group share: of these one is the master.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OfficeName {
    pub(crate) server: u32,
    pub(crate) name: String,
    pub(crate) id: String,
}

impl OfficeName {
    pub(crate) fn new(server: u32, name: &str, id: &str) -> Self {
        Self { server, name: name.to_owned(), id: id.to_owned() }
    }

    /// A hash of it, by which it is known where its text does not travel.
    pub(crate) fn hashed(&self) -> u64 {
        fnv1a_of(&[&self.server.to_le_bytes(), self.name.as_bytes(), self.id.as_bytes()])
    }
}

impl fmt::Display for OfficeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, name, id } = self;
        write!(f, "{name}/{id} (server {server})")
    }
}
