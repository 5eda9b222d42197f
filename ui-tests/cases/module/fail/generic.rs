use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[module]
pub struct Bag<T> {
    items: Vec<T>,
}

fn main() {}
