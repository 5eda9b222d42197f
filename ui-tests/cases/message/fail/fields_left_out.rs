use ember::prelude::*;

#[message]
pub struct Order {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<u32>,
    #[serde(default, skip_serializing)]
    secret: u32,
    #[serde(skip_deserializing)]
    hint: u32,
    #[serde(flatten)]
    place: Place,
}

#[message]
pub struct Place {
    x: u32,
}

#[message]
pub enum Command {
    Buy {
        #[serde(skip_serializing_if = "Option::is_none")]
        discount: Option<u32>,
        item: u32,
    },
    Pay(u32, #[serde(skip_serializing)] u32),
}

#[message]
pub struct Only(#[serde(skip)] u32);

fn main() {}
