//! An entry of the registry is read once, however many nodes of this process follow it, and they share what it says.
//!
//! Beside this, an event that all who watch share carries what was made of it ([`SharedEvent::made`]). Neither can do without the
//! other: lists, and registries over a connection, have no events that are shared; and a thousand nodes of one process that start
//! at once hear a million times of an entry, where a look into this map, behind its lock, costs many times what the event does.
//!
//! [`SharedEvent::made`]: crate::registry::SharedEvent

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock, Mutex, Weak},
};

use super::{
    change::{ClusterChange, Subject},
    record::{NodeRecord, Published, ServiceRecord, SharedRecord},
};
use crate::sync::lock;
use crate::{actor::ServiceState, id::Pid, registry::KeyValue};

/// Fewer than these are not looked through for such as nobody has any more.
const FEW: usize = 64;

/// What was read and is still in somebody's view.
static READ: LazyLock<Mutex<Read>> = LazyLock::new(|| Mutex::new(Read { entries: HashMap::new(), tidy_at: FEW }));
/// Nobody outside knows the keys, so nobody can write two values of one print.
static PRINTS: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);

struct Read {
    /// Looked up, never gone through in order.
    entries: HashMap<Place, Record>,
    /// When there are so many, those that nobody has are given back.
    tidy_at: usize,
}

/// What it is about, the revision of the write, and what was written: another registry of this process may have other bytes there.
/// Those are not kept: the record is what is wanted of them.
type Place = (Subject, i64, Print);

/// What tells bytes from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Print(usize, [u64; 2]);

impl Print {
    fn of(value: &[u8]) -> Self {
        Self(value.len(), PRINTS.each_ref().map(|state| state.hash_one(value)))
    }
}

/// Kept by those who list it.
enum Record {
    Node(Weak<NodeRecord>),
    Service(Pid, (ServiceState, u16), Weak<Published>),
}

/// What an entry that is about `subject` says; nothing if it cannot be read, or is about something else.
pub(crate) fn read(entry: &KeyValue, subject: Subject) -> Option<ClusterChange> {
    let place = (subject, entry.modified, Print::of(&entry.value));
    let known = lock(&READ).entries.get(&place).and_then(Record::change);
    if known.is_some() {
        return known;
    }
    let (change, record) = match subject {
        Subject::Node(key) => {
            let node: NodeRecord = serde_json::from_slice(&entry.value).ok()?;
            let node = Arc::new(Some(node).filter(|node| node.key == key)?);
            let record = Record::Node(Arc::downgrade(&node));
            (ClusterChange::Node(node), record)
        }
        Subject::Service(pid) => {
            let service: ServiceRecord = serde_json::from_slice(&entry.value).ok()?;
            let service = SharedRecord::from(Some(service).filter(|service| service.pid == pid)?);
            let record = Record::Service(pid, (service.state, service.weight), Arc::downgrade(&service.published));
            (ClusterChange::Service(service), record)
        }
    };
    lock(&READ).remember(place, record);
    Some(change)
}

impl Read {
    fn remember(&mut self, place: Place, record: Record) {
        if self.entries.len() >= self.tidy_at {
            self.entries.retain(|_, record| record.is_kept());
            self.tidy_at = FEW.max(self.entries.len() * 2);
            self.entries.shrink_to(self.tidy_at);
        }
        self.entries.insert(place, record);
    }
}

impl Record {
    fn is_kept(&self) -> bool {
        match self {
            Self::Node(node) => node.strong_count() > 0,
            Self::Service(_, _, published) => published.strong_count() > 0,
        }
    }

    fn change(&self) -> Option<ClusterChange> {
        match self {
            Self::Node(node) => node.upgrade().map(ClusterChange::Node),
            &Self::Service(pid, (state, weight), ref published) => {
                let published = published.upgrade()?;
                Some(ClusterChange::Service(SharedRecord { pid, state, weight, published }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::id::{Incarnation, NodeId, NodeKey};

    fn key(number: u64) -> NodeKey {
        NodeKey { id: NodeId(number), incarnation: Incarnation(0x5ca1e) }
    }

    fn entry(number: u64, name: &str) -> KeyValue {
        let record = NodeRecord::new(key(number), name.into(), "127.0.0.1:1".parse().unwrap(), 0);
        let value = serde_json::to_vec(&record).unwrap().into();
        KeyValue { key: String::new(), value, created: 1, modified: 7, lease: None }
    }

    fn record(number: u64, name: &str) -> Arc<NodeRecord> {
        let read = read(&entry(number, name), Subject::Node(key(number)));
        let Some(ClusterChange::Node(node)) = read else { panic!("no node: {read:?}") };
        node
    }

    #[test]
    fn the_same_entry_is_one_record_for_all_and_nobody_else_keeps_it() {
        let (one, two) = (record(1, "one"), record(1, "one"));
        assert!(Arc::ptr_eq(&one, &two));
        // Another registry has something else at that place.
        assert_eq!(record(1, "other").name, "other");
        assert!(Arc::ptr_eq(&one, &record(1, "one")), "nor does that one take its place");
        let kept = Arc::downgrade(&one);
        drop((one, two));
        assert!(kept.upgrade().is_none());
        assert_eq!(record(1, "one").name, "one");
        for number in 0..1_000 {
            record(number, "many");
        }
        let known = lock(&READ);
        assert!(known.entries.len() <= known.tidy_at, "{} are kept for nobody", known.entries.len());
    }

    #[test]
    fn registries_of_one_process_that_have_different_things_at_one_place_keep_them_apart_at_the_same_time() {
        let names = ["here", "there"];
        let ours = names.map(|name| record(7_001, name));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (name, own) = (names[thread % 2], Arc::clone(&ours[thread % 2]));
                std::thread::spawn(move || {
                    (0..500).all(|_| Arc::ptr_eq(&record(7_001, name), &own) && own.name == name)
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()), "one was given what the other has");
    }

    #[test]
    fn what_is_no_record_of_its_subject_is_none() {
        let nothing = KeyValue { value: Bytes::from_static(b"{}"), ..entry(1, "x") };
        assert!(read(&nothing, Subject::Node(key(1))).is_none());
        assert!(read(&entry(2, "x"), Subject::Node(key(1))).is_none());
        assert!(read(&entry(2, "x"), Subject::Service(Pid { node: key(2), number: 1 })).is_none());
    }
}
