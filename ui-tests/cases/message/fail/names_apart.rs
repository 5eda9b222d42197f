use ember::prelude::*;

#[message]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"))]
pub struct Order {
    #[serde(rename(serialize = "number"))]
    id: u32,
}

fn main() {}
