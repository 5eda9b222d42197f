//! What the master of a replicated service says of calls that groups owe.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;

use super::{Calling, Holding};
use crate::{
    actor::ReplicaKind,
    clock::SystemClock,
    error::{Failure, LostReason},
    id::{Asker, CallId, Epoch, GroupKey, Incarnation, NodeId, NodeKey, Pid, Serial},
    message::{RawReply, ReplyBody, ReplyLink, Stored},
    replica::{InSync, Known, Member, Replica, Terms},
};

const KIND: ReplicaKind = ReplicaKind {
    new: || Box::new(()),
    apply: |_, _, _| Ok(()),
    encode: |_, _| Ok(()),
    decode: |_| Ok(Box::new(())),
    fingerprints: || (1, 2),
};
const EPOCH: Epoch = Epoch(3);

/// A master that is alone.
fn holding() -> Holding {
    let node = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
    let pid = Pid { node, number: 1 };
    let replica = Replica::new(pid, (1, 2), Terms::default(), 1 << 20);
    replica.elect(EPOCH, InSync::founded_by(Member::first(pid)));
    let mut holding = Holding::new(Arc::new(replica), KIND, Arc::new(SystemClock));
    holding.catch_up();
    holding
}

fn owed(epoch: u64, number: u64) -> CallId {
    CallId { by: Asker::Group(GroupKey { group: 5, lane: 6 }), serial: Serial { epoch: Epoch(epoch), number } }
}

fn once(number: u64) -> CallId {
    CallId::new(Asker::Node(NodeId(9)), number)
}

/// Such a call is run, and comes to this. The lowest that its caller may still ask for is this one.
fn ends(holding: &mut Holding, id: CallId, reply: Stored) {
    holding.begin(Some(Calling::once((id, id.serial), 7, 1_000)));
    holding.commit(EPOCH, (vec![Bytes::from_static(b"entry")], None), |_, _| ()).expect("it is the master");
    holding.conclude(EPOCH, reply);
    holding.replica.open();
}

/// Keeps what is answered.
#[derive(Default)]
struct Answers(Mutex<Vec<Result<Vec<u8>, Failure>>>);

impl ReplyLink for Answers {
    fn reply(&self, _: u64, body: ReplyBody<'_>) {
        let answer = match body {
            ReplyBody::Value(put) | ReplyBody::App(put) => {
                let mut out = Vec::new();
                put(&mut out).unwrap();
                Ok(out)
            }
            ReplyBody::Failed(failure) => Err(failure),
        };
        self.0.lock().unwrap().push(answer);
    }

    fn is_unwanted(&self, _: u64) -> bool {
        false
    }

    fn poll_unwanted(&self, _: u64, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// The call comes again; what it is answered, or nothing if it is to be run.
fn again(holding: &mut Holding, id: CallId) -> Option<Result<Vec<u8>, Failure>> {
    let answers = Arc::<Answers>::default();
    let call = Calling::once((id, id.serial), 7, 1_000);
    let back = holding.admit(&call, EPOCH, RawReply::new(Arc::clone(&answers) as _, 1));
    if let Some(reply) = back {
        reply.fail(LostReason::NoReply);
        return None;
    }
    answers.0.lock().unwrap().pop()
}

#[test]
fn of_a_call_that_a_group_owes_is_kept_that_it_was_answered_and_not_how() {
    let mut holding = holding();
    let large = || Bytes::from(vec![7; 1 << 19]);
    ends(&mut holding, owed(1, 1), Stored::Value(large()));
    assert_eq!(again(&mut holding, owed(1, 1)), Some(Ok(Vec::new())));
    ends(&mut holding, owed(1, 2), Stored::App(large()));
    let empty = Stored::App(Bytes::new());
    assert_eq!(holding.beside.outcomes().find(owed(1, 2)), Known::Ended { asked: 7, reply: &empty });
    ends(&mut holding, once(1), Stored::Value(Bytes::from_static(b"kept")));
    assert_eq!(again(&mut holding, once(1)), Some(Ok(b"kept".to_vec())));
}

#[test]
fn who_makes_an_owed_call_again_that_was_answered_long_ago_is_told_so() {
    let mut holding = holding();
    for number in [1, 2] {
        ends(&mut holding, owed(1, number), Stored::Value(Bytes::new()));
        ends(&mut holding, once(number), Stored::Value(Bytes::new()));
    }
    // The next one was made: whoever made it had the answer to this one, and could not say so in its own log.
    assert_eq!(again(&mut holding, owed(1, 1)), Some(Ok(Vec::new())));
    assert_eq!(again(&mut holding, once(1)), Some(Err(LostReason::Forgotten.into())), "of others nobody knows");
    assert_eq!(again(&mut holding, owed(1, 3)), None);
    // Its group goes on without its last records, in a later epoch: its numbers come again.
    assert_eq!(again(&mut holding, owed(4, 2)), None, "it is another");
}

#[test]
fn calls_that_are_owed_are_as_of_the_record_that_owes_them() {
    let mut holding = holding();
    for lane in [8, 9, 8] {
        holding.begin(None);
        let call = Some((lane, Bytes::from_static(b"call")));
        holding.commit(EPOCH, (vec![Bytes::from_static(b"entry")], call), |_, _| ()).expect("it is the master");
        holding.replica.open();
    }
    assert_eq!(holding.replica.owed(), 3);
    holding.paid(EPOCH, 8, 1);
    holding.paid(EPOCH, 9, 1);
    let left = holding.beside.outbox().first(&[].into(), 9);
    let left: Vec<_> = left.into_iter().map(|debt| (debt.lane, debt.serial)).collect();
    let serial = |number| Serial { epoch: EPOCH, number };
    assert_eq!(left, [(8, serial(3)), (9, serial(2))]);
    // Each of the three, and what was paid, after the first record of its office.
    assert_eq!(holding.beside.applied(), 5);
}
