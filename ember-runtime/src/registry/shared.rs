//! An event that all who watch share, with what was made of it.

use std::{
    any::Any,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use super::Event;

/// An [`Event`], shared by all who hear of it: a clone is the same one.
#[derive(Clone)]
pub struct SharedEvent(Arc<Shared>);

struct Shared {
    event: Event,
    made: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl SharedEvent {
    /// What `make` makes of it, once for all who share it. `None` if something of another type was made of it before.
    pub(crate) fn made<T: Any + Send + Sync>(&self, make: impl FnOnce(&Event) -> T) -> Option<&T> {
        self.0.made.get_or_init(|| Box::new(make(&self.0.event))).downcast_ref()
    }
}

impl From<Event> for SharedEvent {
    fn from(event: Event) -> Self {
        Self(Arc::new(Shared { event, made: OnceLock::new() }))
    }
}

impl From<SharedEvent> for Event {
    fn from(shared: SharedEvent) -> Self {
        Arc::try_unwrap(shared.0).map_or_else(|kept| kept.event.clone(), |Shared { event, .. }| event)
    }
}

impl Deref for SharedEvent {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.0.event
    }
}

impl PartialEq for SharedEvent {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for SharedEvent {}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
