use std::collections::HashMap;

use ember::prelude::*;

pub struct Bag;

pub struct Coin;

#[message]
pub struct Order {
    bag: Bag,
    // The same type is complained of once.
    bags: Vec<Bag>,
    #[serde(skip)]
    spare: Option<Coin>,
}

#[message]
pub enum Told {
    Nothing,
    Paid(u32, Coin),
    Sent { to: HashMap<u32, Vec<Bag>> },
}

// What holds itself by way of another has nothing to complain of.
#[message]
pub struct Tree {
    branches: Vec<Branch>,
}

#[message]
pub struct Branch {
    trees: Vec<Tree>,
}

fn main() {}
