//! All types of events of this program that may leave their node. `#[message(event)]` registers each, so that a node knows its own structures
//! before it has published anything.

use std::{
    any::TypeId,
    collections::BTreeMap,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::event::{AnyEvent, Event, EventKind};
use crate::{id::fnv1a, sync::lock};

/// An event may wait in memory for as many bytes, though it has fewer.
const GUESSED: usize = 1024;

/// One of them.
pub(crate) struct Known {
    pub(crate) kind: &'static EventKind,
    /// What it is called on the wire: a hash of its name.
    pub(crate) id: u64,
    /// Of its structure.
    pub(crate) fingerprint: u64,
    /// The same for people.
    pub(crate) structure: String,
    /// The bytes of the last one that was written: most are about as long.
    length: AtomicUsize,
}

impl Known {
    fn new(kind: &'static EventKind) -> Self {
        let structure = (kind.structure)();
        // Of what has no arguments, and the event for its value.
        let text = structure.text().trim_start_matches("() -> ").to_owned();
        Self {
            kind,
            id: fnv1a(kind.name),
            fingerprint: structure.fingerprint(),
            structure: text,
            length: AtomicUsize::new(0),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.kind.name
    }

    /// The bytes of an event, or why there are none.
    pub(crate) fn bytes(&self, event: &AnyEvent) -> Result<bytes::Bytes, String> {
        let mut out = Vec::with_capacity(self.length.load(Ordering::Relaxed).min(GUESSED));
        let written = crate::panics::attempt(|| (self.kind.write)(event, &mut out));
        written.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
        self.length.store(out.len(), Ordering::Relaxed);
        Ok(out.into())
    }
}

struct All {
    by_id: BTreeMap<u64, Known>,
    by_type: BTreeMap<TypeId, u64>,
}

static ALL: LazyLock<All> = LazyLock::new(|| {
    let (mut by_id, mut by_type) = (BTreeMap::new(), BTreeMap::new());
    for kind in inventory::iter::<EventKind> {
        let known = Known::new(kind);
        by_type.insert((kind.of)(), known.id);
        by_id.entry(known.id).or_insert(known);
    }
    All { by_id, by_type }
});

/// The type that has this id.
pub(crate) fn of_id(id: u64) -> Option<&'static Known> {
    ALL.by_id.get(&id)
}

/// This type, if its events may leave their node.
pub(crate) fn of_type(of: TypeId) -> Option<&'static Known> {
    of_id(*ALL.by_type.get(&of)?)
}

/// The type `E`. One whose trait was written by hand is not registered: its events leave, and none can come.
pub(crate) fn of_event<E: Event>() -> &'static Known {
    of_type(TypeId::of::<E>()).unwrap_or_else(|| {
        static BY_HAND: Mutex<BTreeMap<TypeId, &'static Known>> = Mutex::new(BTreeMap::new());
        let known = || &*Box::leak(Box::new(Known::new(Box::leak(Box::new(EventKind::of::<E>("code by hand"))))));
        lock(&BY_HAND).entry(TypeId::of::<E>()).or_insert_with(known)
    })
}

/// Why the types of this program cannot be told apart, if so.
pub(crate) fn twins() -> Option<String> {
    twins_of(inventory::iter::<EventKind>.into_iter())
}

fn twins_of<'a>(all: impl Iterator<Item = &'a EventKind>) -> Option<String> {
    let mut places = BTreeMap::<u64, &EventKind>::new();
    let mut all: Vec<_> = all.collect();
    all.sort_unstable_by_key(|kind| (kind.name, kind.location));
    for kind in all {
        if let Some(twin) = places.insert(fnv1a(kind.name), kind) {
            return Some(format!(
                "two events of this program are called `{}`, at {} and at {}: nodes cannot tell them apart; give one another name, \
                 with `#[message(event, name = \"…\")]`",
                kind.name, twin.location, kind.location
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::kinds::Event;

    struct Rain;

    fn kind(name: &'static str, location: &'static str) -> EventKind {
        EventKind { name, location, ..EventKind::of::<Drop>("") }
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Drop(u32);

    impl crate::message::Schema for Drop {
        fn shape(types: &mut crate::message::schema::Types) -> crate::message::schema::Shape {
            u32::shape(types)
        }
    }

    impl Event for Drop {
        const NAME: &'static str = "Drop";
    }

    #[test]
    fn two_types_of_one_name_are_refused_with_both_places() {
        let all = [kind("Rain", "a.rs:1"), kind("Snow", "c.rs:2"), kind("Rain", "b.rs:3")];
        let said = twins_of(all.iter()).unwrap();
        assert!(said.contains("`Rain`") && said.contains("a.rs:1") && said.contains("b.rs:3"), "{said}");
        assert!(twins_of(all[1..].iter()).is_none());
    }

    #[test]
    fn an_event_is_written_and_read_and_one_of_another_type_is_not() {
        let kind = kind("Drop", "");
        let known = Known::new(Box::leak(Box::new(kind)));
        let bytes = known.bytes(&Drop(7)).unwrap();
        let read = (known.kind.read)(&bytes).unwrap();
        assert_eq!(read.downcast_ref::<Drop>().map(|drop| drop.0), Some(7));
        assert!((known.kind.read)(&[0xff; 9]).is_err());
        assert!(known.bytes(&Rain).is_err());
        assert_eq!(known.structure, "u32");
    }
}
