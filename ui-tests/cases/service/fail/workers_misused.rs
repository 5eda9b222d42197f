use ember::prelude::*;

#[service(sharded, workers = 0)]
pub struct Nobody;

#[service(sharded, workers = 16..=2)]
pub struct Backwards;

#[service(sharded, workers = 2..16)]
pub struct Open;

#[service(sharded, workers = "8")]
pub struct Text;

#[service(sharded, shards = 8, workers = 2..=16)]
pub struct More;

#[service(workers = 8)]
pub struct Whole;

#[service(sharded, workers)]
pub struct Flag;

fn main() {}
