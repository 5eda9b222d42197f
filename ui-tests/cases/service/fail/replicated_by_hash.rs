use std::collections::{HashMap, HashSet};

use ember::prelude::*;

#[message]
#[derive(Default)]
pub struct Accounts {
    first: Account,
}

#[message]
#[derive(Default)]
pub struct Account {
    balance: u64,
    limits: Option<HashMap<String, u64>>,
}

#[message]
pub enum Entry {
    Open { name: String },
    Close(HashSet<u64>),
}

#[service(elected)]
pub struct InTheState;

impl Replicated for InTheState {
    type State = Accounts;
    type Entry = u64;
    type Output = ();

    fn apply(_: &mut Accounts, _: &u64) {}
}

#[message]
#[derive(Default)]
pub struct ById {
    all: HashMap<u64, u64>,
}

#[service(elected)]
pub struct TheState;

impl Replicated for TheState {
    type State = ById;
    type Entry = u64;
    type Output = ();

    fn apply(_: &mut ById, _: &u64) {}
}

#[service(elected)]
pub struct InTheEntry;

impl Replicated for InTheEntry {
    type State = u64;
    type Entry = Entry;
    type Output = ();

    fn apply(_: &mut u64, _: &Entry) {}
}

#[message]
pub struct Pair<T>(T, T);

#[service(elected)]
pub struct InTheOutput;

impl Replicated for InTheOutput {
    type State = u64;
    type Entry = u64;
    type Output = Pair<HashSet<u64>>;

    fn apply(_: &mut u64, _: &u64) -> Pair<HashSet<u64>> {
        Pair(HashSet::new(), HashSet::new())
    }
}

fn main() {}
