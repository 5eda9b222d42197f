//! The lanes of a mailbox.

use serde::{Deserialize, Serialize};

/// Which queue of a mailbox a message waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Lane {
    /// Ordinary work: 1024 places by default.
    #[default]
    User,
    /// Goes first, and is accepted while the service is paused: 64 places by default.
    System,
}
