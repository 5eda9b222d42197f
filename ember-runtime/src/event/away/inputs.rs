//! What another node says of events, read as a node reads it: for those who try to break that.

use std::sync::Arc;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use super::{
    compare::Compared,
    line::Line,
    sources::Sources,
    wire::{Announce, Batch, Heard, Taken},
};
use crate::{
    actor::Scope,
    event::{
        Bus, Event, EventKind,
        kinds::{self, AnyEvent, Known},
    },
    id::{Incarnation, NodeId, NodeKey},
    message::{Schema, decode, encode, schema, take},
};

const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
const THERE: NodeKey = NodeKey { id: NodeId(2), incarnation: Incarnation(1) };
/// The server id of this node.
const SERVER: u32 = 3;

/// An event that this program knows.
#[derive(Debug, Serialize, Deserialize)]
struct Rain(Vec<u16>, Option<String>);

impl Schema for Rain {
    fn shape(types: &mut schema::Types) -> schema::Shape {
        <(Vec<u16>, Option<String>)>::shape(types)
    }
}

impl Event for Rain {
    const NAME: &'static str = "ember: rain for fuzzers";
}

inventory::submit!(EventKind::of::<Rain>("inputs.rs"));

fn rain() -> (&'static Known, Arc<AnyEvent>) {
    (kinds::of_event::<Rain>(), Arc::new(Rain(vec![1, 2], None)))
}

/// Batches of one publisher, one after the other. Whether all were some that a node can have made.
///
/// # Panics
/// If a batch waits for something, or is answered by what its publisher cannot read.
pub(crate) fn batches(mut bytes: &[u8]) -> bool {
    let (sources, bus) = (Sources::default(), Bus::new(HERE));
    let (known, event) = rain();
    // Somebody here knows the type.
    let _first = bus.number(known, Scope::Cluster, &event);
    while !bytes.is_empty() {
        let Some(batch) = take::<Batch>(&mut bytes).ok().filter(Batch::is_fair) else { return false };
        let taken = sources.receive(THERE, &batch, (&bus, SERVER)).now_or_never().expect("nobody else gives events");
        assert_eq!(taken.takers.len(), batch.streams.len());
        let mut answer = Vec::new();
        encode(&taken, &mut answer).expect("an answer can be written");
        assert_eq!(decode::<Taken>(&answer).as_ref(), Ok(&taken), "an answer that cannot be read");
    }
    sources.lose(THERE, (&bus, SERVER));
    true
}

/// What another node wants, then what it answers to what it is sent. Whether all of it was that.
///
/// # Panics
/// If it gets more at once than a node may send, or what nobody could read.
pub(crate) fn wanted(mut bytes: &[u8]) -> bool {
    if decode::<Heard>(bytes).is_ok() {
        return true;
    }
    let Ok(said) = take::<Announce>(&mut bytes) else { return false };
    let line = Line::new(THERE, Arc::default());
    let compared = Compared::of(&said.wanted, (THERE, "there"), &|event| line.is_first_other(event));
    let others = compared.other_ids();
    let (known, event) = rain();
    let event = known.bytes(&*event).expect("it can be written");
    let kept = line.hear(said.number, said.server, compared.fits, others).unwrap_or_default();
    for (kind, cluster) in kept {
        let place = line.hold(kind, cluster);
        place.map(|place| line.fill(place, Some(event.clone())));
    }
    for cluster in [true, false, true] {
        let _place = line.put(known.id, cluster, Some(&event), Some(7));
        let _missed = line.put(known.id, cluster, None, None);
    }
    while !bytes.is_empty() {
        let Ok(taken) = take::<Taken>(&mut bytes) else { return false };
        let Some(sent) = line.next(1 << 10, 2) else { return false };
        assert!(sent.batch.is_fair(), "more than a node may send: {:?}", sent.batch);
        line.answered(&sent, &taken);
    }
    true
}
