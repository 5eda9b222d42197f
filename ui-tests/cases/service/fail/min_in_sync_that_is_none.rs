use ember::prelude::*;

#[service(elected, min_in_sync = 0)]
pub struct Ledger;

#[service(elected, min_in_sync = "2")]
pub struct Vault;

#[service(min_in_sync = 2)]
pub struct Counter;

fn main() {}
