use ember::prelude::*;

#[message(event)]
struct Rain(u32);

fn outside(node: &Node, rain: Rain) {
    let _ = node.publish_to(Scope::Cluster, &rain);
    let _ = node.event_reach::<String>(Scope::Cluster);
}

fn main() {}
