use ember::prelude::*;

#[module]
pub struct Bag;

#[service]
pub struct Player {
    bags: Modules<u32, Bag>,
}

fn main() {}
