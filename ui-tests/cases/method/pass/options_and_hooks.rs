use ember::prelude::*;

#[service]
pub struct Player;

pub struct Weather;

#[rpc]
impl Player {
    const LIMIT: u32 = 7;

    #[rpc(name = "buy", timeout = "1m30s", priority = "system")]
    pub async fn purchase(&mut self, item: u32) -> u32 {
        item.min(Self::LIMIT)
    }

    #[on(init)]
    fn init(&mut self) {}

    #[on(start)]
    #[on(stop)]
    async fn both(&self) -> Result<(), std::io::Error> {
        Ok(())
    }

    #[on(started)]
    #[every("1h")]
    async fn often(&mut self, cx: &mut Cx<'_, Player>) {
        let _ = cx.pid();
    }

    #[after("250ms")]
    async fn later(&mut self) -> ember::Result<()> {
        Ok(())
    }

    #[every("1s", missed = "skip")]
    #[every("1h", missed = "delay")]
    fn seldom(&mut self) {}

    #[tick("50ms", late = "catch_up(3)")]
    async fn step(&mut self, cx: &mut Cx<'_, Self>, tick: ember::Tick) {
        let _ = (cx.pid(), tick.number);
    }

    #[tick("1s")]
    fn untold(&mut self) {}

    #[on(event)]
    fn rain(&mut self, cx: &mut Cx<'_, Self>, event: &Weather) {
        let _ = (cx.pid(), event);
    }

    // Left alone: neither the name nor a mark makes them callable.
    fn generic<T: Into<u32>>(item: T) -> u32 {
        item.into()
    }

    pub fn borrow<'a>(&self, (a, _): &'a (u32, u32)) -> &'a u32 {
        let _ = Self::generic(7_u8);
        a
    }
}

fn main() {}
