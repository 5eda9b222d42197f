use ember::prelude::*;

#[message]
#[cfg_attr(all(), serde(tag = "kind"))]
pub enum Command {
    Look { at: u32 },
    #[cfg_attr(all(), serde(untagged))]
    Keep(u32),
}

#[message]
pub struct Order {
    #[cfg_attr(all(), serde(skip_serializing_if = "Vec::is_empty"))]
    items: Vec<u32>,
    // It is not so in this build.
    #[cfg_attr(any(), serde(skip_serializing_if = "Vec::is_empty"))]
    prices: Vec<u32>,
}

fn main() {}
