//! What a replicated service does with its state, for whoever does not know its types.

use std::{any::Any, fmt};

use crate::message::CodecError;

/// A state of which the type is not known.
pub(crate) type AnyState = dyn Any + Send + Sync;

/// Applies an entry to a state, and appends what it has come to.
pub(crate) type ApplyFn = fn(&mut AnyState, &[u8], &mut Vec<u8>) -> Result<(), CodecError>;

/// What a replicated service does with its state: functions over types that are not known. It is the same for all instances.
///
/// What runs the user's code (all but `fingerprints`) may panic as that does.
#[derive(Clone, Copy)]
#[cfg_attr(not(test), allow(dead_code, reason = "read by what replicates, which is being built"))]
pub struct ReplicaKind {
    /// The state before the first entry.
    pub(crate) new: fn() -> Box<AnyState>,
    /// Reads an entry, which fills the bytes exactly, and applies it; appends what it has come to. On an error the state is as before.
    pub(crate) apply: ApplyFn,
    /// Appends the state. On an error the bytes are as before.
    pub(crate) encode: fn(&AnyState, &mut Vec<u8>) -> Result<(), CodecError>,
    /// Reads a state, which fills the bytes exactly.
    pub(crate) decode: fn(&[u8]) -> Result<Box<AnyState>, CodecError>,
    /// Of the structure of an entry, and of the state: what members of a group must agree about.
    pub(crate) fingerprints: fn() -> (u64, u64),
}

impl fmt::Debug for ReplicaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplicaKind").finish_non_exhaustive()
    }
}
