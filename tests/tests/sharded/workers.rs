//! Workers of sharded services: so many shards are at work at once, and no more; who waits for something has none.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{
    Node, Pid,
    prelude::*,
    scale::{Reading, Verdict},
};
use ember_tests::{
    gate::Gate,
    simulation::scale,
    wait::{eventually, within},
};

/// A handler that stands here blocks its thread.
#[derive(Default)]
struct Wall {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Wall {
    fn stand(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Duration::from_secs(30);
        let (open, _) =
            self.opened.wait_timeout_while(open, until, |open| !*open).unwrap_or_else(PoisonError::into_inner);
        assert!(*open, "nobody opened it");
    }

    fn fall(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }
}

/// What the handlers of one service have in common.
#[derive(Clone, Default)]
pub struct Yard {
    wall: Arc<Wall>,
    gate: Gate,
    at_work: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    /// The last number of each key, however often its shard was made anew.
    last: Arc<Mutex<BTreeMap<u64, u64>>>,
    wrong: Arc<AtomicUsize>,
}

impl Yard {
    fn begin(&self) -> AtWork<'_> {
        let now = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        AtWork(self)
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// One of a key's numbers has come: they go up.
    fn comes(&self, key: u64, number: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.insert(key, number);
        if before.is_some_and(|before| before >= number) {
            self.wrong.fetch_add(1, Ordering::SeqCst);
        }
    }
}

struct AtWork<'a>(&'a Yard);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

#[service(sharded, shards = 16, workers = 3)]
pub struct Mason {
    yard: Yard,
}

#[rpc]
impl Mason {
    #[rpc(key = "stone")]
    pub async fn rpc_block(&mut self, stone: u64) -> u64 {
        let _at_work = self.yard.begin();
        self.yard.wall.stand();
        stone
    }

    #[rpc(key = "stone")]
    pub async fn rpc_wait(&mut self, stone: u64) -> u64 {
        self.yard.gate.pass().await;
        let _at_work = self.yard.begin();
        stone
    }

    /// Has the next stone laid, and waits for it.
    #[rpc(key = "stone")]
    pub async fn rpc_row(&mut self, cx: &mut Cx<'_, Self>, stone: u64, more: u64) -> u64 {
        drop(self.yard.begin());
        if more == 0 {
            return stone;
        }
        cx.client::<MasonClient>().rpc_row(stone + 1, more - 1).await.unwrap_or(0)
    }
}

async fn mason(yard: &Yard) -> (Node, Pid, MasonClient) {
    let yard = yard.clone();
    let node = Node::builder().seed(1).service_with(move || Mason { yard: yard.clone() }).start().await.unwrap();
    let pid = node.select::<MasonClient>().instances()[0].pid();
    let client = node.client::<MasonClient>();
    (node, pid, client)
}

