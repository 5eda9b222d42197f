use ember::prelude::*;

#[service(concurrent)]
#[derive(Default)]
pub struct Prices {
    asked: u64,
}

#[rpc]
impl Prices {
    pub async fn rpc_price(&self) -> u64 {
        1
    }

    pub async fn rpc_ask(&self, cx: &mut Cx<'_, Self>) {
        cx.client::<PricesClient>().rpc_price().then(cx, |me, _, _| me.asked += 1);
    }
}

fn main() {}
