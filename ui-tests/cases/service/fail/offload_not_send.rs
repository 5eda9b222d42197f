use std::rc::Rc;

use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Clerk;

#[rpc]
impl Clerk {
    pub fn rpc_count(&mut self, cx: &mut Cx<'_, Self>) {
        let text: Rc<str> = Rc::from("text");
        cx.offload(1, move || text.len()).then(cx, |_, _, _| {});
    }
}

fn main() {}
