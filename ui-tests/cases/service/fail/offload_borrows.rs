use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Clerk {
    text: String,
}

#[rpc]
impl Clerk {
    pub async fn rpc_count(&mut self, cx: &mut Cx<'_, Self>) {
        cx.offload(1, || self.text.len()).then(cx, |_, _, _| {});
    }
}

fn main() {}
