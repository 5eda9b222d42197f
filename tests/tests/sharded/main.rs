//! Sharded services: so many states, each exclusive, each for some of the keys.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

pub mod judged;
pub mod one_word;
pub mod scaling;
pub mod whole;
pub mod workers;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ember::{CallError, Error, Instance, RefusedReason, ServiceState, prelude::*, serde_json::json};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    gate::Gate,
    wait::within,
};

const SHARDS: usize = 8;

/// What the shards of one service have in common in a test.
#[derive(Clone, Default)]
pub struct Seen {
    gate: Gate,
    started: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
}

#[rpc]
pub trait Tallies {
    #[rpc(key = "player")]
    async fn rpc_count(&self, player: u64) -> (Pid, u64);
}

#[service(sharded, shards = 8, implements(Tallies))]
pub struct Tally {
    seen: Seen,
    of: BTreeMap<u64, u64>,
}

#[rpc]
impl Tallies for Tally {
    async fn rpc_count(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> (Pid, u64) {
        self.rpc_add(cx, player).await
    }
}

#[rpc]
impl Tally {
    #[on(started)]
    async fn begin(&mut self) {
        self.seen.started.fetch_add(1, Ordering::SeqCst);
    }

    #[on(stop)]
    async fn end(&mut self) {
        self.seen.stopped.fetch_add(1, Ordering::SeqCst);
    }

    #[rpc(key = "player")]
    pub async fn rpc_wait(&mut self, player: u64) -> u64 {
        self.seen.gate.pass().await;
        player
    }

    /// Asks the shard of another player, and waits for it.
    #[rpc(key = "player")]
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, player: u64, of: u64) -> Result<(Pid, u64), String> {
        let _ = player;
        cx.client::<TallyClient>().rpc_add(of).await.map_err(|error| error.to_string())
    }

    #[rpc(key = "player")]
    pub async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> (Pid, u64) {
        let of = self.of.entry(player).or_default();
        *of += 1;
        (cx.pid(), *of)
    }

    /// The same without waiting: the callback runs in the shard that asked.
    #[rpc(key = "player")]
    pub async fn rpc_ask_later(&mut self, cx: &mut Cx<'_, Self>, player: u64, of: u64) -> Deferred<(Pid, Pid)> {
        let (later, replier) = cx.defer();
        let _ = player;
        cx.client::<TallyClient>().rpc_add(of).then(cx, move |_, cx, there| {
            replier.reply((cx.pid(), there.expect("it was added").0));
        });
        later
    }

    #[rpc(key = "player")]
    pub async fn rpc_panic(&mut self, player: u64) {
        panic!("because of {player}");
    }

