//! Subscribers and events that panic as they are dropped, without a node.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::{
    actor::{MissedReason, Takes},
    event::{
        kinds::{Event, of_event},
        local::{lying::Lying, subscriber::Place, tally::Given},
    },
    id::{Incarnation, NodeId},
    message::{Schema, schema},
};

const HERE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
const THERE: NodeKey = NodeKey { id: NodeId(2), incarnation: Incarnation(1) };

/// How many have been dropped.
type Dropped = Arc<AtomicU64>;

/// It panics as it is dropped.
struct Bomb(Dropped);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("it is dropped");
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Rain {
    #[serde(skip)]
    _bomb: Option<Bomb>,
}

impl Schema for Rain {
    fn shape(types: &mut schema::Types) -> schema::Shape {
        <()>::shape(types)
    }
}

impl Event for Rain {
    const NAME: &'static str = "rain of a bus";
}

fn rain() -> Arc<AnyEvent> {
    Arc::new(Rain { _bomb: None })
}

/// One whose service ends as soon as somebody looks at it: whoever does is the last that holds it.
struct Ending {
    topic: Arc<Topic>,
    is_over: AtomicBool,
    _service: Bomb,
}

impl Ending {
    const NUMBER: u64 = 7;

    fn end(&self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            let ((left, _), _) = self.topic.leave(Self::NUMBER, HERE);
            assert!(left.is_some_and(|left| Arc::strong_count(&left) > 1), "it is looked at");
        }
    }
}

impl Subscriber for Ending {
    fn give(&self, _: &Item) -> Given {
        Given::Ended
    }

    fn tell(&self, _: Missed) {
        self.end();
    }

    fn takes(&self) -> Takes {
        Takes::default()
    }

    fn service(&self) -> Pid {
        self.end();
        Pid { node: HERE, number: 1 }
    }

    fn leaves(&self) -> Option<(Place, &Arc<Lying>)> {
        None
    }
}

#[test]
fn whoever_is_the_last_that_holds_a_service_is_not_ended_by_the_panic_of_its_drop() {
    let lookers: [fn(&Bus); 7] = [
        |bus| assert_eq!(bus.publish(Rain { _bomb: None }, None), 0),
        |bus| {
            let (known, event) = (of_event::<Rain>(), rain());
            let numbered = bus.number(known, Scope::Cluster, &event);
            assert_eq!(bus.give_numbered(&numbered, Scope::Cluster, &event, None), Tally::default());
        },
        |bus| {
            let numbered = bus.number(of_event::<Rain>(), Scope::Cluster, &rain());
            assert_eq!(numbered.takers(Scope::Cluster, (HERE, None)), 1);
        },
        |bus| assert_eq!(bus.takers(of_event::<Rain>(), Scope::Cluster, None), 1),
        |bus| assert_eq!(bus.subscribers_of::<Rain>(), 1),
        |bus| {
            let source = EventSource::new(THERE, None, Scope::Cluster, 1);
            assert_eq!(bus.give(of_event::<Rain>(), &rain(), (source, Came::default())), Tally::default());
        },
        |bus| {
            let why = MissedReason::NotSent;
            let missed = Missed { publisher: THERE, event: Rain::NAME, scope: Scope::Cluster, count: Some(1), why };
            bus.tell(of_event::<Rain>(), missed);
        },
    ];
    for look in lookers {
        let (bus, dropped) = (Bus::new(HERE), Dropped::default());
        let topic = bus.topic_of(of_event::<Rain>());
        let ending =
            Ending { topic: Arc::clone(&topic), is_over: AtomicBool::new(false), _service: Bomb(Arc::clone(&dropped)) };
        topic.enter(Ending::NUMBER, Arc::new(ending));
        look(&bus);
        assert_eq!((dropped.load(Ordering::Relaxed), bus.subscribers_of::<Rain>()), (1, 0));
    }
}

#[test]
fn whoever_publishes_is_not_ended_by_the_panic_of_the_event_that_was_kept_before() {
    let (bus, dropped) = (Bus::new(HERE), Dropped::default());
    let before: Arc<AnyEvent> = Arc::new(Rain { _bomb: Some(Bomb(Arc::clone(&dropped))) });
    drop(bus.number(of_event::<Rain>(), Scope::Cluster, &before));
    drop(before);
    assert_eq!(dropped.load(Ordering::Relaxed), 0, "it is kept");
    drop(bus.number(of_event::<Rain>(), Scope::Cluster, &rain()));
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}
