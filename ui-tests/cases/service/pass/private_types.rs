// As a small program has them: nobody else sees the messages.

use ember::prelude::*;

#[message]
struct Request(u32);

#[message]
struct Reply(u32);

struct Event;

#[service(implements(Asks))]
#[allow(private_interfaces)]
pub struct Shown {
    #[module]
    part: Module<Part>,
}

#[module]
struct Part;

#[service]
struct Hidden;

#[rpc]
#[allow(private_interfaces)]
impl Shown {
    pub async fn rpc_ask(&mut self, request: Request) -> Reply {
        Reply(request.0)
    }

    pub async fn api_ask(&mut self, request: Request) -> Result<Reply, Request> {
        Ok(Reply(request.0))
    }

    #[on(event)]
    async fn event(&mut self, _event: &Event) {}
}

#[rpc]
impl Hidden {
    pub async fn rpc_ask(&mut self, request: Request) -> Reply {
        Reply(request.0)
    }
}

#[rpc]
#[allow(private_interfaces)]
pub trait Asks {
    async fn rpc_ask_for(&self, request: Request) -> u32;
}

#[rpc]
impl Asks for Shown {
    async fn rpc_ask_for(&mut self, request: Request) -> u32 {
        request.0
    }
}

mod elsewhere {
    pub(super) async fn ask(node: &ember::Node) {
        let client = node.client::<super::ShownClient>();
        let reply = client.rpc_ask(super::Request(1)).await;
        if let Ok(super::Reply(_)) = reply {}
        let _ = node.client::<super::HiddenClient>().rpc_ask(super::Request(1)).await;
        let _ = node.client::<super::AsksClient>().rpc_ask_for(super::Request(1)).await;
        let _ = client.part();
    }
}

fn main() {
    let _ = elsewhere::ask;
}
