use ember::prelude::*;

#[service(sharded)]
pub struct Player;

fn main() {}
