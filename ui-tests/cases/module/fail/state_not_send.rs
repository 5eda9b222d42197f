use std::rc::Rc;

use ember::prelude::*;

#[service]
pub struct Player {
    #[module]
    bag: Module<Bag>,
}

#[module]
pub struct Bag {
    owner: Rc<str>,
}

#[rpc]
impl Bag {
    pub async fn rpc_owner(&mut self) -> String {
        self.owner.to_string()
    }
}

fn main() {}
