use std::collections::{BTreeMap, HashMap};

use ember::prelude::*;

#[message]
#[derive(Default)]
pub struct Accounts {
    all: BTreeMap<u64, Account>,
    #[serde(skip)]
    by_name: HashMap<String, u64>,
}

#[message]
pub struct Account {
    balance: u64,
}

#[message]
pub enum Entry {
    Open { name: String, #[serde(skip)] asked: u64 },
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
pub struct InTheEntry;

impl Replicated for InTheEntry {
    type State = u64;
    type Entry = Entry;
    type Output = ();

    fn apply(_: &mut u64, _: &Entry) {}
}

#[message]
pub enum Told {
    Done,
    #[serde(skip)]
    Here,
}

#[service(elected)]
pub struct InTheOutput;

impl Replicated for InTheOutput {
    type State = u64;
    type Entry = u64;
    type Output = Told;

    fn apply(_: &mut u64, _: &u64) -> Told {
        Told::Done
    }
}

fn main() {}
