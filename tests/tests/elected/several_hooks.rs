//! Hooks of one kind: all of them run, in the order in which they are written.

use ember::prelude::*;

#[service(elected)]
#[derive(Default)]
pub struct Choir {
    sung: Vec<&'static str>,
}

#[rpc]
impl Choir {
    #[on(start)]
    fn tune(&mut self) {
        self.sung.push("tune");
    }

    #[on(master)]
    async fn verse(&mut self) {
        self.sung.push("verse");
    }

    #[on(start)]
    async fn breathe(&mut self) {
        self.sung.push("breathe");
    }

    #[on(master)]
    async fn chorus(&mut self, _: Epoch) -> ember::Result<()> {
        self.sung.push("chorus");
        Ok(())
    }

    pub async fn rpc_sung(&mut self) -> String {
        self.sung.join(" ")
    }
}

#[tokio::test]
async fn several_hooks_of_a_kind_run_in_the_order_in_which_they_are_written() {
    let node = Node::builder().service(Choir::default()).start().await.expect("the node starts");
    assert_eq!(node.client::<ChoirClient>().rpc_sung().await, Ok("tune breathe verse chorus".into()));
    node.shutdown().await.expect("it ends");
}
