use ember::prelude::*;

#[service(elected, acks = "some")]
pub struct Ledger;

#[service(elected, acks = all)]
pub struct Vault;

#[service(acks = "leader")]
pub struct Counter;

#[service(elected, acks = "leader", min_in_sync = 2)]
pub struct Both;

fn main() {}
