use ember::prelude::*;

#[message(event)]
struct Quote<'a> {
    price: u32,
    name: &'a str,
}

#[message(event)]
enum Sky<'a> {
    Clear,
    Clouds(std::borrow::Cow<'a, str>),
}

fn main() {}
