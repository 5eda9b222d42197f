use ember::prelude::*;

#[message]
pub enum Command {
    Look,
    #[serde(skip)]
    Internal,
    Keep(u32),
    #[serde(skip_deserializing)]
    Old,
    Sell(u32),
}

fn main() {}