/// A key for each shard. The hash of a key is part of the contract, so that it is looked for where it shows: which shard has it.
async fn one_each(client: &HodClient, shards: usize) -> Vec<u64> {
    let mut found = BTreeMap::new();
    for stone in 0.. {
        found.entry(client.rpc_shard(stone).await.unwrap()).or_insert(stone);
        if found.len() == shards {
            break;
        }
    }
    found.into_values().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn as_many_shards_as_there_are_workers_run_and_all_of_them_in_the_end() {
    let yard = Yard::default();
    let (node, pid, client) = mason(&yard).await;
    let calls: Vec<_> = (0..64)
        .map(|stone| {
            let client = client.clone();
            tokio::spawn(async move { client.rpc_block(stone).await })
        })
        .collect();
    let counts = eventually("three at work, and the other shards in line", async || {
        let counts = node.workers(pid)?;
        (counts.busy == 3 && counts.queued >= 8).then_some(counts)
    })
    .await;
    assert_eq!((counts.least, counts.most, counts.now), (3, 3, 3));
    assert!(counts.oldest.is_some());
    assert_eq!(yard.at_work.load(Ordering::SeqCst), 3);
    yard.wall.fall();
    for (stone, call) in (0..).zip(calls) {
        assert_eq!(within("a call", call).await.unwrap(), Ok(stone));
    }
    assert_eq!(yard.most(), 3, "as many as there are workers, and never more");
    node.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shard_that_waits_has_no_worker_and_one_that_calls_another_lends_it_its_own() {
    let yard = Yard::default();
    let (node, pid, client) = mason(&yard).await;
    let waiting: Vec<_> = (0..32)
        .map(|stone| {
            let client = client.clone();
            tokio::spawn(async move { client.rpc_wait(stone).await })
        })
        .collect();
    // More than there are workers.
    for _ in 0..8 {
        yard.gate.reached().await;
    }
    eventually("nobody at work", async || (node.workers(pid)?.busy == 0).then_some(())).await;
    (0..32).for_each(|_| yard.gate.open());
    for call in waiting {
        within("a call", call).await.unwrap().unwrap();
    }
    // Four that wait for each other in a row: deeper than there are workers. One that meets a shard of the row is a cycle, and is said.
    for first in 0..20 {
        within("a row", client.rpc_row(first * 100, 4)).await.unwrap();
    }
    assert!(yard.most() <= 3);
    node.shutdown().await.unwrap();
}

#[service(sharded, shards = 32, workers = 2..=16)]
pub struct Hod {
    yard: Yard,
}

#[rpc]
impl Hod {
    #[rpc(key = "stone")]
    pub async fn rpc_shard(&mut self, cx: &mut Cx<'_, Self>, stone: u64) -> u16 {
        let _ = stone;
        cx.shard().expect("it is one").number()
    }

    #[rpc(key = "stone")]
    pub async fn rpc_block(&mut self, stone: u64) -> u64 {
        let _at_work = self.yard.begin();
        self.yard.wall.stand();
        stone
    }

    /// Numbers of one key, in their order.
    #[rpc(key = "stone")]
    pub async fn rpc_lay(&mut self, stone: u64, number: u64) -> u64 {
        self.yard.comes(stone, number);
        drop(self.yard.begin());
        match number % 7 {
            0 => tokio::task::yield_now().await,
            3 if stone.is_multiple_of(5) && number % 49 == 3 => panic!("a stone has fallen"),
            _ => {}
        }
        number
    }
}

/// Whether it is to grow, or to shrink: as the test says.
#[derive(Clone, Default)]
struct Breath(Arc<AtomicBool>);

impl Breath {
    fn scale(&self) -> Scale {
        let Self(grows) = self.clone();
        let by = Scale::by(move |_: &Reading| match grows.load(Ordering::SeqCst) {
            true => Verdict::grow("in"),
            false => Verdict::shrink("out"),
        });
        by.every(Duration::from_millis(10)).grow(2.0)
    }

    fn set(&self, grows: bool) {
        self.0.store(grows, Ordering::SeqCst);
    }
}

async fn hod(yard: &Yard, breath: &Breath) -> (Node, Pid, HodClient) {
    let yard = yard.clone();
    let hosted = Hosted::with(move || Hod { yard: yard.clone() }).budget(u32::MAX, Duration::ZERO);
    let hosted = hosted.back_off(Duration::ZERO, Duration::ZERO).scale(breath.scale());
    let node = Node::builder().seed(1).service(hosted).start().await.unwrap();
    let pid = node.select::<HodClient>().instances()[0].pid();
    let client = node.client::<HodClient>();
    (node, pid, client)
}

async fn until(node: &Node, pid: Pid, workers: u32) {
    eventually("so many workers", async || (node.workers(pid)?.now == workers).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 20)]
async fn those_that_wait_begin_when_it_grows_and_none_begins_after_it_has_shrunk() {
    let (yard, breath) = (Yard::default(), Breath::default());
    let (node, pid, client) = hod(&yard, &breath).await;
    let stones = one_each(&client, 32).await;
    let calls: Vec<_> = stones
        .into_iter()
        .map(|stone| {
            let client = client.clone();
            tokio::spawn(async move { client.rpc_block(stone).await })
        })
        .collect();
    let at_work = async |workers: usize| {
        eventually("so many at work", async || (yard.at_work.load(Ordering::SeqCst) == workers).then_some(())).await;
    };
    at_work(2).await;
    eventually("the others in line", async || (node.workers(pid)?.queued == 30).then_some(())).await;
    breath.set(true);
    at_work(16).await;
    breath.set(false);
    until(&node, pid, 2).await;
    let counts = node.workers(pid).unwrap();
    assert_eq!((counts.busy, counts.queued), (16, 16), "those at work go on, and the others wait");
    yard.most.store(0, Ordering::SeqCst);
    yard.wall.fall();
    for call in calls {
        within("a call", call).await.unwrap().unwrap();
    }
    assert!(yard.most() <= 2, "{} began beside others after it had shrunk", yard.most());
    node.shutdown().await.unwrap();
}

/// Two threads, both at work: nobody polls the shards that have been given something to do.
#[test]
fn shards_that_no_thread_comes_to_wait_for_a_worker_as_much_as_those_in_line() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let aside = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    aside.block_on(async {
        let (yard, breath) = (Yard::default(), Breath::default());
        let (its, set) = (yard.clone(), breath.clone());
        let (node, pid, client) = threads.spawn(async move { hod(&its, &set).await }).await.unwrap();
        let stones = one_each(&client, 32).await;
        let call = |stone: u64| {
            let client = client.clone();
            async move { client.rpc_block(stone).await }
        };
        let mut calls: Vec<_> = stones[..2].iter().map(|stone| threads.spawn(call(*stone))).collect();
        let both = async || (yard.at_work.load(Ordering::SeqCst) == 2).then_some(());
        eventually("both threads at work", both).await;
        calls.extend(stones[2..].iter().map(|stone| tokio::spawn(call(*stone))));
        let all = async || (node.workers(pid)?.queued == 30).then_some(());
        eventually("all the other shards to wait for a worker", all).await;
        let counts = node.workers(pid).unwrap();
        assert_eq!((counts.now, counts.busy, counts.waiting), (2, 2, 30));
        assert!(counts.oldest.is_some());
        yard.wall.fall();
        for call in calls {
            within("a call", call).await.unwrap().unwrap();
        }
        eventually("nobody to wait", async || (node.workers(pid)?.queued == 0).then_some(())).await;
        threads.spawn(async move { node.shutdown().await }).await.unwrap().unwrap();
    });
}

/// A caller for each of 40 keys, with four calls on their way at a time; shards panic, and it breathes.
async fn breathe(seed: u64) {
    const KEYS: u64 = 40;
    const CALLS: u64 = 60;
    let (yard, breath) = (Yard::default(), Breath::default());
    let (node, pid, client) = hod(&yard, &breath).await;
    let callers: Vec<_> = (0..KEYS)
        .map(|key| {
            let client = client.clone();
            let stone = seed * KEYS + key;
            tokio::spawn(async move {
                let mut panicked = 0;
                for number in (0..CALLS).step_by(4) {
                    // On their way together, and in this order.
                    let sent: Vec<_> =
                        (number..number + 3).map(|number| client.rpc_lay(stone, number).send()).collect();
                    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
                    match client.rpc_lay(stone, number + 3).await {
                        Ok(told) => assert_eq!(told, number + 3),
                        Err(CallError::MaybeExecuted(_)) => panicked += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                panicked
            })
        })
        .collect();
    let breathing = async {
        let mut breaths = 0;
        while !callers.iter().all(tokio::task::JoinHandle::is_finished) {
            breath.set(true);
            until(&node, pid, 16).await;
            breath.set(false);
            until(&node, pid, 2).await;
            breaths += 1;
        }
        breaths
    };
    let breaths = within("all callers", breathing).await;
    let mut panicked = 0;
    for caller in callers {
        panicked += caller.await.unwrap();
    }
    assert!(breaths > 0 && panicked >= KEYS / 5, "{breaths} breaths, {panicked} panics");
    assert_eq!(yard.wrong.load(Ordering::SeqCst), 0, "seed {seed}: a key's calls were out of order");
    let last = yard.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!((last.len() as u64, last.values().min()), (KEYS, Some(&(CALLS - 1))), "seed {seed}: all have come");
    assert!(yard.most() <= 16, "seed {seed}");
    node.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn the_calls_of_a_key_are_in_order_while_it_breathes_and_shards_panic() {
    // Some side by side: a breath takes its time, and little else.
    const BESIDE: u64 = 4;
    for group in 0..scale() {
        futures_util::future::join_all((group * BESIDE..(group + 1) * BESIDE).map(breathe)).await;
        if group % 100 == 99 {
            println!("{} seeds have passed", (group + 1) * BESIDE);
        }
    }
}
