//! The order of each key, and what keys cost each other.
// tidy: virtual time

use std::time::Duration;

use ember::prelude::*;
use ember_tests::simulation::{scale, seeds};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    hall::{HallClient, Lungs, LungsClient, Seen},
    instance, start,
};

const KEYS: u64 = 8;
const EACH: u64 = 12;

/// As random numbers as are needed here.
fn drawn(state: &mut u64, below: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % below
}

/// One run: calls of some keys, which take their time, while the workers go from 2 to 16 and back. How often they did; or what is wrong.
async fn run(seed: u64) -> Result<usize, String> {
    let seen = Seen::default();
    let node = Node::builder().seed(seed).service(Lungs { seen: seen.clone() }).start().await.unwrap();
    let (client, pid) = (node.client::<LungsClient>(), instance::<LungsClient>(&node).pid());
    assert_eq!(node.workers(pid).map(|counts| (counts.least, counts.most, counts.now)), Some((2, 16, 2)));
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (mut next, mut breaths) = ([0; KEYS as usize], 0);
    for step in 0..KEYS * EACH {
        let key = drawn(&mut state, KEYS);
        client.rpc_breathe(key, next[key as usize], drawn(&mut state, 4)).send().unwrap();
        next[key as usize] += 1;
        match step % 16 {
            0 => assert_eq!(node.set_workers(pid, 99), Some(16)),
            5 => drop(node.set_workers(pid, 2 + drawn(&mut state, 15) as u32)),
            11 => {
                assert_eq!(node.set_workers(pid, 0), Some(2));
                breaths += 1;
            }
            3 | 8 | 14 => sleep(Duration::from_millis(drawn(&mut state, 3))).await,
            _ => {}
        }
    }
    while node.workers(pid).unwrap().busy > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    if let Some(key) = seen.met() {
        return Err(format!("two of the calls of the key {key} ran at once"));
    }
    let done = seen.order();
    for (key, count) in (0..).zip(next) {
        let order = done.get(&key).cloned().unwrap_or_default();
        if order != (0..count).collect::<Vec<_>>() {
            return Err(format!("the calls of the key {key} ran in the order {order:?}"));
        }
    }
    assert!((2..=16).contains(&seen.most()), "seed {seed}");
    node.shutdown().await.unwrap();
    Ok(breaths)
}

#[test]
fn the_order_of_each_key_stays_while_the_workers_come_and_go() {
    let (mut runs, mut breaths) = (0, 0);
    for seed in seeds(150 * scale()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        match runtime.block_on(run(seed)) {
            Ok(more) => (runs, breaths) = (runs + 1, breaths + more),
            Err(why) => panic!(
                "seed {seed} failed, after {runs} that passed. {why}\n\n  EMBER_PROVE='seed={seed} faults=none' cargo test --test concurrent the_order_of_each_key"
            ),
        }
    }
    assert!(breaths >= 5 * runs, "{breaths} breaths in {runs} runs");
}

