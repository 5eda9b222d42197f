use ember::prelude::*;

#[service(name = "player", name = "gamer")]
pub struct Player;

fn main() {}
