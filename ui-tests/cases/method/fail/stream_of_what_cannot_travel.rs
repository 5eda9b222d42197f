//! The items of a stream travel.

use ember::prelude::*;

pub struct Line;

#[service]
pub struct Chat;

#[rpc]
impl Chat {
    pub async fn rpc_feed(&mut self, cx: &mut Cx<'_, Self>) -> Streaming<Line> {
        cx.streaming(1).1
    }
}

fn main() {}
