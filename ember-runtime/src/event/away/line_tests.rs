//! What is known of one way, without a node.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Wake, Waker},
};

use super::*;
use crate::{
    event::local::Want,
    id::{Incarnation, NodeId},
};

#[derive(Default)]
struct Counts(AtomicU64);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

type Waits<'a> = (Pin<Box<dyn Future<Output = Fate> + Send + 'a>>, Arc<Counts>);

fn poll((settles, counts): &mut Waits<'_>) -> Poll<Fate> {
    settles.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(counts))))
}

fn woken(waits: &[Waits<'_>]) -> Vec<u64> {
    waits.iter().map(|(_, counts)| counts.0.load(Ordering::Relaxed)).collect()
}

#[test]
fn another_structure_is_said_once_whichever_of_the_two_nodes_asks_first() {
    let line = Line::new(NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, Arc::default());
    assert!(line.is_first_other(7) && line.is_first_other(8));
    // It says what it wants now, after it has heard what this one does, and once more.
    assert!(line.hear(1, 0, BTreeMap::new(), BTreeSet::from([7])).is_some());
    assert!(line.has_other(7) && !line.is_first_other(7) && !line.is_first_other(8));
}

#[test]
fn an_answer_wakes_those_only_whose_events_it_answers() {
    let line = Line::new(NodeKey { id: NodeId(1), incarnation: Incarnation(1) }, Arc::default());
    let wants = BTreeMap::from([(7, Want { cluster: 1, ..Want::default() })]);
    assert!(line.hear(1, 0, wants, BTreeSet::new()).is_some());
    let bytes = Bytes::from_static(b"ab");
    let mut waits: Vec<Waits<'_>> = Vec::new();
    for place in 1..=4 {
        assert_eq!(line.put(7, true, Some(&bytes), None), (Put::At(place), 1));
        waits.push((Box::pin(line.settles(place)), Arc::default()));
    }
    assert!(waits.iter_mut().all(|it| poll(it).is_pending()));
    let sent = line.next(1000, 2).unwrap();
    line.answered(&sent, &Taken { takers: vec![1], full: vec![(1, 3)] });
    assert_eq!(woken(&waits), [1, 1, 0, 0]);
    assert_eq!((poll(&mut waits[0]), poll(&mut waits[1])), (Poll::Ready(Fate::Taken), Poll::Ready(Fate::Full(3))));
    // Who does not wait any longer is nobody's business.
    drop(waits.pop());
    let told = line.end();
    line.tell(told);
    assert_eq!((woken(&waits[2..]), poll(&mut waits[2])), (vec![1], Poll::Ready(Fate::Gone)));
}
