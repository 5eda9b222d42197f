//! A service of which several handlers run at once, with a module.

#[service(concurrent, workers = 2..=16)]
pub struct Hall {
    #[module]
    desk: Module<Desk>,
}

#[rpc]
impl Hall {
    #[on(start)]
    async fn load(&mut self) {}

    #[every("10s")]
    async fn tick(&self) {}

    pub async fn rpc_enter(&self, cx: &mut Cx<'_, Self>, player: u64) -> u64 {
        player
    }
}
