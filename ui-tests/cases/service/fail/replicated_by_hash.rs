use std::collections::{BTreeMap, HashMap, HashSet};

use ember::prelude::*;

#[message]
#[derive(Default)]
pub struct Accounts {
    by_name: BTreeMap<String, Vec<Account>>,
}

#[message]
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

#[service(elected)]
pub struct TheState;

impl Replicated for TheState {
    type State = HashMap<u64, u64>;
    type Entry = u64;
    type Output = ();

    fn apply(_: &mut HashMap<u64, u64>, _: &u64) {}
}

#[service(elected)]
pub struct InTheEntry;

impl Replicated for InTheEntry {
    type State = u64;
    type Entry = Entry;
    type Output = ();

    fn apply(_: &mut u64, _: &Entry) {}
}

#[service(elected)]
pub struct InTheOutput;

impl Replicated for InTheOutput {
    type State = u64;
    type Entry = u64;
    type Output = (u64, Vec<HashSet<u64>>);

    fn apply(_: &mut u64, _: &u64) -> (u64, Vec<HashSet<u64>>) {
        (0, Vec::new())
    }
}

fn main() {}
