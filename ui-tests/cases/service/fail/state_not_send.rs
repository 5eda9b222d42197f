use ember::prelude::*;

use std::rc::Rc;

#[service]
pub struct Player {
    name: Rc<str>,
}

fn main() {}
