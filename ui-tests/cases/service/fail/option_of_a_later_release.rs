use ember::prelude::*;

#[service(elected)]
pub struct Player;

fn main() {}
