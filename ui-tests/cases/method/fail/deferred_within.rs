use ember::prelude::*;

#[service]
struct Clerk;

#[rpc]
impl Clerk {
    pub async fn rpc_either(&mut self, cx: &mut Cx<'_, Self>) -> Result<Deferred<u32>, String> {
        Ok(cx.defer().0)
    }

    pub async fn rpc_take(&mut self, _later: Deferred<u32>) {}

    pub async fn rpc_question(&mut self) -> Result<u32, ember::Error> {
        Ok(1)
    }
}

fn main() {}
