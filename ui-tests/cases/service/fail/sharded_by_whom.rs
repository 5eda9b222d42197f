use ember::prelude::*;

#[service]
pub struct Hall;

impl Sharded for Hall {
    type Shared = ();

    fn new(_: Shard, (): &()) -> Self {
        Self
    }
}

fn main() {}
