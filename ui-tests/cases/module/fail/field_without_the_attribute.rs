use ember::prelude::*;

#[module]
pub struct Bag;

#[service]
pub struct Bank {
    bag: Module<Bag>,
}

fn main() {}
