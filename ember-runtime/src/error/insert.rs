//! A module that could not be put under its key.

use std::{error, fmt};

/// No module can stand under this key, since nobody could call it there. Nothing was lost: key and module come back.
pub struct InsertError<K, T> {
    /// The key.
    pub key: K,
    /// The module.
    pub module: T,
    why: String,
}

impl<K, T> InsertError<K, T> {
    pub(crate) fn new(key: K, module: T, why: String) -> Self {
        Self { key, module, why }
    }
}

impl<K, T> fmt::Debug for InsertError<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError").field("why", &self.why).finish_non_exhaustive()
    }
}

impl<K, T> fmt::Display for InsertError<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl<K, T> error::Error for InsertError<K, T> {}
