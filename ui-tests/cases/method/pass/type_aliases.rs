use ember::prelude::*;

pub mod shop {
    use ember::prelude::*;

    #[message]
    #[derive(Debug)]
    pub struct Error;

    pub type Result<T, E = Error> = std::result::Result<T, E>;
    pub type Items = std::collections::BTreeMap<u32, Vec<String>>;
}

type Nothing = ();

#[service]
pub struct Player;

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self, items: shop::Items) -> shop::Result<shop::Items> {
        Ok(items)
    }

    pub async fn rpc_put(&mut self, nothing: Nothing) -> shop::Result<(), String> {
        let _: () = nothing;
        Err(String::new())
    }

    pub async fn api_io(&mut self) -> std::io::Result<Nothing> {
        Ok(())
    }

    pub async fn rpc_static(&mut self, name: std::borrow::Cow<'static, str>) -> usize {
        name.len()
    }
}

pub async fn call(node: Node) {
    let reply = node.client::<PlayerClient>().rpc_get(shop::Items::new()).await;
    if let Err(ember::CallError::App(shop::Error)) = reply {}
}

fn main() {}
