//! Modules under keys come and go while their service runs.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::time::Duration;

use ember::{RefusedReason, prelude::*};
use ember_tests::{
    bags::{Bag, Log, Player, PlayerClient, logged, start},
    cluster::refused,
    wait::within,
};

#[tokio::test]
async fn a_module_starts_after_the_handler_and_stops_before_its_parent() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_add_pocket("left".into()).await.unwrap();
    node.shutdown().await.unwrap();
    assert_eq!(
        log.take(),
        [
            "player start",
            "add 1 ends",
            "bag 1 start",
            "lock of 1 start",
            "bag 1 started",
            "pocket left of 1 start",
            "pocket left of 1 stop",
            "lock of 1 stop",
            "bag 1 stop",
            "bag 1 dropped",
            "player stop",
        ]
    );
}

#[tokio::test]
async fn a_released_module_stops_with_all_within_it_and_is_gone() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_add_pocket("left".into()).await.unwrap();
    logged(&log, "pocket left of 1 start").await;
    log.take();
    assert!(player.rpc_release(1).await.unwrap());
    assert!(!player.rpc_release(1).await.unwrap());
    assert_eq!(log.take(), ["pocket left of 1 stop", "lock of 1 stop", "bag 1 stop", "bag 1 dropped"]);
    // Releasing a module takes nothing from its parent.
    assert_eq!(player.rpc_keys().await.unwrap(), [0; 0]);
    assert!(matches!(refused(player.bags().key(1).rpc_items().await), RefusedReason::NoModule { .. }));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn another_under_the_same_key_does_not_stand_in_for_the_one_that_stops() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_add_pocket("left".into()).await.unwrap();
    player.rpc_keys().await.unwrap();
    log.take();
    player.rpc_renew(1).await.unwrap();
    assert_eq!(player.bags().key(1).rpc_put(0).await.unwrap(), 1001);
    assert_eq!(
        log.take(),
        [
            "pocket left of 1 stop",
            "lock of 1 stop",
            "bag 1 stop",
            "bag 1 dropped",
            "bag 1001 start",
            "lock of 1001 start",
            "bag 1001 started",
        ]
    );
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_that_does_not_start_is_removed_and_its_service_goes_on() {
    let (node, log, player) = start().await;
    player.rpc_add_broken(1).await.unwrap();
    assert_eq!(player.rpc_keys().await.unwrap(), [0; 0]);
    assert!(log.take().contains(&"bag 1 dropped".to_owned()));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn modules_of_the_first_hour_start_with_their_service_and_fail_with_it() {
    let log = Log::default();
    let mut player = Player::new(&log);
    player.bags.insert(1, Bag::new(&log, 1));
    let node = Node::builder().service(player).start().await.unwrap();
    logged(&log, "bag 1 started").await;
    assert_eq!(log.take(), ["player start", "bag 1 start", "lock of 1 start", "bag 1 started"]);
    assert_eq!(node.client::<PlayerClient>().bags().key(1).rpc_put(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();

    let mut player = Player::new(&log);
    let mut bag = Bag::new(&log, 1);
    bag.broken = true;
    player.bags.insert(1, bag);
    let error = Node::builder().service(player).start().await.unwrap_err();
    assert_eq!(error.to_string(), "the service `Player` did not start: broken");
}

#[tokio::test]
async fn a_module_that_ends_itself_answers_then_stops() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    log.take();
    assert!(player.bags().key(1).rpc_end_myself(1).await.unwrap() > 0);
    assert_eq!(player.rpc_keys().await.unwrap(), [0; 0]);
    let log = log.take();
    assert_eq!(log[log.len() - 3..], ["lock of 1 stop", "bag 1 stop", "bag 1 dropped"]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_that_replaces_itself_leaves_the_key_to_the_other() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_replace_myself(1).await.unwrap();
    assert_eq!(player.bags().key(1).rpc_put(0).await.unwrap(), 101);
    let log = log.take();
    let tail: Vec<_> = log.iter().rev().take(6).rev().collect();
    assert_eq!(
        tail,
        ["lock of 1 stop", "bag 1 stop", "bag 1 dropped", "bag 101 start", "lock of 101 start", "bag 101 started"]
    );
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_removed_module_is_given_out_and_starts_again_where_it_is_put() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    let bag = player.bags().key(1);
    bag.rpc_put(5).await.unwrap();
    bag.rpc_add_pocket("left".into()).await.unwrap();
    player.rpc_keys().await.unwrap();
    log.take();
    player.rpc_move(1, 2).await.unwrap();
    assert_eq!(player.bags().key(2).pockets().key("left".to_owned()).rpc_open().await.unwrap(), 1);
    assert_eq!(log.take(), ["bag 1 start", "lock of 1 start", "pocket left of 1 start", "bag 1 started"]);
    assert!(player.rpc_remove(2).await.unwrap().is_some_and(|items| items >= 6));
    assert_eq!(log.take(), ["bag 1 dropped"], "a module that was taken out does not stop by itself");
    node.shutdown().await.unwrap();
}

/// Has many modules.
#[service(name = "crowd")]
#[derive(Default)]
struct Crowd {
    #[module]
    seats: Modules<u32, Seat>,
}

#[module]
#[derive(Default)]
struct Seat;

#[rpc]
impl Seat {
    #[on(stop)]
    fn stop(&mut self) {}
}

#[rpc]
impl Crowd {
    pub async fn rpc_fill(&mut self, count: u32) {
        for key in 0..count {
            self.seats.insert(key, Seat);
        }
    }

    pub async fn rpc_clear(&mut self, count: u32) {
        assert!((0..count).all(|key| self.seats.release(&key)));
    }

    pub async fn rpc_count(&mut self) -> usize {
        self.seats.len()
    }
}

#[tokio::test]
async fn the_end_of_many_modules_costs_what_they_are() {
    // If each were looked for among all it would take minutes.
    const MANY: u32 = 100_000;
    let node = Node::builder().drain(Duration::from_secs(60)).service(Crowd::default()).start().await.unwrap();
    let crowd = node.client::<CrowdClient>();
    let all = async {
        for _ in 0..2 {
            crowd.rpc_fill(MANY).timeout(Duration::from_secs(60)).await.unwrap();
            crowd.rpc_clear(MANY / 2).timeout(Duration::from_secs(60)).await.unwrap();
            let left = crowd.rpc_count().timeout(Duration::from_secs(60)).await.unwrap();
            assert_eq!(left, (MANY / 2) as usize);
        }
        node.shutdown().await.unwrap();
    };
    within("the end of all", all).await;
}