#[tokio::test]
async fn a_limit_that_grows_begins_what_waits_and_one_that_shrinks_waits_for_those_that_run() {
    let seen = Seen::default();
    let node = Node::builder().service(Lungs { seen: seen.clone() }).start().await.unwrap();
    let (client, pid) = (node.client::<LungsClient>(), instance::<LungsClient>(&node).pid());
    (0..20).for_each(|_| client.rpc_wait().send().unwrap());
    for _ in 0..2 {
        seen.gate.reached().await;
    }
    let counts = node.workers(pid).unwrap();
    assert_eq!((counts.busy, counts.queued), (2, 18));
    assert_eq!(node.set_workers(pid, 16), Some(16));
    for _ in 0..14 {
        seen.gate.reached().await;
    }
    assert_eq!((seen.now(), node.workers(pid).unwrap().busy), (16, 16), "exactly as many as there may be");
    assert_eq!(node.set_workers(pid, 3), Some(3));
    (0..20).for_each(|_| seen.gate.open());
    for _ in 0..4 {
        seen.gate.reached().await;
    }
    assert_eq!(seen.most(), 16);
    assert_eq!(node.set_workers(pid, 2), Some(2));
    node.shutdown().await.unwrap();
    assert_eq!(seen.now(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_key_does_not_wait_for_a_worker_and_no_worker_is_made_for_it() {
    let seen = Seen::default();
    let hosted = Hosted::new(Lungs { seen: seen.clone() })
        .scale(Scale::wait_p99(Duration::from_millis(5)).every(Duration::from_millis(50)));
    let node = Node::builder().service(hosted).start().await.unwrap();
    let (client, pid) = (node.client::<LungsClient>(), instance::<LungsClient>(&node).pid());
    (0..20).for_each(|number| client.rpc_breathe(7, number, 40).send().unwrap());
    for _ in 0..10 {
        sleep(Duration::from_millis(53)).await;
        let counts = node.workers(pid).unwrap();
        assert_eq!((counts.now, counts.busy, counts.queued, counts.oldest), (2, 1, 0, None), "one key");
        assert!(counts.waiting > 0);
    }
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_has_waited_for_its_key_waits_for_a_worker_from_then_on() {
    let seen = Seen::default();
    let node = Node::builder().service(Lungs { seen: seen.clone() }).start().await.unwrap();
    let (client, pid) = (node.client::<LungsClient>(), instance::<LungsClient>(&node).pid());
    (0..20).for_each(|number| client.rpc_breathe(7, number, 40).send().unwrap());
    sleep(Duration::from_millis(530)).await;
    // Both workers are taken, and what is behind the hot key's one has waited for its key until that is done.
    (0..2).for_each(|_| client.rpc_wait().send().unwrap());
    sleep(Duration::from_millis(40)).await;
    let oldest = node.workers(pid).unwrap().oldest;
    assert!(oldest.is_some_and(|oldest| oldest <= Duration::from_millis(40)), "{oldest:?}");
    (0..2).for_each(|_| seen.gate.open());
    node.shutdown().await.unwrap();
}

/// How long the calls of many keys took, the longest first, beside a hot key or without one.
async fn cold(hot: bool) -> Vec<Duration> {
    let seen = Seen::default();
    let (node, client) = start(&seen).await;
    if hot {
        (0..300).for_each(|number| client.rpc_move(0, number, 10).send().unwrap());
    }
    let mut calls = JoinSet::new();
    for caller in 1..=3_u64 {
        let client = client.clone();
        calls.spawn(async move {
            let mut took = Vec::new();
            for number in 0..100 {
                let began = Instant::now();
                client.rpc_move(1000 * caller + number, number, 1 + number % 3).await.unwrap();
                took.push(began.elapsed());
            }
            took
        });
    }
    let mut took: Vec<_> = calls.join_all().await.into_iter().flatten().collect();
    took.sort_unstable();
    took.reverse();
    drop(node);
    assert!(!hot || seen.order()[&0].len() < 300, "the hot key has work all the time");
    took
}

#[tokio::test(start_paused = true)]
async fn a_hot_key_whose_handlers_wait_holds_up_no_other() {
    let [without, beside] = [cold(false).await, cold(true).await];
    let p99 = |took: &[Duration]| took[took.len() / 100].as_micros();
    assert!(p99(&beside) * 10 <= p99(&without) * 11, "{} µs and {} µs", p99(&without), p99(&beside));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_of_many_threads_are_in_order_for_each_key_and_none_is_lost() {
    let seen = Seen::default();
    let (node, _) = start(&seen).await;
    let callers: JoinSet<_> = (0..4_u64)
        .map(|caller| {
            let client = node.client::<HallClient>();
            async move {
                for number in 0..200 {
                    for key in 0..3 {
                        let call = client.rpc_move(key, caller * 1000 + number, 0);
                        if number % 3 == caller % 3 {
                            call.send().unwrap();
                        } else {
                            call.await.unwrap();
                        }
                    }
                }
            }
        })
        .collect();
    callers.join_all().await;
    node.shutdown().await.unwrap();
    let done = seen.order();
    for key in 0..3 {
        for caller in 0..4 {
            let of: Vec<_> = done[&key].iter().filter(|it| **it / 1000 == caller).map(|it| it % 1000).collect();
            assert_eq!(of, (0..200).collect::<Vec<_>>(), "{caller} to {key}");
        }
    }
}

/// It has work done outside.
#[service(concurrent, workers = 8)]
pub struct Desk {
    seen: Seen,
}

#[rpc]
impl Desk {
    /// Offloads so many pieces under each of two keys.
    pub async fn rpc_offload(&self, cx: &mut Cx<'_, Self>, pieces: u64) {
        for number in 0..pieces {
            for key in 0..2_u64 {
                cx.offload(key, || {}).then(cx, move |me, _, done| {
                    done.unwrap();
                    drop(me.seen.enter(Some((key, number))));
                });
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_callbacks_of_what_was_offloaded_under_one_key_come_in_its_order() {
    const PIECES: u64 = 200;
    for _ in 0..10 {
        let seen = Seen::default();
        let node = Node::builder().service(Desk { seen: seen.clone() }).start().await.unwrap();
        node.client::<DeskClient>().rpc_offload(PIECES).await.unwrap();
        node.shutdown().await.unwrap();
        let order = seen.order();
        for key in 0..2 {
            assert_eq!(order[&key], (0..PIECES).collect::<Vec<_>>());
        }
    }
}
