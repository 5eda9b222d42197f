use ember::prelude::*;

#[service]
pub struct Life<'a> {
    name: &'a str,
}

fn main() {}
