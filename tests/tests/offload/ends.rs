//! The end of whoever asked for work.

use super::*;
use ember::{CallError, Error, LostReason};
use ember_tests::wait::within;
use std::time::Duration;

type Held = tokio::task::JoinHandle<Result<String, CallError<String>>>;

/// One piece of work that runs, one that waits behind it, and a future.
async fn at_work(node: &Node, desk: &Desk) -> [Held; 3] {
    let clerk = node.client::<ClerkClient>();
    let runs = tokio::spawn(clerk.rpc_hold(1));
    desk.gate.reached().await;
    let waits = tokio::spawn(clerk.rpc_hold(2));
    let future = tokio::spawn(clerk.rpc_hold_async(3));
    desk.gate.reached().await;
    pool(node, "all of them", |it| (it.running, it.waiting, it.futures) == (1, 1, 1)).await;
    [runs, waits, future]
}

/// At once, while the work still runs.
async fn nobody_answers(held: impl IntoIterator<Item = Held>) {
    for held in held {
        let outcome = within("the end of what waits", held).await.unwrap();
        let Err(CallError::MaybeExecuted(lost)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(lost.reason(), &LostReason::NoReply);
    }
}

#[tokio::test]
async fn what_a_service_has_asked_for_ends_when_it_is_started_again() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1)).await;
    let clerk = node.client::<ClerkClient>();
    let held = at_work(&node, &desk).await;
    clerk.rpc_fail().await.unwrap_err();
    nobody_answers(held).await;
    // What runs goes on, on the only thread there is.
    let next = tokio::spawn(clerk.rpc_file(4));
    pool(&node, "the piece of the next life", |it| it.running == 1 && it.waiting == 1).await;
    desk.gate.open();
    assert_eq!(within("the next life's work", next).await.unwrap(), Ok("filed 4".into()));
    assert_eq!(clerk.rpc_callbacks().await.unwrap(), ["filed 4"], "no callback of the life before");
    let lines = desk.log.lines();
    assert_eq!(lines, ["the future is dropped", "held 1", "filed 4"], "what had not begun is not run");
    let counts = pool(&node, "an idle pool", idle).await;
    assert_eq!(counts.dropped, 2);
}

#[tokio::test]
async fn a_module_that_is_released_takes_its_work_along() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1)).await;
    let clerk = node.client::<ClerkClient>();
    let first = tokio::spawn(clerk.rpc_hold(1));
    desk.gate.reached().await;
    clerk.rpc_add_drawer().await.unwrap();
    let of_drawer = tokio::spawn(clerk.drawers().key(1).rpc_hold());
    pool(&node, "the drawer's piece", |it| it.waiting == 1).await;
    clerk.rpc_remove_drawer().await.unwrap();
    nobody_answers([of_drawer]).await;
    desk.gate.open();
    assert_eq!(within("the clerk's own", first).await.unwrap(), Ok("held 1".into()));
    pool(&node, "an idle pool", idle).await;
    assert_eq!(desk.log.lines(), ["held 1"]);
}

#[tokio::test]
async fn a_service_that_stops_waits_for_its_callbacks() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1)).await;
    let clerk = node.client::<ClerkClient>();
    let held = at_work(&node, &desk).await;
    clerk.rpc_leave().await.unwrap();
    (0..3).for_each(|_| desk.gate.open());
    for held in held {
        assert!(within("an answer", held).await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_handler_that_is_cancelled_takes_its_work_along() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1)).await;
    let clerk = node.client::<ClerkClient>();
    let held = tokio::spawn(clerk.rpc_hold(1));
    desk.gate.reached().await;
    let waits = tokio::spawn(clerk.rpc_wait_cancelled());
    pool(&node, "the handler's piece", |it| it.waiting == 1).await;
    waits.abort();
    pool(&node, "its end", |it| it.waiting == 0 && it.dropped == 1).await;
    desk.gate.open();
    assert!(within("the first", held).await.unwrap().is_ok());
    assert_eq!(desk.log.lines(), ["held 1"]);
}

#[tokio::test]
async fn a_shutdown_waits_for_work_that_runs() {
    let desk = Desk::default();
    let node = node(&desk, Offload::default().threads(1)).await;
    let held = at_work(&node, &desk).await;
    let ends = tokio::spawn({
        let node = node.clone();
        async move { node.shutdown().await }
    });
    assert!(!ends.is_finished());
    (0..3).for_each(|_| desk.gate.open());
    within("the shutdown", ends).await.unwrap().unwrap();
    for held in held {
        assert!(within("an answer", held).await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_shutdown_that_is_cut_short_names_the_work_and_leaves_it_to_its_thread() {
    let desk = Desk::default();
    let of_node = desk.clone();
    let node = Node::builder()
        .drain(Duration::from_millis(100))
        .offload(Offload::default().threads(1))
        .service(Clerk::new(&of_node))
        .start()
        .await
        .unwrap();
    let held = at_work(&node, &desk).await;
    let Err(Error::CutShort(why)) = within("the shutdown", node.shutdown()).await else {
        panic!("it waits at the gate")
    };
    assert!(why.contains("offloaded work still ran: `Clerk.rpc_hold`"), "{why}");
    for held in held {
        assert!(within("the end", held).await.unwrap().is_err());
    }
    let counts = node.offload_counts();
    assert_eq!((counts.running, counts.waiting), (1, 0));
    desk.gate.open();
    let counts = pool(&node, "the end of its thread", |it| it.threads == 0).await;
    assert!(idle(&counts), "{counts:?}");
    assert!(desk.log.lines().contains(&"held 1".to_owned()) && !desk.log.lines().contains(&"held 2".to_owned()));
}
