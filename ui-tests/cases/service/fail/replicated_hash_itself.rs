use std::collections::HashMap;

use ember::prelude::*;

#[service(elected)]
pub struct Hashed;

impl Replicated for Hashed {
    type State = HashMap<u64, u64>;
    type Entry = u64;
    type Output = Vec<HashMap<u64, u64>>;

    fn apply(_: &mut HashMap<u64, u64>, _: &u64) -> Vec<HashMap<u64, u64>> {
        Vec::new()
    }
}

fn main() {}
