//! What runs when, and what it comes to.

use super::*;
use ember::{Error, testing::Cluster};
use ember_tests::wait::within;

#[tokio::test]
async fn one_key_is_done_in_order_on_many_threads_and_its_callbacks_come_in_that_order() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(8).waiting(10_000)).await;
    let clerk = node.client::<ClerkClient>();
    clerk.rpc_file_all(7, 140).await.unwrap();
    let callbacks = eventually("all callbacks", async || {
        let callbacks = clerk.rpc_callbacks().await.unwrap();
        (callbacks.len() == 980).then_some(callbacks)
    })
    .await;
    for lines in [callbacks, desk.log.lines()] {
        assert_eq!(lines.len(), 980);
        for key in 0..7 {
            let of_key = lines.iter().filter(|line| line.starts_with(&format!("{key}:")));
            assert!(of_key.eq((0..140).map(|piece| format!("{key}:{piece}")).collect::<Vec<_>>().iter()), "{key}");
        }
    }
    let counts = pool(&node, "an idle pool", idle).await;
    assert_eq!((counts.done, counts.panicked, counts.refused, counts.dropped), (980, 0, 0, 0));
    assert!(counts.threads <= 8, "{counts:?}");
}

#[tokio::test]
async fn a_hot_key_holds_up_nobody() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(2)).await;
    let clerk = node.client::<ClerkClient>();
    // All of them wait at the gate, one after the other: there would be room for two.
    let hot: Vec<_> = (0..20).map(|_| tokio::spawn(clerk.rpc_hold(1))).collect();
    desk.gate.reached().await;
    pool(&node, "what is hot", |it| it.waiting == 19).await;
    for key in 2..30 {
        assert_eq!(clerk.rpc_file(key).await, Ok(format!("filed {key}")));
    }
    assert_eq!(node.offload_counts().waiting, 19);
    (0..20).for_each(|_| desk.gate.open());
    for held in hot {
        assert_eq!(held.await.unwrap(), Ok("held 1".into()));
    }
}

#[tokio::test]
async fn a_full_pool_is_an_error_at_once_and_one_key_leaves_room_for_others() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1).waiting(3)).await;
    let clerk = node.client::<ClerkClient>();
    let mut held = Vec::new();
    for (key, waiting) in [(1, 0), (1, 1), (1, 2)] {
        held.push(tokio::spawn(clerk.rpc_hold(key)));
        pool(&node, "another piece", |it| it.running == 1 && it.waiting == waiting).await;
    }
    let refused = format!("{:?}", clerk.rpc_file(1).await);
    assert!(refused.contains("2 pieces of work wait under this key"), "{refused}");
    held.push(tokio::spawn(clerk.rpc_hold(2)));
    pool(&node, "another key", |it| it.waiting == 3).await;
    let refused = format!("{:?}", clerk.rpc_file(3).await);
    assert!(refused.contains("the pool of this node is full: 3 pieces of work wait while 1 run"), "{refused}");
    assert_eq!(node.offload_counts().refused, 2);
    (0..4).for_each(|_| desk.gate.open());
    for held in held {
        assert!(held.await.unwrap().is_ok());
    }
    assert_eq!(desk.log.lines(), ["held 1", "held 2", "held 1", "held 1"], "one key, one turn");
}

#[tokio::test]
async fn a_mailbox_without_a_place_is_told_to_the_callback() {
    let desk = Desk::default();
    let hosted = Hosted::new(Clerk::new(&desk)).mailbox(8);
    let node = Node::builder().service(hosted).start().await.unwrap();
    let clerk = node.client::<ClerkClient>();
    assert_eq!(clerk.rpc_flood(20).await, Ok("done".into()));
    let callbacks = eventually("those without a place", async || {
        let callbacks = clerk.rpc_callbacks().await.unwrap();
        (callbacks.len() >= 12).then_some(callbacks)
    })
    .await;
    assert!(callbacks.iter().all(|callback| callback == "no place of 8"), "{callbacks:?}");
}

