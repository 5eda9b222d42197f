//! What callers do not see is the server's own business: patterns for the arguments of hooks and of methods that fulfil a
//! contract, static borrows and functions in `api_` methods, methods that do not wait.

#![deny(warnings)]

use ember::prelude::*;

#[derive(Debug)]
struct Weather {
    rain: u32,
}

#[rpc]
trait Shop {
    async fn rpc_buy(&self, item: u32, count: u32) -> u32;
}

#[service(implements(Shop))]
#[derive(Default)]
struct Player {
    rain: u32,
}

#[rpc]
impl Shop for Player {
    async fn rpc_buy(&mut self, _: u32, mut count: u32) -> u32 {
        count += 1;
        count
    }
}

#[rpc]
impl Player {
    #[on(event)]
    fn ignored(&mut self, _: &Weather) {}

    #[on(event)]
    async fn noted(&mut self, _cx: &mut Cx<'_, Self>, &Weather { rain }: &Weather) {
        self.rain += rain;
    }

    #[on(down)]
    async fn ended(&mut self, _: &Down) {}

    pub async fn api_name(&mut self, name: &'static str, of: Option<&'static [u8]>) -> &'static str {
        if of.is_some() { name } else { "nobody" }
    }

    pub fn api_apply(&mut self, how: fn(&str) -> usize, then: Box<dyn Fn(&str) -> usize + Send>) -> usize {
        how("one") + then("two")
    }

    pub fn rpc_rain(&mut self) -> u32 {
        self.rain
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Player::default()).start().await?;
    let player = node.local::<Player>();
    assert_eq!(player.api_name("Ann", Some(b"x")).await.unwrap(), "Ann");
    assert_eq!(player.api_apply(str::len, Box::new(|text| text.len() + 1)).await.unwrap(), 7);
    assert_eq!(player.rpc_rain().await.unwrap(), 0);
    assert_eq!(node.client::<ShopClient>().rpc_buy(1, 2).await.unwrap(), 3);
    node.shutdown().await
}
