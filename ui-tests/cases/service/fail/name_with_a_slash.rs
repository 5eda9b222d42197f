use ember::prelude::*;

#[service(name = "game/player")]
pub struct Player;

#[service(name = "\u{345}", kind = "\u{301}")]
pub struct Marks;

fn main() {}
