//! What a method can be told.

#[service(name = "shop", kind = "retail", version = "2.1.0")]
pub struct Shop;

#[rpc]
impl Shop {
    #[rpc(name = "buy", timeout = "2s", priority = "system")]
    pub async fn rpc_buy(&mut self, item: u32) {}

    #[rpc(idempotent, queued)]
    pub async fn rpc_price(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> Option<u64> {
        None
    }

    #[rpc(dedupe = "60s")]
    pub async fn rpc_sell(&mut self, item: u32) -> u64 {
        7
    }

    #[rpc(cancel, codec = "json")]
    pub async fn rpc_search(&mut self, text: String) -> Vec<String> {
        Vec::new()
    }
}
