use ember::prelude::*;

#[service]
pub fn player() {}

fn main() {}