#[tokio::test]
async fn a_panic_is_an_outcome_and_the_pool_goes_on() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1).futures(1)).await;
    let clerk = node.client::<ClerkClient>();
    for blocks in [true, false, true, false] {
        let done = clerk.rpc_panic(blocks).header("desk", "7").await;
        assert_eq!(format!("{done:?}").matches("the work panicked: the paper is out").count(), 1, "{done:?}");
    }
    assert_eq!(clerk.rpc_file(1).await, Ok("filed 1".into()));
    let counts = pool(&node, "an idle pool", idle).await;
    assert_eq!((counts.panicked, counts.done), (4, 1));
}

#[tokio::test]
async fn work_can_be_awaited_where_it_is_needed() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default()).await;
    assert_eq!(node.client::<ClerkClient>().rpc_wait(21).await, Ok(42));
    node.shutdown().await.unwrap();
    // A `stop` has no callbacks any more, and awaits.
    assert_eq!(desk.log.lines(), ["first", "saved"]);
}

#[tokio::test]
async fn ten_thousand_keys_leave_nothing_behind() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().waiting(2_000)).await;
    let clerk = node.client::<ClerkClient>();
    for thousand in 0..10 {
        let files = (0..1000).map(|key| clerk.rpc_file(thousand * 1000 + key));
        for filed in futures_util::future::join_all(files).await {
            filed.unwrap();
        }
    }
    let counts = pool(&node, "an idle pool", idle).await;
    assert_eq!((counts.done, counts.refused, counts.dropped), (10_000, 0, 0));
}

/// Callers would time out at once otherwise: a paused clock runs on when nobody is at work, and threads are not seen.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_while_blocking_work_runs() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default()).await;
    let clerk = node.client::<ClerkClient>();
    let begun = tokio::time::Instant::now();
    let (waited, filed) = tokio::join!(clerk.rpc_wait(4), clerk.rpc_file(3));
    assert_eq!((waited, filed), (Ok(8), Ok("filed 3".into())));
    assert_eq!(begun.elapsed(), std::time::Duration::ZERO);
}

#[test]
fn in_a_simulation_a_seed_replays() {
    let run = |seed| {
        let desk = Desk::default();
        let of_node = desk.clone();
        Cluster::seed(seed).node("one", move |node| node.service(Clerk::new(&of_node))).run(async move |sim| {
            sim.settled().await;
            sim.on("one", |node| async move {
                let clerk = node.client::<ClerkClient>();
                clerk.rpc_file_all(5, 40).await.unwrap();
                while clerk.rpc_callbacks().await.unwrap().len() < 200 {}
                clerk.rpc_callbacks().await.unwrap()
            })
            .await
            .unwrap()
        })
    };
    let (first, again) = (run(1), run(1));
    assert!(first == again && first.len() == 200);
}

#[tokio::test]
async fn a_pool_that_could_do_nothing_is_refused() {
    for (pool, text) in [
        (Offload::default().threads(0), "`.threads(0)` cannot be"),
        (Offload::default().futures(0), "`.futures(0)` cannot be"),
        (Offload::default().waiting(1 << 30), "`.waiting(1073741824)` cannot be"),
    ] {
        let Err(Error::Configuration(why)) = Node::builder().offload(pool).start().await else { panic!("{text}") };
        assert!(why.contains(text), "{why}");
    }
}

#[tokio::test]
async fn two_nodes_of_one_process_do_not_wait_for_each_other() {
    let (one, other) = (Desk::default(), Desk::default());
    let pool = Offload::default().threads(1);
    let (busy, free) = (node(&one, pool).await, node(&other, pool).await);
    let held = tokio::spawn(busy.client::<ClerkClient>().rpc_hold(1));
    one.gate.reached().await;
    assert_eq!(free.client::<ClerkClient>().rpc_file(1).await, Ok("filed 1".into()));
    one.gate.open();
    within("what was held", held).await.unwrap().unwrap();
}
