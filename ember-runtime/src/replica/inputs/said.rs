//! What a group remembers of calls, in records and beside its state.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::who::pid;
use crate::{
    id::{Asker, CallId, Epoch},
    message::Stored,
    replica::{About, Beside, Note},
};

/// A picture of a state, as members learn it. Whether it was one.
///
/// # Panics
/// If what was read is not the same when it is written and read again, or does not go on by what records say.
pub(crate) fn state(bytes: &[u8]) -> bool {
    let Ok((mut beside, state)) = Beside::read(bytes, 7) else { return false };
    let written = written(&beside);
    let (again, rest) = Beside::read(&written, 7).expect("what was written can be read");
    assert!(rest.is_empty() && self::written(&again) == written, "a picture of a picture is another one");
    goes_on(&mut beside);
    // Of the state itself the service knows more.
    !state.is_empty()
}

/// What a record says of calls. Whether it was that.
///
/// # Panics
/// If it cannot be taken as others take it.
pub(crate) fn notes(bytes: &[u8]) -> bool {
    let Ok(notes) = Note::read(bytes) else { return false };
    let mut beside = Beside::default();
    beside.take(1, Epoch(1), notes.clone());
    beside.take(2, Epoch(2), notes);
    let written = written(&beside);
    let (mut again, _) = Beside::read(&written, 2).expect("what was written can be read");
    assert_eq!(self::written(&again), written, "who learns it has something else");
    goes_on(&mut again);
    true
}

fn written(beside: &Beside) -> Vec<u8> {
    let mut out = Vec::new();
    beside.write(&mut out).expect("it can be written");
    out
}

/// More calls, of callers that are known and of one that is not, and all that is owed is paid.
fn goes_on(beside: &mut Beside) {
    let about = |number, at| {
        let id = CallId::new(Asker::Run(pid(9).node), number);
        About { id, lowest: id.serial, asked: 0, at, keep: 1 }
    };
    let ends = [1, u64::MAX].map(|at| Note::Ended(about(at, at), Stored::Value(Bytes::from_static(b"reply"))));
    let owes = Note::Owes { lane: 1, call: Bytes::from_static(b"call") };
    beside.take(8, Epoch(9), [Note::Begun(about(0, 1)), owes].into_iter().chain(ends));
    let owed = beside.outbox().first(&BTreeSet::new(), 8);
    assert!(owed.iter().any(|debt| debt.lane == 1), "what was owed last is not there");
    let paid: Vec<_> = owed.iter().map(|debt| Note::Paid { lane: debt.lane, number: debt.serial.number }).collect();
    beside.take(9, Epoch(9), paid);
    assert!(!owed.iter().any(|debt| beside.outbox().owes(debt.lane, debt.serial.number)), "what was paid is owed");
}
