use ember::prelude::*;

#[service]
pub struct Ledger;

impl Replicated for Ledger {
    type State = u64;
    type Entry = u64;
    type Output = ();

    fn apply(state: &mut u64, entry: &u64) {
        *state += entry;
    }
}

fn main() {}
