use ember::prelude::*;

#[service(name = "game/player")]
pub struct Player;

fn main() {}
