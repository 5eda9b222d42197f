use ember::prelude::*;

pub trait Buys {}

#[service(implements(Buys))]
pub struct Player;

impl Buys for Player {}

fn main() {}
