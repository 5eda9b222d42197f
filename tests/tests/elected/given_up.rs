//! An office that is given up in order: no call fails for it, and none is left in doubt. In one thread, on real time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ember::{prelude::*, registry::InProcess};
use ember_tests::wait::within;

#[service(elected)]
#[derive(Default)]
pub(crate) struct Till {
    sum: u64,
}

#[rpc]
impl Till {
    pub(crate) async fn rpc_add(&mut self, amount: u64) -> u64 {
        self.sum += amount;
        self.sum
    }

    pub(crate) fn rpc_stop(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.stop();
        self.sum
    }
}

/// How calls of several users ended, each of whom makes one after the other, while `give_up` is done on the master's node.
async fn meanwhile(give_up: impl AsyncFn(&Node)) -> BTreeMap<String, u32> {
    let registry = InProcess::default();
    let start = |name: &str| Node::builder().name(name).registry(registry.clone());
    let caller = start("caller").start().await.unwrap();
    let first = start("first").service(Till::default()).start().await.unwrap();
    within("the first", caller.client::<TillClient>().rpc_add(1)).await.unwrap();
    let second = start("second").service(Till::default()).start().await.unwrap();
    within("the second", caller.wait_for_view(|view| view.instances().len() == 2)).await;

    let over = Arc::new(AtomicBool::new(false));
    let mut users = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (till, over) = (caller.client::<TillClient>(), Arc::clone(&over));
        users.spawn(async move {
            let mut ends = BTreeMap::<String, u32>::new();
            while !over.load(Ordering::Relaxed) {
                let end = till.rpc_add(1).await.map_or_else(|error| format!("{error:?}"), |_| "done".to_owned());
                *ends.entry(end).or_default() += 1;
            }
            ends
        });
    }
    give_up(&first).await;
    let pid = second.services()[0];
    let follows =
        caller.wait_for_view(|view| view.instances().iter().any(|it| it.pid() == pid && it.epoch().is_some()));
    within("the next master", follows).await;
    within("a call to it", caller.client::<TillClient>().rpc_add(1)).await.unwrap();
    over.store(true, Ordering::Relaxed);
    let mut all = BTreeMap::new();
    while let Some(ends) = users.join_next().await {
        for (end, count) in ends.unwrap() {
            *all.entry(end).or_default() += count;
        }
    }
    for node in [first, second, caller] {
        node.shutdown().await.unwrap();
    }
    all
}

/// Some times over: it depends on where the calls are.
async fn none_fails(give_up: impl AsyncFn(&Node)) {
    for _ in 0..10 {
        let ends = meanwhile(&give_up).await;
        assert!(ends.len() == 1 && ends["done"] > 8, "{ends:?}");
    }
}

#[tokio::test]
async fn an_office_that_is_handed_over_leaves_no_call_in_doubt() {
    none_fails(async |first| assert!(first.hand_over(first.services()[0]))).await;
}

#[tokio::test]
async fn a_master_that_is_paused_leaves_no_call_in_doubt() {
    none_fails(async |first| assert!(first.pause(first.services()[0]))).await;
}

#[tokio::test]
async fn a_node_that_shuts_down_or_retires_leaves_no_call_to_its_master_in_doubt() {
    none_fails(async |first| first.shutdown().await.unwrap()).await;
    none_fails(async |first| first.retire().await).await;
}

#[tokio::test]
async fn a_master_that_stops_itself_answers_whoever_asked_for_it() {
    for _ in 0..10 {
        let ends = meanwhile(async |first| {
            let stop = first.client::<TillClient>().rpc_stop();
            assert!(within("its answer", stop).await.is_ok());
        });
        assert!(ends.await.keys().all(|end| end == "done"));
    }
}
