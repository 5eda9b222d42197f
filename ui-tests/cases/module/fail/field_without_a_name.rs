use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[module]
pub struct Bag;

#[service]
pub struct Bank(#[module] Module<Bag>);

fn main() {}
