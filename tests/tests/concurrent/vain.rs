//! What waits in vain does not: calls that wait for themselves since there are fewer workers, and calls of a hot key that nobody needs any more.

// tidy: virtual time

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use ember::{CallError, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    gate::Gate,
    wait::within,
};
use tokio::{task::JoinSet, time::sleep};

use super::{edges::until, instance};

/// Asks itself, also by way of another.
#[service(concurrent, workers = 1..=3)]
#[derive(Clone, Default)]
pub struct Mirror {
    gate: Gate,
}

#[rpc]
impl Mirror {
    pub async fn rpc_wait(&self) {
        self.gate.pass().await;
    }

    pub async fn rpc_look(&self) {}

    pub async fn rpc_ask(&self, cx: &mut Cx<'_, Self>) -> String {
        told(cx.client::<MirrorClient>().rpc_look().await)
    }

    pub async fn rpc_ask_by_another(&self, cx: &mut Cx<'_, Self>) -> String {
        cx.client::<RelayClient>().rpc_ask().await.expect("the other answers")
    }
}

/// Asks the other.
#[service]
#[derive(Default)]
pub struct Relay;

#[rpc]
impl Relay {
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>) -> String {
        told(cx.client::<MirrorClient>().rpc_look().await)
    }
}

/// How it went: of a circle, the way.
fn told(done: Result<(), CallError>) -> String {
    match &done {
        Ok(()) => "done".into(),
        Err(CallError::NotExecuted(why)) => match why.reason() {
            RefusedReason::Cycle(way) => way.clone(),
            other => other.to_string(),
        },
        Err(error) => error.to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_itself_since_there_are_fewer_workers_is_told_so() {
    let (cluster, mirror) = (Cluster::default(), Mirror::default());
    let here = cluster.node("here").service(mirror.clone()).start().await.unwrap();
    let there = cluster.node("there").service(Relay).start().await.unwrap();
    sees(&here, "Relay", 1).await;
    sees(&there, "Mirror", 1).await;
    let (client, pid) = (here.client::<MirrorClient>(), instance::<MirrorClient>(&here).pid());
    let ways = ["Mirror.rpc_ask → Mirror.rpc_look", "Mirror.rpc_ask_by_another → Relay.rpc_ask → Mirror.rpc_look"];
    for (by_another, way) in [false, true].into_iter().zip(ways) {
        assert_eq!(here.set_workers(pid, 3), Some(3));
        // Two others have a worker each, so what the third asks for waits.
        let others: JoinSet<_> =
            [client.clone(), client.clone()].map(|it| async move { it.rpc_wait().await }).into_iter().collect();
        mirror.gate.reached().await;
        mirror.gate.reached().await;
        let asks = client.clone();
        let asks =
            tokio::spawn(
                async move { if by_another { asks.rpc_ask_by_another().await } else { asks.rpc_ask().await } },
            );
        until("the call that it makes waits", || here.workers(pid).is_some_and(|workers| workers.waiting == 1)).await;
        assert_eq!(here.set_workers(pid, 2), Some(2), "there would be one for it");
        assert_eq!(here.workers(pid).map(|workers| workers.waiting), Some(1));
        assert_eq!(here.set_workers(pid, 1), Some(1));
        assert_eq!(asks.await.unwrap().unwrap(), way);
        let counts = here.workers(pid).unwrap();
        assert_eq!((counts.busy, counts.waiting), (2, 0), "the others are there yet");
        mirror.gate.open();
        mirror.gate.open();
        assert_eq!(others.join_all().await, [Ok(()), Ok(())]);
    }
    // What is refused has left nothing behind: its place is another's.
    assert_eq!(client.rpc_look().await, Ok(()));
    for node in [there, here] {
        node.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_that_comes_as_the_workers_become_fewer() {
    let mirror = Mirror::default();
    let node = Node::builder().service(mirror.clone()).start().await.unwrap();
    let (client, pid) = (node.client::<MirrorClient>(), instance::<MirrorClient>(&node).pid());
    for round in 0..200 {
        assert_eq!(node.set_workers(pid, 2), Some(2));
        let other = client.clone();
        let other = tokio::spawn(async move { other.rpc_wait().await });
        mirror.gate.reached().await;
        let asks = client.clone();
        let asks = tokio::spawn(async move { asks.rpc_ask().await });
        (0..round % 20).for_each(|_| std::hint::spin_loop());
        assert_eq!(node.set_workers(pid, 1), Some(1));
        // Had it come after that, it is not run at all before the other has ended.
        let came = until_or_busy(|| asks.is_finished(), || node.workers(pid).is_some_and(|it| it.waiting == 1)).await;
        mirror.gate.open();
        let answer = asks.await.unwrap().unwrap();
        let is_right = ["done", "Mirror.rpc_ask → Mirror.rpc_look"].contains(&answer.as_str());
        assert!(is_right, "round {round}, {came}: {answer}");
        other.await.unwrap().unwrap();
    }
    node.shutdown().await.unwrap();
}

async fn until_or_busy(is_so: impl Fn() -> bool, or: impl Fn() -> bool) -> &'static str {
    until("one or the other", || is_so() || or()).await;
    if is_so() { "it was answered" } else { "something waited" }
}

/// One whose keys can be hot.
#[service(concurrent, workers = 2..=8)]
#[derive(Clone, Default)]
pub struct Stove {
    gate: Gate,
    cooked: std::sync::Arc<AtomicUsize>,
}

#[rpc]
impl Stove {
    #[rpc(key = "pot")]
    pub async fn rpc_cook(&self, pot: u64, with: Vec<u8>) -> usize {
        if pot == 1 && with.is_empty() {
            self.gate.pass().await;
        }
        self.cooked.fetch_add(1, SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_hot_key_whose_callers_have_gone_leave_their_places_to_others() {
    let (cluster, stove) = (Cluster::default(), Stove::default());
    let here = cluster.node("here").service(Hosted::new(stove.clone()).mailbox(8)).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Stove", 1).await;
    let pid = instance::<StoveClient>(&here).pid();
    let waiting = || here.workers(pid).unwrap().waiting;
    let client = here.client::<StoveClient>();
    client.rpc_cook(1, vec![]).send().unwrap();
    stove.gate.reached().await;

    // Some will have gone, the time of one will have passed, and one waits.
    let mut gone = JoinSet::new();
    for node in [&here, &there] {
        for _ in 0..3 {
            let client = node.client::<StoveClient>();
            gone.spawn(async move { client.rpc_cook(1, vec![1]).await });
        }
    }
    until("they wait", || waiting() == 6).await;
    let late = client.clone();
    let late = tokio::spawn(async move { late.rpc_cook(1, vec![2]).timeout(Duration::from_millis(50)).await });
    let stays = client.clone();
    let stays = tokio::spawn(async move { stays.rpc_cook(1, vec![3]).await });
    until("the mailbox is full", || waiting() == 8).await;
    let full = refused(client.rpc_cook(1, vec![4]).await);
    assert_eq!(full, RefusedReason::MailboxFull { limit: 8 }, "all of them are wanted");
    assert_eq!(client.rpc_cook(2, vec![]).await, Ok(0), "a worker is free for it");

    gone.shutdown().await;
    assert!(late.await.unwrap().is_err());
    for number in 0..7 {
        within("a place", async {
            // That the callers there have gone is still on its way.
            while client.rpc_cook(1, vec![number + 4]).send().is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
    assert_eq!((stove.cooked.load(SeqCst), waiting()), (1, 8), "nothing has run for it");
    stove.gate.open();
    assert_eq!(stays.await.unwrap(), Ok(2), "it was there before those");
    until("those have come too", || stove.cooked.load(SeqCst) == 10).await;
    for node in [there, here] {
        node.shutdown().await.unwrap();
    }
}
