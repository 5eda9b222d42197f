use ember::prelude::*;

#[module(concurrent, workers = 8)]
pub struct Bag;

#[module(sharded, shards = 8)]
pub struct Shelf;

#[module(elected)]
pub struct Chair;

fn main() {}
