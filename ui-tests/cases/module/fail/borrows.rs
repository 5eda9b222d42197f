use ember::prelude::*;

#[module]
pub struct Bag<'a> {
    name: &'a str,
}

fn main() {}
