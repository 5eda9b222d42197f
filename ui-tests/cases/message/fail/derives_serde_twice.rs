use ember::prelude::*;

#[message]
#[derive(Debug, serde::Serialize)]
pub struct Item {
    id: u32,
}

fn main() {}
