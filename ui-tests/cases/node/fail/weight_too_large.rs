use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {}

fn weights(node: &Node, pid: Pid) {
    let _ = Hosted::new(Shop).weight(70_000);
    node.set_weight(pid, 65_536);
}

fn main() {
    let _ = weights;
}
