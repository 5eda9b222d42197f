use ember::prelude::*;

#[service]
pub struct Player<T> {
    item: T,
}

fn main() {}
