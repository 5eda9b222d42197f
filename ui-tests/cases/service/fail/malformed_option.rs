use ember::prelude::*;

#[service(name = 5, implements = Buys, version)]
pub struct Player;

fn main() {}
