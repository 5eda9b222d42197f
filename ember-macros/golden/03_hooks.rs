//! What a service does by itself.

#[service]
pub struct Clock {
    ticks: u64,
}

#[rpc]
impl Clock {
    #[on(init)]
    fn init(&mut self) {}

    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) -> Result<(), Failed> {
        Ok(())
    }

    #[every("10s")]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[after("1m")]
    async fn once(&mut self) {}

    #[on(event)]
    fn heard(&mut self, news: &News) {}

    #[on(down)]
    fn down(&mut self, down: &Down) {}

    #[on(entry)]
    async fn posted(&mut self, cx: &mut Cx<'_, Self>, posted: &Posted<Ledger>) {}

    #[on(gap)]
    fn gap(&mut self, gap: &EntryGap<Ledger>) {}

    #[on(stop)]
    async fn stop(&mut self) {}
}
