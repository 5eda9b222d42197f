//! An entry of the registry is read once, however many nodes of this process follow it, and they share what it says.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;

use super::{
    NodeRecord,
    change::{ClusterChange, Subject},
    record::{Published, ServiceRecord, SharedRecord},
};
use crate::{actor::ServiceState, id::Pid, registry::KeyValue};

/// Fewer than these are not looked through for such as nobody has any more.
const FEW: usize = 64;

/// What was read and is still in somebody's view.
static READ: LazyLock<Mutex<Read>> = LazyLock::new(|| Mutex::new(Read { entries: HashMap::new(), tidy_at: FEW }));

struct Read {
    /// By what they are about and the revision of the write: looked up, never gone through in order.
    entries: HashMap<(Subject, i64), Entry>,
    /// When there are so many, those that nobody has are given back.
    tidy_at: usize,
}

struct Entry {
    /// Another registry of this process may have other bytes there.
    value: Bytes,
    record: Record,
}

/// Kept by those who list it.
enum Record {
    Node(Weak<NodeRecord>),
    Service(Pid, ServiceState, Weak<Published>),
}

/// What an entry that is about `subject` says; nothing if it cannot be read, or is about something else.
pub(super) fn read(entry: &KeyValue, subject: Subject) -> Option<ClusterChange> {
    let place = (subject, entry.modified);
    let known = lock().entries.get(&place).filter(|known| known.value == entry.value).and_then(Entry::change);
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
            let record = Record::Service(pid, service.state, Arc::downgrade(&service.published));
            (ClusterChange::Service(service), record)
        }
    };
    // A copy: what came with a larger answer must not keep all of that.
    lock().remember(place, Entry { value: Bytes::copy_from_slice(&entry.value), record });
    Some(change)
}

fn lock() -> MutexGuard<'static, Read> {
    READ.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read {
    fn remember(&mut self, place: (Subject, i64), entry: Entry) {
        if self.entries.len() >= self.tidy_at {
            self.entries.retain(|_, entry| entry.is_kept());
            self.tidy_at = FEW.max(self.entries.len() * 2);
            self.entries.shrink_to(self.tidy_at);
        }
        self.entries.insert(place, entry);
    }
}

impl Entry {
    fn is_kept(&self) -> bool {
        match &self.record {
            Record::Node(node) => node.strong_count() > 0,
            Record::Service(_, _, published) => published.strong_count() > 0,
        }
    }

    fn change(&self) -> Option<ClusterChange> {
        match &self.record {
            Record::Node(node) => node.upgrade().map(ClusterChange::Node),
            Record::Service(pid, state, published) => {
                let published = published.upgrade()?;
                Some(ClusterChange::Service(SharedRecord { pid: *pid, state: *state, published }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(record(1, "one").name, "one");
        let kept = Arc::downgrade(&one);
        drop((one, two));
        assert!(kept.upgrade().is_none());
        assert_eq!(record(1, "one").name, "one");
        for number in 0..1_000 {
            record(number, "many");
        }
        let known = lock();
        assert!(known.entries.len() <= known.tidy_at, "{} are kept for nobody", known.entries.len());
    }

    #[test]
    fn what_is_no_record_of_its_subject_is_none() {
        let nothing = KeyValue { value: Bytes::from_static(b"{}"), ..entry(1, "x") };
        assert!(read(&nothing, Subject::Node(key(1))).is_none());
        assert!(read(&entry(2, "x"), Subject::Node(key(1))).is_none());
        assert!(read(&entry(2, "x"), Subject::Service(Pid { node: key(2), number: 1 })).is_none());
    }
}
