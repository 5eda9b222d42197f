//! A type that a `macro_rules!` was given, or that stands in parentheses, is what it is without.

use ember::prelude::*;

#[message]
#[derive(Debug, PartialEq)]
pub struct Closed;

macro_rules! a_service {
    ($name:ident, $this:ty, $cx:ty, $result:ty, $error:ty, $option:ty, $later:ty) => {
        #[service]
        #[derive(Default)]
        pub struct $name;

        #[rpc]
        impl $this {
            pub async fn rpc_result(&mut self) -> $result {
                Err(Closed)
            }

            #[allow(unused_parens)]
            pub async fn rpc_parentheses(&mut self) -> (Result<u32, $error>) {
                Err(Closed)
            }

            pub async fn rpc_option(&mut self) -> $option {
                None
            }

            pub async fn rpc_later(&mut self, cx: $cx) -> $later {
                let (deferred, replier) = cx.defer();
                replier.reply(Err(Closed));
                deferred
            }
        }
    };
}

a_service!(
    Door,
    Door,
    &mut Cx<'_, Self>,
    Result<u32, Closed>,
    Closed,
    Option<u32>,
    Deferred<Result<u32, Closed>>
);

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Door).start().await?;
    let door = node.client::<DoorClient>();
    let closed = || Err(CallError::App(Closed));
    assert_eq!(door.rpc_result().await, closed());
    assert_eq!(door.rpc_parentheses().await, closed());
    assert_eq!(door.rpc_later().await, closed());
    assert_eq!(door.rpc_option().await?, None);
    node.shutdown().await
}
