//! What is said of bytes that cannot be read, and of values that cannot be written.

use std::fmt;

/// Bytes that could not be read, or a value that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(String);

impl CodecError {
    /// An error with this text.
    pub fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    pub(crate) fn unreadable<T>(why: impl fmt::Display) -> Self {
        Self(format!("`{}` could not be read: {why}", std::any::type_name::<T>()))
    }

    pub(crate) fn unwritable<T>(why: impl fmt::Display) -> Self {
        let why = why.to_string();
        // What serde says of a variant that is left out does not say why.
        let hint = if why.contains("the enum variant ") && why.contains(" cannot be serialized") {
            ": `#[serde(skip)]` or `#[serde(skip_serializing)]` on it says that it does not travel"
        } else {
            ""
        };
        Self(format!("`{}` could not be written: {why}{hint}", std::any::type_name::<T>()))
    }
}
