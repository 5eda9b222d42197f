use ember::prelude::*;

#[service(concurrent)]
#[derive(Default)]
pub struct Prices;

impl Replicated for Prices {
    type State = u64;
    type Entry = u64;
    type Output = ();

    fn apply(state: &mut u64, entry: &u64) {
        *state += entry;
    }
}

#[service(sharded)]
#[derive(Default)]
pub struct Scores;

impl Replicated for Scores {
    type State = u64;
    type Entry = u64;
    type Output = ();

    fn apply(state: &mut u64, entry: &u64) {
        *state += entry;
    }
}

fn main() {}
