use ember::prelude::*;

// It travels, and stays on its node.
#[message]
struct Rain(u32);

struct Here(u32);

#[message(event)]
struct Snow(u32);

#[service]
struct Station;

#[rpc]
impl Station {
    #[on(event, scope = "cluster")]
    async fn rain(&mut self, _event: &Rain) {}

    #[on(event, retain)]
    async fn here(&mut self, _event: &Here) {}

    pub async fn rpc_tell(&mut self, cx: &mut Cx<'_, Self>) {
        let _ = cx.publish_to(Scope::Cluster, Rain(1));
        let _ = cx.publish_to(Scope::Node, Here(1));
        cx.publish(Here(2));
        cx.publish_to(Scope::Server(3), Snow(1));
    }
}

fn outside(node: &Node) {
    let _ = node.publish_to(Scope::Cluster, String::new());
}

fn main() {}
