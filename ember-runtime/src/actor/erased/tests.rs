//! What a state has beside it changes with the state.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{Calling, Holding};
use crate::{
    actor::about::ReplicaKind,
    clock::SystemClock,
    id::{Asker, CallId, Epoch, Incarnation, NodeId, NodeKey, Pid},
    message::Stored,
    replica::{InSync, Member, Replica, Terms},
};

const EPOCH: Epoch = Epoch(1);
const LANE: u64 = 6;
const NODE: NodeKey = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };

/// Its state has nothing in it.
const KIND: ReplicaKind = ReplicaKind {
    new: || Box::new(()),
    apply: |_, _, _| Ok(()),
    encode: |_, _| Ok(()),
    decode: |_| Ok(Box::new(())),
    fingerprints: || (1, 2),
};

/// That of a master that is alone in sync.
fn alone() -> Holding {
    let pid = Pid { node: NODE, number: 1 };
    let replica = Replica::new(pid, (1, 2), Terms::default(), 1 << 20);
    replica.elect(EPOCH, InSync::founded_by(Member::first(pid)));
    let mut held = Holding::new(Arc::new(replica), KIND, Arc::new(SystemClock));
    held.catch_up();
    held
}

fn id(number: u64) -> CallId {
    CallId::new(Asker::Run(NODE), number)
}

#[test]
fn whatever_a_lone_master_enters_it_takes_a_picture_in_time_and_its_log_stays_short() {
    let mut held = alone();
    held.commit(EPOCH, (Vec::new(), Some((LANE, Bytes::from_static(b"a call")))), |_, _| ()).unwrap();
    let enters: [fn(&mut Holding); 5] = [
        |held| held.commit(EPOCH, (vec![Bytes::from_static(b"entry")], None), |_, _| ()).unwrap(),
        |held| held.paid(EPOCH, LANE, 1),
        |held| held.asked(EPOCH, id(1), oneshot::channel().0),
        |held| {
            held.begin(Some(Calling::new(id(2), 0.into())));
            assert_eq!(held.defer(EPOCH), Some(id(2)));
        },
        |held| {
            held.begin(Some(Calling::once((id(3), 0.into()), 0, 1_000)));
            held.conclude(EPOCH, Stored::App(Bytes::from_static(b"what a method refuses")));
        },
    ];
    for (which, enter) in enters.into_iter().enumerate() {
        // So much that a picture is due with the next.
        held.replica.enter(EPOCH, Vec::new(), vec![7; 9 << 20].into()).unwrap();
        assert!(held.replica.wants_picture(), "{which}");
        let before = held.beside.applied();
        enter(&mut held);
        assert!(held.beside.applied() > before && !held.replica.wants_picture(), "{which}");
        held.replica.open();
        let log = held.replica.look(EPOCH, |leader| leader.held().log().bytes()).unwrap();
        assert!(log < 20 << 20, "{which}: {log}");
    }
}
