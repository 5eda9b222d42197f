use ember::prelude::*;

#[rpc]
pub struct Player;

fn main() {}
