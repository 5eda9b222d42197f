//! Tests: nodes that come and go, in the directory of another.

use std::collections::BTreeSet;

use crate::{
    actor::{ServiceIdentity, ServiceState},
    directory::{
        instances::{Balancers, Chance, Choice, Interest, Probing, Selector, Terms},
        records::{ClusterChange, NodeRecord, ServiceRecord},
        views::Directory,
    },
    id::{Incarnation, NodeId, NodeKey, Pid, PublicKey},
    message::Lane,
    rng::Rng,
};

fn key(id: u64) -> NodeKey {
    NodeKey { id: NodeId(id), incarnation: Incarnation(1) }
}

fn record(id: u64, joining: bool) -> NodeRecord {
    let record = NodeRecord::new(key(id), format!("node-{id}"), "127.0.0.1:1".parse().unwrap(), 0);
    NodeRecord { public_key: Some(PublicKey([id as u8; 32])), joining, ..record }
}

fn put(directory: &Directory, record: NodeRecord) {
    directory.apply(vec![ClusterChange::Node(record.into())], &|_| false);
}

fn remove(directory: &Directory, id: u64, link_is_up: bool) -> Vec<NodeKey> {
    directory.apply(vec![ClusterChange::NodeGone(key(id))], &|_| link_is_up).gone
}

#[test]
fn a_node_that_is_joining_is_recognised_and_not_seen() {
    let directory = Directory::new(record(1, false));
    put(&directory, record(2, true));
    assert_eq!(directory.public_key(key(2)), Some(PublicKey([2; 32])));
    assert!(directory.newest_run(NodeId(2)).is_some());
    assert_eq!(directory.view().nodes().len(), 1);
    // Nobody chooses it, so that nothing is gained by suspecting it.
    directory.suspect(key(2), true);
    assert!(directory.suspects().is_empty());
    put(&directory, record(2, false));
    assert_eq!(directory.view().nodes().len(), 2);
    // A run of this very node that has not joined is nobody's namesake.
    let again = NodeKey { incarnation: Incarnation(2), ..key(1) };
    put(&directory, NodeRecord { key: again, ..record(1, true) });
    assert!(directory.namesakes().is_empty());
    put(&directory, NodeRecord { key: again, ..record(1, false) });
    assert_eq!(directory.namesakes().len(), 1);
}

#[test]
fn a_node_keeps_its_key_while_its_link_is_up_and_nothing_is_kept_longer() {
    let directory = Directory::new(record(1, false));
    for id in 2..500 {
        let joining = id % 2 == 0;
        put(&directory, record(id, joining));
        assert!(remove(&directory, id, true).is_empty());
        assert_eq!(directory.public_key(key(id)), Some(PublicKey([id as u8; 32])));
        assert!(directory.newest_run(NodeId(id)).is_none());
        // The goodbye comes after the key went.
        directory.suspect(key(id), true);
        assert_eq!(directory.public_key(key(id)), None);
    }
    // One of which nothing was known, whose link is up.
    assert!(remove(&directory, 500, true).is_empty());
    put(&directory, record(501, false));
    directory.suspect(key(501), true);
    assert_eq!(remove(&directory, 501, false), [key(501)]);
    assert_eq!(directory.kept(), 0);
}

#[test]
fn a_node_at_whose_address_nobody_listens_is_over_until_somebody_does() {
    let directory = Directory::new(record(1, false));
    put(&directory, record(2, false));
    directory.suspect(key(2), true);
    assert!(!directory.is_deserted(key(2)), "a link that broke says nothing of the process");
    let number = directory.view().number();
    directory.desert(key(2));
    assert!(directory.view().number() > number, "those who wait look again");
    directory.suspect(key(2), true);
    assert!(directory.is_deserted(key(2)) && directory.suspects().contains_key(&key(2)));
    directory.suspect(key(2), false);
    assert!(!directory.is_deserted(key(2)));
    // Without a link that broke before.
    directory.desert(key(2));
    assert!(directory.is_deserted(key(2)) && directory.suspects().contains_key(&key(2)));
    assert_eq!(remove(&directory, 2, false), [key(2)]);
    assert!(!directory.is_deserted(key(2)));
    put(&directory, record(3, true));
    directory.desert(key(3));
    assert!(!directory.is_deserted(key(3)), "it has not joined yet");
    remove(&directory, 3, false);
    assert_eq!(directory.kept(), 0);
}

#[test]
fn a_node_whose_workers_are_late_is_chosen_last() {
    let directory = Directory::new(record(1, false));
    for id in [2, 3] {
        put(&directory, record(id, false));
        let (pid, state) = (Pid { node: key(id), number: 1 }, ServiceState::Running);
        let identity = ServiceIdentity::supposed("player", 1, 0);
        let service = ServiceRecord::supposed(pid, identity, state);
        directory.apply(vec![ClusterChange::Service(service.into())], &|_| false);
    }
    let rng = Rng::from_seed(3);
    let balancers = Balancers::default();
    let chosen = |choice: &Choice| {
        let mut selector = Selector::new(Interest::Service("player".into()));
        let by = |turn| Chance { excluded: &[], turn, probing: Probing::Probe, rng: &rng, balancers: &balancers };
        let choose = |turn: usize| {
            // Whichever of the two a key stands for.
            selector.choice = if let Choice::ByKey(_) = choice { Choice::ByKey(turn as u64) } else { choice.clone() };
            let terms = Terms { selector: &selector, lane: Lane::User, here: NodeId(1), key: None };
            directory.choose(&terms, &by(turn)).unwrap().0.pid.node.id.0
        };
        (0..100).map(choose).collect::<BTreeSet<_>>()
    };
    let choices = [
        Choice::RoundRobin,
        Choice::Random,
        Choice::LeastInFlight,
        Choice::LocalFirst,
        Choice::ByKey(0),
        Choice::LeastBusy,
    ];
    directory.late(key(2), true);
    choices.iter().for_each(|choice| assert_eq!(chosen(choice), BTreeSet::from([3]), "{choice:?}"));
    // There is no better one.
    directory.late(key(3), true);
    choices.iter().for_each(|choice| assert_eq!(chosen(choice), BTreeSet::from([2, 3]), "{choice:?}"));
    directory.late(key(2), false);
    choices.iter().for_each(|choice| assert_eq!(chosen(choice), BTreeSet::from([2]), "{choice:?}"));
    directory.late(key(3), false);
    choices.iter().for_each(|choice| assert_eq!(chosen(choice), BTreeSet::from([2, 3]), "{choice:?}"));
}

#[test]
fn records_of_other_versions_of_ember_are_read() {
    let text = r#"{"key": {"id": 2, "incarnation": 1}, "name": "b", "endpoint": "h:1", "server": 0, "ember": "0.0.1", "later": 1}"#;
    let read: NodeRecord = serde_json::from_str(text).unwrap();
    assert_eq!((read.public_key, read.joining), (None, false));
    let written = serde_json::to_value(record(2, false)).unwrap();
    assert_eq!(written["public_key"], "02".repeat(32));
    assert!(written.get("joining").is_none(), "{written}");
}
