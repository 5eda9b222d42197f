use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[on(event)]
    async fn weather(&mut self, event: String) {
        drop(event);
    }

    #[on(event)]
    async fn nothing(&mut self) {}

    #[on(event)]
    async fn mutable(&mut self, event: &mut String) {
        event.clear();
    }

    #[on(event)]
    async fn any<T: Send + Sync + 'static>(&mut self, _event: &T) {}

    #[every("1s")]
    async unsafe fn unsafely(&mut self) {}
}

fn main() {}
