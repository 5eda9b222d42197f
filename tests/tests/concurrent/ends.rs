//! Panics, restarts, and how a concurrent service ends.
// tidy: virtual time

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use ember::{CallError, Error, LostReason, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{lost, refused},
    wait::within,
};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::Instant,
};

use super::{
    hall::{Hall, HallClient, Seen},
    instance, start,
};

fn made(seen: &Seen) -> Hosted<Hall> {
    let seen = seen.clone();
    Hosted::with(move || Hall::new(&seen)).back_off(Duration::ZERO, Duration::ZERO)
}

fn waits(client: &HallClient) -> JoinHandle<Result<usize, CallError>> {
    let client = client.clone();
    tokio::spawn(async move { client.rpc_wait().await })
}

fn is_panic(outcome: Result<(), CallError>) -> bool {
    matches!(lost(outcome), LostReason::Panicked(_))
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_its_call_and_the_next_life_begins_when_the_others_have_ended() {
    let seen = Seen::default();
    let node = Node::builder().service(made(&seen)).start().await.unwrap();
    let client = node.client::<HallClient>();
    let other = waits(&client);
    seen.gate.reached().await;
    assert!(is_panic(client.rpc_panic().await));
    let next = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_count().await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((next.is_finished(), seen.lives.load(SeqCst)), (false, 1), "none begins on a state that has failed");
    seen.gate.open();
    assert_eq!(other.await.unwrap(), Ok(0), "it was let end, on its state");
    assert_eq!(next.await.unwrap(), Ok(1000), "of the second life");
    assert_eq!(seen.stopped.load(SeqCst), 0);
    node.shutdown().await.unwrap();
    assert_eq!((seen.lives.load(SeqCst), seen.stopped.load(SeqCst)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_end_in_time_after_a_panic_is_dropped() {
    let seen = Seen::default();
    let node = Node::builder().service(made(&seen)).start().await.unwrap();
    let client = node.client::<HallClient>();
    let other = waits(&client);
    seen.gate.reached().await;
    let began = Instant::now();
    assert!(is_panic(client.rpc_panic().await));
    assert!(matches!(other.await.unwrap(), Err(CallError::MaybeExecuted(_))));
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!((client.rpc_count().await, seen.now()), (Ok(1000), 0));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_service_that_goes_on_after_a_panic_keeps_its_state_and_its_handlers() {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    client.rpc_count().await.unwrap();
    let other = waits(&client);
    seen.gate.reached().await;
    for _ in 0..8 {
        assert!(is_panic(client.rpc_panic().await), "each of its workers may have one");
    }
    assert_eq!(client.rpc_count().await, Ok(1));
    seen.gate.open();
    assert_eq!(other.await.unwrap(), Ok(2));
    node.shutdown().await.unwrap();
    assert_eq!((seen.lives.load(SeqCst), seen.stopped.load(SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_panic_that_is_the_last_refuses_what_waits() {
    let seen = Seen::default();
    let hosted = made(&seen).on_panic(OnPanic::Stop);
    let node = Node::builder().service(hosted).start().await.unwrap();
    let client = node.client::<HallClient>();
    assert!(is_panic(client.rpc_panic().await));
    let refusal = within("a refusal", client.rpc_count()).await;
    assert!(matches!(refusal, Err(CallError::NotExecuted(_))), "{refusal:?}");
    assert_eq!(node.services(), []);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_is_stopped_does_what_waits_and_its_stop_comes_last() {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    let pid = instance::<HallClient>(&node).pid();
    let calls: JoinSet<_> = (0..12)
        .map(|_| {
            let client = client.clone();
            async move { client.rpc_work(10).await }
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(node.stop(pid));
    let refusal = refused(client.rpc_count().await);
    assert!(matches!(refusal, RefusedReason::Retiring | RefusedReason::NoTarget(_)), "{refusal}");
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    node.wait_for_view(|view| view.instances().is_empty()).await;
    assert_eq!((seen.most(), seen.stopped.load(SeqCst), node.services()), (4, 1, vec![]));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn it_stops_itself_and_one_that_always_restarts_begins_anew() {
    let seen = Seen::default();
    let node = Node::builder().service(made(&seen).restart(Restart::Always)).start().await.unwrap();
    let client = node.client::<HallClient>();
    client.rpc_stop().await.unwrap();
    within("the next life", async {
        while client.rpc_count().await.unwrap() < 1000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    node.shutdown().await.unwrap();
    let (node, client) = start(&seen).await;
    client.rpc_stop().await.unwrap();
    within("its end", node.wait_for_view(|view| view.instances().is_empty())).await;
    assert_eq!((seen.lives.load(SeqCst), seen.stopped.load(SeqCst)), (3, 3));
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_cut_short_ends_handlers_too() {
    let seen = Seen::default();
    let node = Node::builder().drain(Duration::from_secs(2)).service(Hall::new(&seen)).start().await.unwrap();
    let client = node.client::<HallClient>();
    let calls: Vec<_> = (0..6).map(|_| waits(&client)).collect();
    for _ in 0..4 {
        seen.gate.reached().await;
    }
    let began = Instant::now();
    let cut = node.shutdown().await;
    assert!(matches!(cut, Err(Error::CutShort(_))), "{cut:?}");
    assert!(began.elapsed() < Duration::from_secs(6));
    let mut kinds = [0, 0];
    for call in calls {
        match call.await.unwrap() {
            Err(CallError::MaybeExecuted(_)) => kinds[0] += 1,
            Err(CallError::NotExecuted(_)) => kinds[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((kinds, seen.now()), ([4, 2], 0));
}

#[test]
fn a_runtime_that_ends_takes_what_waits_with_it() {
    let seen = Seen::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (node, client) = runtime.block_on(async {
        let (node, client) = start(&seen).await;
        (0..100).for_each(|number| client.rpc_move(number % 10, number, 60_000).send().unwrap());
        (node, client)
    });
    runtime.shutdown_background();
    drop((node, client));
}
