use ember::prelude::*;

#[service(nmae = "player")]
pub struct Player;

fn main() {}
