//! The chat: one board on each node. A line goes one way to all boards, and each board tells the players of its node.

use ember::prelude::*;

/// What players hear: an event within a node.
pub struct Heard;

#[service(name = "board")]
#[derive(Default)]
pub struct Board {
    last: String,
}

#[rpc]
impl Board {
    pub async fn rpc_say(&mut self, cx: &mut Cx<'_, Self>, text: String) {
        cx.publish(Heard);
        self.last = text;
    }

    pub async fn rpc_last(&mut self) -> String {
        self.last.clone()
    }
}

/// Tells everybody; returns how many boards it went to.
pub fn tell_all(node: &Node, text: &str) -> usize {
    node.select::<BoardClient>().all().rpc_say(text.to_owned()).send().sent
}
