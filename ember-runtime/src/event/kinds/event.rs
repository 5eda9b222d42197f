//! What a type of events that may leave its node must be.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

use crate::message::{Codec, CodecError, Json, Message, Schema, Signature, decode, encode};

/// A type whose events may leave their node: `#[message(event)]` says so. Any other type stays on its node, with
/// [`publish`](crate::actor::Cx::publish).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event that may leave its node",
    label = "an event that goes to other nodes must be a `#[message(event)]`",
    note = "if the type is yours, put `#[message(event)]` on it",
    note = "`publish` gives an event of any type to the services of this node, where nothing has to travel"
)]
pub trait Event: Message + Schema + Sync {
    /// By what the nodes know it: the name of the type, or what `#[message(event, name = "…")]` says.
    const NAME: &'static str;
}

/// Asks whether a type is an event that may leave its node.
pub const fn only_event<E: Event>() {}

/// What is known of a type of events: functions over a type that is not. `#[message(event)]` submits one.
pub struct EventKind {
    pub(crate) name: &'static str,
    /// Where it is written.
    pub(crate) location: &'static str,
    pub(crate) of: fn() -> TypeId,
    pub(crate) structure: fn() -> Signature,
    pub(crate) write: fn(&AnyEvent, &mut Vec<u8>) -> Result<(), CodecError>,
    pub(crate) read: fn(&[u8]) -> Result<Arc<AnyEvent>, CodecError>,
}

/// An event of some type.
pub(crate) type AnyEvent = dyn Any + Send + Sync;

inventory::collect!(EventKind);

impl EventKind {
    /// That of the type `E`, which is at `location`.
    pub const fn of<E: Event>(location: &'static str) -> Self {
        Self {
            name: E::NAME,
            location,
            of: || TypeId::of::<E>(),
            structure: || Signature::new(&[], E::shape, None),
            write: |event, out| match event.downcast_ref::<E>() {
                Some(event) if E::JSON_ONLY => <Json as Codec<E>>::encode(event, out),
                Some(event) => encode(event, out),
                None => Err(CodecError::new("an event of another type: a defect of Ember")),
            },
            read: |bytes| {
                let event: E = if E::JSON_ONLY { <Json as Codec<E>>::decode(bytes)? } else { decode(bytes)? };
                Ok(Arc::new(event))
            },
        }
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventKind({} at {})", self.name, self.location)
    }
}
