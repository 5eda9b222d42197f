use ember::prelude::*;

#[service(elected)]
pub struct Ledger;

#[message]
pub struct Named {
    name: String,
}

impl Replicated for Ledger {
    type State = Named;
    type Entry = u64;
    type Output = ();

    fn apply(_: &mut Named, _: &u64) {}
}

fn main() {}
