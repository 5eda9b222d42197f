use ember::prelude::*;

#[service(weight = 3, mailbox = 64)]
pub struct Heavy;

#[service(sharded, key = "player")]
pub struct Scores;

#[service(concurrent, scale = "cpu")]
pub struct Prices;

fn main() {}
