use ember::prelude::*;

#[module]
#[derive(Default)]
pub struct Bag;

#[service(concurrent)]
#[derive(Default)]
pub struct Hall {
    #[module]
    bag: Module<Bag>,
}

fn main() {}
