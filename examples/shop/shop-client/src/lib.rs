//! A customer: it knows the contract and nothing else.

use ember::prelude::*;
use shop_api::{PlayerClient, ShopError};

/// Waits for a shop in the cluster `shop` of this machine, and buys what it can.
///
/// # Errors
/// As those of a node and of its calls.
pub async fn visit() -> ember::Result<()> {
    let node = Node::builder().cluster("shop").registry(Embedded::default()).start().await?;
    println!("client: waiting for a player …");
    node.wait_for_view(|view| !view.instances().is_empty()).await;
    let player = node.client::<PlayerClient>();
    println!("client: {} gold to begin with", player.rpc_gold().await?);
    loop {
        match player.rpc_buy("rope".into(), 3).await {
            Ok(receipt) => println!("client: three ropes for {}, {} left", receipt.paid, receipt.left),
            Err(CallError::App(poor @ ShopError::NotEnoughGold(_))) => {
                println!("client: enough for today: {poor}");
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    node.shutdown().await
}
