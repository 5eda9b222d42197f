use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[module]
fn bag() {}

fn main() {}
