use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;
use crate::{
    event::{
        away::wire::Item,
        kinds::{Event, EventKind, of_event},
    },
    id::{Incarnation, NodeId},
    message::{Schema, encode, schema},
};

#[derive(serde::Serialize, serde::Deserialize)]
struct Hail(u32);

impl Schema for Hail {
    fn shape(types: &mut schema::Types) -> schema::Shape {
        u32::shape(types)
    }
}

impl Event for Hail {
    const NAME: &'static str = "hail of sources";
}

inventory::submit!(EventKind::of::<Hail>("sources_tests.rs"));

fn key(run: u64) -> NodeKey {
    NodeKey { id: NodeId(run), incarnation: Incarnation(run) }
}

fn name(generation: u64) -> StreamName {
    StreamName { event: of_event::<Hail>().id, cluster: true, generation }
}

fn batch(generation: u64, numbers: &[u64], last: Option<u64>) -> Batch {
    let mut bytes = Vec::new();
    let items = numbers.iter().map(|number| {
        let before = bytes.len();
        encode(&Hail(u32::try_from(*number).unwrap()), &mut bytes).unwrap();
        Item { stream: 0, number: *number, service: None, length: u32::try_from(bytes.len() - before).unwrap() }
    });
    let items = items.collect();
    Batch {
        streams: vec![name(generation)],
        items,
        bytes: bytes.into(),
        last: last.map(|last| (0, last)).into_iter().collect(),
    }
}

/// How far the only stream of this publisher is.
fn at(sources: &Sources, peer: NodeKey) -> BTreeMap<(u64, bool), (u64, u64)> {
    lock(&sources.of(peer).1).streams.iter().map(|(name, stream)| (*name, stream.far())).collect()
}

#[tokio::test]
async fn numbers_go_on_and_what_came_before_changes_nothing() {
    let (sources, bus) = (Sources::default(), Bus::new(key(9)));
    let here = (&bus, 0);
    let stream = (name(1).event, true);
    sources.receive(key(1), &batch(1, &[1, 2], None), here).await;
    assert_eq!(at(&sources, key(1))[&stream], (1, 2));
    sources.receive(key(1), &batch(1, &[1, 2, 5], None), here).await;
    assert_eq!(at(&sources, key(1))[&stream], (1, 5));
    sources.receive(key(1), &batch(1, &[], Some(7)), here).await;
    sources.receive(key(1), &batch(1, &[6], Some(3)), here).await;
    assert_eq!(at(&sources, key(1))[&stream], (1, 7));
    sources.receive(key(1), &batch(2, &[1], None), here).await;
    sources.receive(key(1), &batch(1, &[8], None), here).await;
    assert_eq!(at(&sources, key(1))[&stream], (2, 1), "what is of an earlier subscription is passed over");
    sources.receive(key(2), &batch(1, &[4], None), here).await;
    assert_eq!(at(&sources, key(2))[&stream], (1, 4), "each publisher has its own");
}

#[tokio::test]
async fn what_cannot_be_is_passed_over() {
    let (sources, bus) = (Sources::default(), Bus::new(key(9)));
    let here = (&bus, 0);
    let mut broken = batch(1, &[1, 2], Some(u64::MAX));
    broken.bytes = Bytes::from_static(&[0xff]);
    broken.items[1].length = u32::MAX;
    broken.items[1].stream = 77;
    broken.last.push((99, 3));
    let taken = sources.receive(key(1), &broken, here).await;
    assert_eq!(taken.takers, [0]);
    let mut unknown = batch(1, &[1], None);
    unknown.streams[0].event = 1;
    assert_eq!(sources.receive(key(1), &unknown, here).await.takers, [0]);
    sources.lose(key(1), here);
    assert!(sources.prune(|_| false).is_empty());
    assert_eq!(sources.runs(), [key(1)]);
    sources.forget(key(1));
    assert!(sources.runs().is_empty());
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again() {
    let (sources, bus) = (Sources::default(), Bus::new(key(9)));
    let here = (&bus, 0);
    sources.receive(key(1), &batch(1, &[1], None), here).await;
    lock(&sources.of(key(1)).1).full.insert((name(1), 1), 3);
    assert_eq!(sources.receive(key(1), &batch(1, &[1, 2], None), here).await.full, [(0, 3)]);
    assert_eq!(sources.receive(key(1), &batch(1, &[1, 2], None), here).await.full, [(0, 3)]);
    assert!(sources.receive(key(1), &batch(1, &[3], None), here).await.full.is_empty());
    assert!(sources.receive(key(1), &batch(1, &[1], None), here).await.full.is_empty(), "only of the last batch");
}

#[tokio::test]
async fn those_that_were_heard_first_are_forgotten_first() {
    let (sources, bus) = (Sources::default(), Bus::new(key(9)));
    for run in (0..=RUNS_REMEMBERED as u64).rev() {
        sources.receive(key(run), &batch(1, &[1], None), (&bus, 0)).await;
    }
    let first = key(RUNS_REMEMBERED as u64);
    sources.lose(first, (&bus, 0));
    assert_eq!(sources.prune(|_| false), [first], "that it is lost is not heard of it");
    assert_eq!(sources.runs().len(), RUNS_REMEMBERED);
    sources.lose(first, (&bus, 0));
    assert!(!sources.runs().contains(&first), "it stays forgotten");
}
