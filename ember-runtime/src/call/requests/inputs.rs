//! What nodes ask each other, and calls that a group owes, as they come or stand in a log: for those who try to break who reads that.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::runtime::{Builder, Runtime};

use super::{
    owed::OwedCall,
    question::{
        CloseStream, Describe, EndOf, EntriesOf, HowFar, LearnFrom, More, OutcomeOf, PieceOf, Promise, Question,
        Replicate,
    },
};
use crate::{
    call::{LocalCalls, OutageSettings, Outages, Router},
    directory::{Balancers, Directory, NodeRecord},
    hooks::Hooks,
    id::{CallNumber, Incarnation, NodeId, NodeKey},
    message::{decode, encode},
    rng::Rng,
};

/// The first byte says which question the rest is, or an answer to which. Whether it was that.
///
/// # Panics
/// If what was read is another thing when it is written and read again.
pub(crate) fn question(bytes: &[u8]) -> bool {
    let Some((kind, said)) = bytes.split_first() else { return false };
    match kind % 11 {
        0 => asked::<EndOf>(said),
        1 => asked::<Describe>(said),
        2 => asked::<More>(said),
        3 => asked::<CloseStream>(said),
        4 => asked::<Replicate>(said),
        5 => asked::<LearnFrom>(said),
        6 => asked::<PieceOf>(said),
        7 => asked::<HowFar>(said),
        8 => asked::<OutcomeOf>(said),
        9 => asked::<EntriesOf>(said),
        _ => asked::<Promise>(said),
    }
}

fn asked<Q: Question>(said: &[u8]) -> bool {
    is_something::<Q>(said) | is_something::<Q::Answer>(said)
}

fn is_something<T: Serialize + DeserializeOwned>(said: &[u8]) -> bool {
    let Ok(read) = decode::<T>(said) else { return false };
    let written = written(&read);
    assert_eq!(decode(&written).map(|again: T| self::written(&again)).as_ref(), Ok(&written), "it is read as another");
    true
}

fn written(said: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    encode(said, &mut out).expect("what was read can be written");
    out
}

/// A call that a group owes, made by a node that has heard of no other. Whether it was one.
pub(crate) fn owed(bytes: &[u8]) -> bool {
    // One for all: so it is seen whether it remembers anything of those that were not sent.
    static ALONE: LazyLock<(Runtime, Arc<Router>)> = LazyLock::new(alone);
    let Ok(call) = OwedCall::read(bytes) else { return false };
    let number = CallNumber { by: None, number: 2, lowest: 1 };
    let request = call.request(&ALONE.1, number, Duration::from_secs(1));
    let (_as_logged, _text) = (call.method(), format!("{request:?}"));
    true
}

/// A router, and the runtime that it asks for, on which nothing runs.
fn alone() -> (Runtime, Arc<Router>) {
    let runtime = Builder::new_current_thread().build().expect("a runtime without I/O and timers");
    let here = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
    let record = NodeRecord::new(here, "here".into(), "127.0.0.1:0".parse().expect("an endpoint"), 0);
    let settings =
        (LocalCalls::default(), Hooks::default(), Balancers::default(), Outages::new(OutageSettings::default()));
    let entered = runtime.enter();
    let router = Router::new(here, Arc::new(Directory::new(record)), Rng::from_seed(1), settings);
    drop(entered);
    (runtime, router)
}
