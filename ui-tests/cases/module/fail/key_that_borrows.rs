use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Player {
    #[module]
    bags: Modules<&'static str, Bag>,
}

#[module]
#[derive(Default)]
pub struct Bag;

#[rpc]
impl Bag {}

#[rpc]
impl Player {}

fn main() {}
