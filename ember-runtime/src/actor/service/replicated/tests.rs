//! What the runtime knows of a replicated service, and which units are in its group.

use std::collections::BTreeMap;

use super::*;
use crate::{
    actor::{Orphan, Path, ReplicaKind, Service, ServiceSpec, Specified, Table, Unit, about::AnyState},
    message::encode,
};

macro_rules! unit {
    ($name:ident in $parent:ty) => {
        struct $name;
        impl Unit for $name {
            type Access = crate::actor::Alone;
            type This = Self;
            type Parent = $parent;
            const NAME: &'static str = stringify!($name);
            fn describe<S: Service, L: Path<S, Unit = Self>>(_: &mut Table<S>) {}
        }
    };
}
unit!(Ledger in Orphan);
unit!(Page in Ledger);
unit!(Line in Page);
unit!(Counter in Orphan);

impl Specified for Ledger {
    const SPEC: ServiceSpec = ServiceSpec::new("ledger", "", "1.0.0", "here").elected();
    const REPLICA: Option<ReplicaKind> = Replica::<Self>::KIND;
}

impl Specified for Counter {
    const SPEC: ServiceSpec = ServiceSpec::new("counter", "", "1.0.0", "here");
    const REPLICA: Option<ReplicaKind> = Replica::<Self>::KIND;
}

impl Replicated for Ledger {
    type State = BTreeMap<String, u64>;
    type Entry = (String, u64);
    type Output = u64;

    fn apply(state: &mut Self::State, (of, amount): &Self::Entry) -> u64 {
        let balance = state.entry(of.clone()).or_default();
        *balance += amount;
        *balance
    }
}

fn kind() -> ReplicaKind {
    Ledger::REPLICA.unwrap()
}

fn written(of: &str, amount: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&(of.to_string(), amount), &mut bytes).unwrap();
    bytes
}

#[test]
fn only_services_that_implement_it_are_replicated() {
    assert!(Ledger::REPLICA.is_some());
    assert!(Counter::REPLICA.is_none());
}

#[test]
fn state_that_was_read_takes_the_entries_that_follow() {
    let kind = kind();
    let mut state = (kind.new)();
    for entry in [written("a", 3), written("b", 5)] {
        (kind.apply)(&mut *state, &entry, &mut Vec::new()).unwrap();
    }
    let mut bytes = vec![9];
    (kind.encode)(&*state, &mut bytes).unwrap();
    let mut other = (kind.decode)(&bytes[1..]).unwrap();
    (kind.apply)(&mut *other, &written("a", 4), &mut Vec::new()).unwrap();
    let balances = other.downcast_ref::<BTreeMap<String, u64>>().unwrap();
    assert_eq!(*balances, BTreeMap::from([("a".to_string(), 7), ("b".to_string(), 5)]));
}

#[test]
fn bytes_that_are_no_entry_and_no_state_are_errors_and_change_nothing() {
    let kind = kind();
    let mut state = (kind.new)();
    let whole = written("a", 3);
    let longer = [&whole[..], &[0]].concat();
    for garbage in [&whole[..2], &longer, &[], &[0xff; 12]] {
        assert!((kind.apply)(&mut *state, garbage, &mut Vec::new()).is_err(), "{garbage:?}");
    }
    assert!(state.downcast_ref::<BTreeMap<String, u64>>().unwrap().is_empty());
    for garbage in [&[][..], &[1], &[0, 0], &[0xff; 12]] {
        assert!((kind.decode)(garbage).is_err(), "{garbage:?}");
    }
}

#[test]
fn state_of_another_service_is_an_error() {
    let mut other: Box<AnyState> = Box::new(7_u64);
    let error = (kind().apply)(&mut *other, &written("a", 3), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("Ledger"), "{error}");
    let mut bytes = vec![9];
    (kind().encode)(&*other, &mut bytes).unwrap_err();
    assert_eq!((bytes, other.downcast_ref()), (vec![9], Some(&7_u64)));
}

#[test]
fn fingerprints_tell_the_structures_apart() {
    let (entry, state) = (kind().fingerprints)();
    assert_ne!(entry, state);
    assert_eq!((entry, state), (kind().fingerprints)());
}

/// As the methods of `Cx` are bounded: the service is named by a parameter, so that the compiler says first of all that there is none.
#[expect(clippy::extra_unused_type_parameters, reason = "it is named by whoever calls")]
fn fresh<U: InGroup<Root = R>, R: Replicated>() -> R::State {
    R::State::default()
}

#[test]
fn modules_have_the_state_of_the_service_that_they_declare_to_be_in() {
    let states = [fresh::<Ledger, _>(), fresh::<Page, _>(), fresh::<Line, _>()];
    assert!(states.iter().all(BTreeMap::is_empty));
}
