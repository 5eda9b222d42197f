//! What a module under a key owns ends with it: timers, subscriptions, watches.

use ember::prelude::*;
use ember_tests::bags::{Bag, Echo, Log, Player, PlayerClient, logged, start};

#[tokio::test(start_paused = true)]
async fn timers_and_subscriptions_die_with_their_module() {
    let (node, log, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    player.bags().key(1).rpc_set_timer().await.unwrap();
    logged(&log, "bag 1 alarm").await;
    assert_eq!(player.rpc_ring().await.unwrap(), 2);
    logged(&log, "bag 2 hears").await;
    player.rpc_renew(1).await.unwrap();
    assert_eq!(player.rpc_ring().await.unwrap(), 2);
    player.rpc_keys().await.unwrap();
    log.take();
    let before = player.bags().key(2).rpc_items().await.unwrap();
    // tidy: sleep: the clock is paused; ten ticks and a half of it
    tokio::time::sleep(std::time::Duration::from_millis(105)).await;
    assert_eq!(player.bags().key(2).rpc_items().await.unwrap(), before + 10);
    assert!(player.bags().key(1).rpc_items().await.unwrap() >= 10, "the new one has timers of its own");
    assert_eq!(log.take(), [""; 0], "an alarm rang for a module that is gone");
    player.rpc_release(2).await.unwrap();
    assert_eq!(player.rpc_ring().await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_down_comes_to_the_module_that_watched_and_to_no_other() {
    let (node, log, player) = start().await;
    player.rpc_add_many(vec![1, 2, 3]).await.unwrap();
    let bag = |key| player.bags().key(key);
    let (first, second, third) = (node.spawn(Echo).await, node.spawn(Echo).await, node.spawn(Echo).await);
    let (first, second, third) = (first.unwrap(), second.unwrap(), third.unwrap());
    bag(1).rpc_watch(first).await.unwrap();
    bag(1).rpc_watch(first).await.unwrap();
    bag(2).rpc_watch(first).await.unwrap();
    bag(3).rpc_watch(first).await.unwrap();
    bag(3).rpc_unwatch(first).await.unwrap();
    player.rpc_watch(second).await.unwrap();
    bag(3).rpc_watch(third).await.unwrap();
    player.rpc_keys().await.unwrap();
    log.take();

    let told = async |pid, last: &str| {
        node.stop(pid);
        logged(&log, last).await;
        player.rpc_keys().await.unwrap();
        log.take()
    };
    let expected = ["bag 1 is told", "bag 2 is told", "lock of 1 is told", "lock of 2 is told"];
    assert_eq!(told(first, "lock of 2 is told").await, expected, "each once, with the modules that are its fields");
    assert_eq!(told(second, "player is told").await, ["player is told"]);
    assert_eq!(told(third, "lock of 3 is told").await, ["bag 3 is told", "lock of 3 is told"]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_watch_ends_with_its_module_and_does_not_go_over_to_another_under_the_key() {
    let (node, log, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    let watched = node.spawn(Echo).await.unwrap();
    player.bags().key(1).rpc_watch(watched).await.unwrap();
    player.bags().key(2).rpc_watch(watched).await.unwrap();
    player.rpc_renew(1).await.unwrap();
    player.rpc_keys().await.unwrap();
    log.take();
    node.stop(watched);
    logged(&log, "lock of 2 is told").await;
    player.rpc_keys().await.unwrap();
    assert_eq!(log.take(), ["bag 2 is told", "lock of 2 is told"]);
    node.shutdown().await.unwrap();
}

/// A player whose factory gives it the bag 1, and a bag that was added later.
async fn restartable(on_panic: OnPanic) -> (Node, Log, PlayerClient) {
    let log = Log::default();
    let of_player = log.clone();
    let make = move || {
        let mut player = Player::new(&of_player);
        player.bags.insert(1, Bag::new(&of_player, 1));
        player
    };
    let hosted = Hosted::with(make).on_panic(on_panic);
    let node = Node::builder().service(hosted).service(Echo).start().await.unwrap();
    let player = node.client::<PlayerClient>();
    player.rpc_add(2).await.unwrap();
    logged(&log, "bag 2 started").await;
    for key in [1, 2] {
        player.bags().key(key).rpc_set_timer().await.unwrap();
    }
    log.take();
    (node, log, player)
}

#[tokio::test(start_paused = true)]
async fn a_restarted_service_has_the_modules_of_its_factory_and_what_the_old_ones_owned_is_gone() {
    let (node, log, player) = restartable(OnPanic::Restart).await;
    let watched = node.spawn(Echo).await.unwrap();
    player.bags().key(1).rpc_watch(watched).await.unwrap();
    assert!(player.rpc_panic().await.is_err());
    logged(&log, "bag 1 started").await;
    assert_eq!(player.rpc_keys().await.unwrap(), [1]);
    let lines = log.take();
    assert_eq!(
        lines.iter().filter(|line| line.contains("stop")).count(),
        0,
        "what has failed does not stop: {lines:?}"
    );
    assert_eq!(lines[lines.len() - 4..], ["player start", "bag 1 start", "lock of 1 start", "bag 1 started"]);
    for dropped in ["bag 1 dropped", "bag 2 dropped"] {
        assert_eq!(lines.iter().filter(|line| *line == dropped).count(), 1, "{lines:?}");
    }

    let before = player.bags().key(1).rpc_items().await.unwrap();
    node.stop(watched);
    // tidy: sleep: the clock is paused; ten ticks and a half of it
    tokio::time::sleep(std::time::Duration::from_millis(105)).await;
    assert_eq!(player.bags().key(1).rpc_items().await.unwrap(), before + 10, "one timer, not that of the old one too");
    assert_eq!(log.take(), [""; 0], "alarms and watches of the old life");
    assert_eq!(player.rpc_ring().await.unwrap(), 1, "one subscription");
    player.rpc_add(2).await.unwrap();
    assert_eq!(player.bags().key(2).rpc_put(0).await.unwrap(), 2, "modules come and go as before");
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_resumed_service_keeps_its_modules_with_all_they_own() {
    let (node, log, player) = restartable(OnPanic::Resume).await;
    assert!(player.bags().key(2).rpc_panic().await.is_err());
    assert_eq!(player.rpc_keys().await.unwrap(), [1, 2]);
    logged(&log, "bag 1 alarm").await;
    logged(&log, "bag 2 alarm").await;
    assert_eq!(player.rpc_ring().await.unwrap(), 2);
    logged(&log, "bag 2 hears").await;
    assert!(!log.take().iter().any(|line| line.ends_with("start") || line.ends_with("dropped")));
    node.shutdown().await.unwrap();
}
