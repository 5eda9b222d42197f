use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Clerk;

#[rpc]
impl Clerk {
    pub fn rpc_count(&mut self, cx: &mut Cx<'_, Self>) {
        cx.offload(0.5, || 7).then(cx, |_, _, _| {});
    }
}

fn main() {}
