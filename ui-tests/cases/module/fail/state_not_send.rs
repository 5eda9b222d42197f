use ember::prelude::*;

use std::rc::Rc;

#[module]
pub struct Bag {
    owner: Rc<str>,
}

fn main() {}
