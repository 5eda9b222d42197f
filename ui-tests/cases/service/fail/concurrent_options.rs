use ember::prelude::*;

#[service(concurrent, elected)]
pub struct Master;

#[service(concurrent, sharded, workers = 8)]
pub struct Shards;

#[service(workers = 8)]
pub struct Alone;

#[service(concurrent, workers = 0)]
pub struct None;

#[service(concurrent, workers = 16..=2)]
pub struct Backwards;

#[service(concurrent, workers = 2..16)]
pub struct Open;

#[module]
#[derive(Default)]
pub struct Bag;

#[service(concurrent)]
#[derive(Default)]
pub struct Bags {
    #[module]
    bags: Modules<u32, Bag>,
}

#[module(concurrent, parent = Bags)]
#[derive(Default)]
pub struct Child;

fn main() {}
