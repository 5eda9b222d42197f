use ember::prelude::*;

#[module]
pub struct Bag;

#[service]
pub struct Player {
    #[module]
    bags: Modules<f32, Bag>,
}

fn main() {}
