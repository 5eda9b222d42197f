//! What an office is called.

use std::fmt;

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
}

impl fmt::Display for OfficeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, name, id } = self;
        write!(f, "{name}/{id} (server {server})")
    }
}
