use ember::prelude::*;

#[message(codec = "json")]
#[derive(Default)]
pub struct Balances {
    all: Vec<u64>,
}

#[service(elected)]
pub struct Ledger;

impl Replicated for Ledger {
    type State = Balances;
    type Entry = u64;
    type Output = ();

    fn apply(_: &mut Balances, _: &u64) {}
}

fn main() {}
