use ember::prelude::*;

#[service]
pub struct Nothing;

#[service(name = "pair", kind = "test", version = "1.2.3")]
struct Pair(u32, String);

mod inner {
    #[ember::service]
    pub(crate) struct Hidden {
        pub(super) count: u32,
    }
}

// A block may stand in another module than its struct.
#[ember::rpc]
impl inner::Hidden {
    pub async fn rpc_count(&mut self) -> u32 {
        self.count
    }
}

#[rpc]
impl Pair {
    pub(crate) fn rpc_sum(&self, _unused: (u32, [u8; 4])) -> u32 {
        self.0 + self.1.len() as u32
    }
}

macro_rules! service {
    ($name:ident, $method:ident, $arg:ident: $ty:ty) => {
        #[service]
        pub struct $name;

        #[rpc]
        impl $name {
            pub async fn $method(&mut self, $arg: $ty) -> $ty {
                $arg
            }
        }
    };
}
service!(Made, rpc_echo, text: String);

async fn call(node: &Node) {
    let _ = node.client::<MadeClient>().rpc_echo(String::new()).await;
    let _ = node.client::<inner::HiddenClient>().rpc_count().await;
    let _ = node.client::<PairClient>().rpc_sum((1, [0; 4])).await;
    let _ = node.client::<NothingClient>();
}

fn main() {
    #[service]
    struct Local;

    #[rpc]
    impl Local {
        pub async fn rpc_a(&mut self) {}
    }

    let _ = call;
}
