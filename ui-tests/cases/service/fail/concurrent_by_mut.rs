use ember::prelude::*;

#[rpc]
pub trait Room {
    async fn rpc_enter(&self);
}

#[message]
pub struct Rang;

#[service(concurrent, implements(Room))]
#[derive(Default)]
pub struct Hall {
    count: u64,
    #[module]
    desk: Module<Desk>,
}

#[rpc]
impl Room for Hall {
    async fn rpc_enter(&mut self) {
        self.count += 1;
    }
}

#[rpc]
impl Hall {
    #[on(start)]
    async fn begin(&mut self) {
        self.count = 1;
    }
    #[on(started)]
    async fn started(&mut self) {}
    pub async fn rpc_leave(&mut self) {
        self.count -= 1;
    }
    #[every("1s")]
    async fn tick(&mut self) {}
    #[on(event)]
    async fn rang(&mut self, _rang: &Rang) {}
}

#[module(concurrent)]
#[derive(Default)]
pub struct Desk {
    asked: u64,
}

#[rpc]
impl Desk {
    pub async fn rpc_ask(&mut self) {
        self.asked += 1;
    }
}

fn main() {}
