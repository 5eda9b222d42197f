//! Calling modules under keys.

use ember::{CallError, RefusedReason, prelude::*};
use ember_tests::{
    bags::{Player, PlayerClient, logged, start},
    cluster::refused,
};

#[tokio::test]
async fn a_key_leads_to_its_own_module_with_its_parent() {
    let (node, _, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    assert_eq!(player.bags().key(1).rpc_put(5).await.unwrap(), 1);
    assert_eq!(player.bags().key(2).rpc_put(7).await.unwrap(), 2);
    let local = node.local::<Player>();
    assert_eq!(local.api_gold().await.unwrap(), 22);
    assert_eq!(local.bags().key(2).api_number().await.unwrap(), 2);
    assert_eq!(player.bags().key(2).lock().rpc_turn().await.unwrap(), 2);
    assert_eq!(player.rpc_keys().await.unwrap(), [1, 2]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_absent_key_is_a_refusal_that_names_module_and_key() {
    let (node, _, player) = start().await;
    let outcome = player.bags().key(9).rpc_put(5).await;
    let text = outcome.clone().unwrap_err().to_string();
    assert!(text.ends_with("there is no module `Bag` under the key 9"), "{text}");
    assert_eq!(refused(outcome), RefusedReason::NoModule { module: "Bag".into(), key: "9".into() });
    player.rpc_add(9).await.unwrap();
    let outcome = player.bags().key(9).pockets().key("left".to_owned()).rpc_open().await;
    assert_eq!(refused(outcome), RefusedReason::NoModule { module: "Pocket".into(), key: "\"left\"".into() });
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_in_use_can_be_seen_as_such_by_itself() {
    let (node, _, player) = start().await;
    player.rpc_add(1).await.unwrap();
    let busy = player.bags().key(1).rpc_reach_myself(1).await.unwrap();
    assert!(busy.contains("`Bag` is in use"), "{busy}");
    assert_eq!(player.bags().key(1).rpc_put(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_panic_puts_the_module_back() {
    let (node, _, player) = start().await;
    player.rpc_add(1).await.unwrap();
    assert!(matches!(player.bags().key(1).rpc_panic().await, Err(CallError::MaybeExecuted(_))));
    assert_eq!(player.bags().key(1).rpc_put(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_handler_puts_the_module_back() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    let waits = tokio::spawn({
        let bag = player.bags().key(1);
        async move { bag.rpc_wait_for_ever().await }
    });
    logged(&log, "waiting").await;
    log.take();
    // The node ends at once, the handler in the middle.
    drop((node, player));
    assert!(waits.await.unwrap().is_err());
    logged(&log, "bag 1 dropped").await;
}

#[tokio::test]
async fn a_callback_comes_back_to_the_module_that_asked() {
    let (node, log, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    player.bags().key(2).rpc_ask().await.unwrap();
    logged(&log, "bag 2 called back").await;
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_is_reached_on_another_node() {
    let registry = ember::registry::InProcess::default();
    let start = || Node::builder().registry(registry.clone());
    let player = Player::default();
    let server = start().service(player).start().await.unwrap();
    let caller = start().start().await.unwrap();
    caller.wait_for_view(|view| !view.instances().is_empty()).await;
    let player = caller.client::<PlayerClient>();
    player.rpc_add(7).await.unwrap();
    let bag = player.bags().key(7);
    assert_eq!(bag.rpc_put(3).await.unwrap(), 7);
    bag.rpc_add_pocket("left".into()).await.unwrap();
    let pocket = bag.pockets().key("left".to_owned());
    assert_eq!((pocket.rpc_open().await.unwrap(), pocket.rpc_open().await.unwrap()), (1, 2));
    let outcome = player.bags().key(8).rpc_put(3).await;
    assert_eq!(refused(outcome), RefusedReason::NoModule { module: "Bag".into(), key: "8".into() });
    bag.rpc_put(1).send().unwrap();
    caller.shutdown().await.unwrap();
    server.shutdown().await.unwrap();
}