    /// Its shard goes.
    #[rpc(key = "player")]
    pub async fn rpc_leave(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> u64 {
        cx.stop();
        player
    }
}

fn tally(seen: &Seen) -> Hosted<Tally> {
    let seen = seen.clone();
    Hosted::with(move || Tally { seen: seen.clone(), of: BTreeMap::new() })
}

async fn start(seen: &Seen) -> Node {
    Node::builder().seed(1).service(tally(seen)).start().await.unwrap()
}

fn front(node: &Node) -> Arc<Instance> {
    node.select::<TallyClient>().instances().into_iter().next().expect("the service")
}

/// Two players of one shard, and one of another.
async fn players(node: &Node) -> [u64; 3] {
    let client = node.client::<TallyClient>();
    let mut by_shard = BTreeMap::<Pid, Vec<u64>>::new();
    for player in 100..200 {
        by_shard.entry(client.rpc_add(player).await.unwrap().0).or_default().push(player);
    }
    let mut shards = by_shard.into_values().filter(|players| players.len() > 1);
    let (one, other) = (shards.next().unwrap(), shards.next().unwrap());
    [one[0], one[1], other[0]]
}

#[tokio::test]
async fn each_key_has_its_state_from_every_node_by_every_way_and_all_shards_are_used() {
    let (cluster, seen) = (Cluster::default(), Seen::default());
    let here = cluster.node("here").service(tally(&seen)).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Tally", 1).await;
    assert_eq!(here.select::<TallyClient>().instances().len(), 1, "one service, whatever its shards");
    let mut used = BTreeSet::new();
    for player in 0..128 {
        let (shard, first) = here.client::<TallyClient>().rpc_add(player).await.unwrap();
        let again = there.client::<TalliesClient>().rpc_count(player).await.unwrap();
        let by_name = there.call("Tally", "Tallies.rpc_count", json!([player])).await.unwrap();
        let own = here.local::<Tally>().rpc_add(player).await.unwrap();
        assert_eq!((first, again, &by_name[1], own), (1, (shard, 2), &json!(3), (shard, 4)));
        used.insert(shard);
    }
    assert_eq!(used.len(), SHARDS);
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
    let ran = [&seen.started, &seen.stopped].map(|count| count.load(Ordering::SeqCst));
    assert_eq!(ran, [SHARDS; 2], "the hooks of each shard");
}

#[tokio::test]
async fn a_shard_that_waits_keeps_its_own_keys_waiting_and_no_others() {
    let seen = Seen::default();
    let node = start(&seen).await;
    let [one, sibling, other] = players(&node).await;
    let client = node.client::<TallyClient>();
    let waits = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_wait(one).await }
    });
    seen.gate.reached().await;
    assert_eq!(client.rpc_add(other).await.unwrap().1, 2);
    let behind = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_add(sibling).await }
    });
    assert_eq!(client.rpc_add(other).await.unwrap().1, 3);
    assert!(!behind.is_finished());
    seen.gate.open();
    assert_eq!((waits.await.unwrap(), behind.await.unwrap().unwrap().1), (Ok(one), 2));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shard_asks_another_and_itself_is_a_cycle_that_is_said_at_once() {
    let (cluster, seen) = (Cluster::default(), Seen::default());
    let here = cluster.node("here").service(tally(&seen)).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Tally", 1).await;
    let [one, sibling, other] = players(&here).await;
    for node in [&here, &there] {
        let client = node.client::<TallyClient>();
        assert!(client.rpc_ask(one, other).await.is_ok());
        let Err(CallError::App(cycle)) = client.rpc_ask(one, sibling).await else { panic!("it would wait for itself") };
        assert!(cycle.contains("Tally.rpc_ask → Tally.rpc_add"), "{cycle}");
        let (asked, told) = client.rpc_ask_later(one, other).await.unwrap();
        assert_eq!((asked, told), (client.rpc_add(one).await.unwrap().0, client.rpc_add(other).await.unwrap().0));
        assert_eq!(client.rpc_ask_later(one, sibling).await.unwrap(), (asked, asked), "not awaited, it is no cycle");
    }
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_panic_costs_the_keys_of_its_shard_their_state_and_no_others() {
    let seen = Seen::default();
    let node = start(&seen).await;
    let [one, sibling, other] = players(&node).await;
    let client = node.client::<TallyClient>();
    assert!(matches!(client.rpc_panic(one).await, Err(CallError::MaybeExecuted(_))));
    // It waits for the shard to be started again.
    assert_eq!((client.rpc_add(sibling).await.unwrap().1, client.rpc_add(other).await.unwrap().1), (1, 2));
    assert_eq!(front(&node).state(), ServiceState::Running);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_whole_is_paused_counted_and_stopped_as_one() {
    let seen = Seen::default();
    let node = start(&seen).await;
    let (client, pid) = (node.client::<TallyClient>(), front(&node).pid());
    for player in 0..32 {
        client.rpc_add(player).await.unwrap();
    }
    let counts = node.call_counts(pid).unwrap();
    assert_eq!(counts.short + counts.queued, 32 + SHARDS as u64, "with `started` of each");
    assert!(node.pause(pid));
    assert_eq!(front(&node).state(), ServiceState::Paused);
    for player in 0..32 {
        assert_eq!(refused(client.rpc_add(player).await), RefusedReason::Paused);
    }
    assert!(node.resume(pid));
    client.rpc_add(1).await.unwrap();
    assert!(node.stop(pid));
    within("all shards to stop", async {
        node.wait_for_view(|view| view.instances().is_empty()).await;
    })
    .await;
    assert_eq!(seen.stopped.load(Ordering::SeqCst), SHARDS);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_sharded_service_is_made_by_a_function() {
    let made = Tally { seen: Seen::default(), of: BTreeMap::new() };
    let Err(Error::Configuration(why)) = Node::builder().service(made).start().await else { panic!("it started") };
    assert!(why.contains("each of its 8 shards has a state of its own") && why.contains("service_with"), "{why}");
}

/// What the shards of the hall share.
pub struct Map {
    made: AtomicUsize,
}

#[service(sharded, shards = 5)]
pub struct Hall {
    number: u16,
    map: usize,
}

impl Sharded for Hall {
    type Shared = Map;

    fn new(shard: Shard, map: &Map) -> Self {
        Self { number: shard.number(), map: map.made.fetch_add(1, Ordering::SeqCst) }
    }
}

#[rpc]
impl Hall {
    /// Of how many it is which, and how many were made before it.
    #[rpc(key = "player")]
    pub async fn rpc_where(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> (u64, u16, u16, usize) {
        let shard = cx.shard().expect("it is one");
        assert_eq!((shard.number(), u64::from(shard.number())), (self.number, cx.key().unwrap() % 5));
        (player, shard.number(), shard.of(), self.map)
    }

    #[rpc(key = "player")]
    pub async fn rpc_whole(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> Pid {
        let _ = player;
        cx.shard().expect("it is one").service()
    }

    #[rpc(key = "player")]
    pub async fn rpc_panic(&mut self, player: u64) {
        panic!("because of {player}");
    }
}

#[service]
pub struct Whole;

#[rpc]
impl Whole {
    pub async fn rpc_shard(&mut self, cx: &mut Cx<'_, Self>) -> bool {
        cx.shard().is_some()
    }
}

#[tokio::test]
async fn shards_are_told_which_they_are_and_share_what_they_are_given() {
    let shared = Map { made: AtomicUsize::new(0) };
    let node = Node::builder().service(Hosted::<Hall>::sharded(shared)).service(Whole).start().await.unwrap();
    let client = node.client::<HallClient>();
    let mut made = BTreeMap::new();
    for player in 0..40 {
        let (_, number, of, map) = client.rpc_where(player).await.unwrap();
        assert_eq!((of, *made.entry(number).or_insert(map)), (5, map));
    }
    assert_eq!(made.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(made.values().collect::<BTreeSet<_>>().len(), 5);
    assert!(client.rpc_panic(1).await.is_err());
    assert_eq!(client.rpc_where(1).await.unwrap().3, 5, "made anew, of the same");
    assert!(!node.client::<WholeClient>().rpc_shard().await.unwrap());
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_shard_whose_restarts_are_used_up_takes_the_whole_with_it() {
    let seen = Seen::default();
    let hosted = tally(&seen).budget(0, std::time::Duration::from_secs(60));
    let node = Node::builder().seed(1).service(hosted).start().await.unwrap();
    let [one, _, other] = players(&node).await;
    let client = node.client::<TallyClient>();
    assert!(client.rpc_panic(one).await.is_err());
    let failed = node.wait_for_view(|view| view.instances().iter().any(|it| it.state() == ServiceState::Failed));
    within("the whole to fail", failed).await;
    assert!(matches!(client.rpc_add(other).await, Err(CallError::NotExecuted(_))));
    assert_eq!(seen.stopped.load(Ordering::SeqCst), SHARDS - 1, "the others stop in order");
    assert_eq!(node.services(), [], "none of its shards is left");
    node.shutdown().await.unwrap();
}

#[module]
#[derive(Default)]
pub struct Bag;

#[rpc]
impl Bag {
    #[rpc(key = "player")]
    pub async fn rpc_shard(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> (u64, Option<u16>) {
        (player, cx.shard().map(Shard::number))
    }
}

#[module]
#[derive(Default)]
pub struct Chest;

#[rpc]
impl Chest {
    pub async fn rpc_open(&mut self) {}
}

#[service(sharded, shards = 3)]
#[derive(Default)]
pub struct Player {
    #[module]
    bag: Module<Bag>,
}

#[service(sharded, shards = 3)]
#[derive(Default)]
pub struct Keeper {
    #[module]
    chest: Module<Chest>,
}

#[tokio::test]
async fn modules_are_in_each_shard_and_their_methods_name_keys_too() {
    let node = Node::builder().start().await.unwrap();
    let pid = node.spawn(Hosted::with(Player::default)).await.unwrap();
    let bag = node.select::<PlayerClient>().pid(pid).client().bag();
    let mut used = BTreeSet::new();
    for player in 0..30 {
        let (_, shard) = bag.rpc_shard(player).await.unwrap();
        used.insert(shard.expect("it is in one"));
    }
    assert_eq!(used.len(), 3);
    let Err(error) = node.spawn(Hosted::with(Keeper::default)).await else { panic!("it started") };
    assert!(error.to_string().contains("`chest.rpc_open` names no key, and `Keeper`"), "{error}");
    assert!(node.stop(pid));
    node.shutdown().await.unwrap();
}
