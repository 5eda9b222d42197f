use ember::prelude::*;

#[derive(Default)]
pub struct Balances {
    all: Vec<u64>,
}

pub struct Entry;

#[service(elected)]
pub struct Ledger;

impl Replicated for Ledger {
    type State = Balances;
    type Entry = Entry;
    type Output = Vec<Entry>;

    fn apply(_: &mut Balances, _: &Entry) -> Vec<Entry> {
        Vec::new()
    }
}

#[service(elected)]
pub struct WithoutDefault;

#[message]
pub struct Named {
    name: String,
}

impl Replicated for WithoutDefault {
    type State = Named;
    type Entry = u64;
    type Output = ();

    fn apply(_: &mut Named, _: &u64) {}
}

fn main() {}
