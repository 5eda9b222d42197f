use ember::prelude::*;

#[service(nmae = "player")]
pub struct Player;

#[service(shard)]
pub struct Rooms;

fn main() {}
