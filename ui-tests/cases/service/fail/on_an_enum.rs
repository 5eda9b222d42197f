use ember::prelude::*;

#[service]
pub enum Player {
    Alive,
    Dead,
}

fn main() {}
