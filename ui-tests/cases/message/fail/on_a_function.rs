use ember::prelude::*;

#[message]
pub fn player() {}

fn main() {}
