use ember::{Candidates, prelude::*};

#[service]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {}

struct Mine;

fn weights(node: &Node, pid: ember::Pid) {
    let _ = Hosted::new(Shop).weight(0.5);
    let _ = Hosted::new(Shop).weight(-1);
    node.set_weight(pid, "3");
}

fn balancers() {
    let _ = Node::builder().balancer("mine", Mine);
    let _ = Node::builder().balancer("mine", |among: &Candidates<'_>| among.len() - 1);
}

fn main() {}
