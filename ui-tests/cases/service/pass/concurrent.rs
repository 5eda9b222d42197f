//! A concurrent service whose modules are in each other, and a concurrent module in a service that is exclusive.

use std::sync::Mutex;

use ember::prelude::*;

#[module(concurrent)]
#[derive(Default)]
pub struct Bag<T: Send + Sync + 'static> {
    items: Mutex<Vec<T>>,
}

#[rpc]
impl<T: Send + Sync + 'static> Bag<T> {
    pub async fn rpc_count(&self) -> u64 {
        self.items.lock().map_or(0, |items| items.len() as u64)
    }
}

#[module(concurrent)]
#[derive(Default)]
pub struct Desk {
    #[module]
    bag: Module<Bag<u32>>,
}

#[rpc]
impl Desk {
    #[on(init)]
    fn begin(&mut self) {}

    #[on(start)]
    #[every("1s")]
    async fn both(&self) {}

    pub async fn rpc_count(&self) -> usize {
        self.bag.items.lock().map_or(0, |items| items.len())
    }
}

#[service(concurrent, workers = 2..=16)]
#[derive(Default)]
pub struct Hall {
    #[module]
    desk: Module<Desk>,
}

#[rpc]
impl Hall {
    pub fn rpc_now(&self) -> u64 {
        1
    }
}

#[service]
#[derive(Default)]
pub struct Room {
    #[module]
    desk: Module<Desk>,
}

fn main() {
    let _ = |node: Node| {
        let _ = node.client::<HallClient>().desk().bag().rpc_count();
        let _ = node.client::<RoomClient>().desk().bag().rpc_count();
    };
}
