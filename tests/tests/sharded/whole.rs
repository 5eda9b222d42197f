//! The whole and its shards: what one of them does to all, and who may call one past the whole.

use std::sync::Mutex;

use ember::View;
use ember_tests::{logged::Logged, wait::PATIENCE};
use futures_util::future;

use super::*;

#[tokio::test]
async fn one_shard_that_stops_takes_the_whole_with_it() {
    for by_pid in [false, true] {
        let seen = Seen::default();
        let node = start(&seen).await;
        let [one, _, other] = players(&node).await;
        let client = node.client::<TallyClient>();
        if by_pid {
            let (shard, _) = client.rpc_add(one).await.unwrap();
            assert!(node.stop(shard));
        } else {
            assert_eq!(client.rpc_leave(one).await.unwrap(), one);
        }
        within("the whole to end", node.wait_for_view(|view| view.instances().is_empty())).await;
        assert_eq!(seen.stopped.load(Ordering::SeqCst), SHARDS, "all of them in order");
        assert!(matches!(refused(client.rpc_add(other).await), RefusedReason::NoTarget(_)));
        assert_eq!(node.services(), []);
        node.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_shard_refuses_keys_that_are_not_its_own_whoever_has_its_pid() {
    let (cluster, seen) = (Cluster::default(), Seen::default());
    let here = cluster.node("here").service(tally(&seen)).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Tally", 1).await;
    let [one, sibling, other] = players(&here).await;
    let (shard, _) = here.client::<TallyClient>().rpc_add(one).await.unwrap();
    for (node, hears) in [(&here, true), (&there, false)] {
        let past = node.select::<TallyClient>().pid(shard).client();
        assert_eq!(past.rpc_add(sibling).await.unwrap().0, shard);
        let RefusedReason::NoTarget(why) = refused(past.rpc_add(other).await) else { panic!("another reason") };
        assert!(why.contains(&format!("call the whole service, {}", front(&here).pid())), "{why}");
        assert_eq!(past.rpc_add(other).send().is_err(), hears, "it does not run, and who is here hears of it");
    }
    let (_, count) = there.client::<TallyClient>().rpc_add(other).await.unwrap();
    assert_eq!(count, 2, "its first was when players were looked for");
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_node_that_ends_in_good_order_says_of_no_shard_that_it_has_ended() {
    let logged = Logged::here();
    let node = Node::builder().service(tally(&Seen::default())).start().await.unwrap();
    node.client::<TallyClient>().rpc_add(1).await.unwrap();
    node.shutdown().await.unwrap();
    assert_eq!(logged.lines(), Vec::<String>::new());
}

/// Its shards ask a service of another node, which asks back for whom it is told.
#[service(sharded, shards = 4)]
pub struct Ring {
    gate: Gate,
}

#[rpc]
impl Ring {
    #[rpc(key = "player")]
    pub async fn rpc_shard(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> Pid {
        let _ = player;
        cx.pid()
    }

    #[rpc(key = "player")]
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>, player: u64, of: u64) -> Result<String, String> {
        let _ = player;
        self.gate.pass().await;
        let asked = cx.client::<EchoClient>().rpc_back(of).timeout(2 * PATIENCE).await;
        asked.map_err(|error| error.to_string())
    }
}

#[service]
pub struct Echo;

#[rpc]
impl Echo {
    pub async fn rpc_back(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> String {
        format!("{:?}", cx.client::<RingClient>().rpc_shard(player).timeout(2 * PATIENCE).await)
    }
}

/// What is told to a shard that asks, of a call that comes back for `of`.
async fn told((client, gate): (RingClient, &Gate), of: u64, meanwhile: impl Future<Output = ()>) -> String {
    let asks = tokio::spawn(async move { client.rpc_ask(0, of).timeout(2 * PATIENCE).await });
    gate.reached().await;
    meanwhile.await;
    gate.open();
    within("an answer, long before the time of the call is over", asks).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_call_that_comes_back_from_another_node_is_a_cycle_and_waits_for_nobody_while_the_whole_retires() {
    let (cluster, gate) = (Cluster::default(), Gate::default());
    let ring = {
        let gate = gate.clone();
        move || Ring { gate: gate.clone() }
    };
    let here = cluster.node("here").service_with(ring).start().await.unwrap();
    let there = cluster.node("there").service(Echo).start().await.unwrap();
    sees(&here, "Echo", 1).await;
    sees(&there, "Ring", 1).await;
    let (ring, mut others) = (here.client::<RingClient>(), 1..);
    let shard = ring.rpc_shard(0).await.unwrap();
    let other = loop {
        let player = others.next().unwrap();
        if ring.rpc_shard(player).await.unwrap() != shard {
            break player;
        }
    };
    let past = here.select::<RingClient>().pid(shard).client();
    for (client, of, says) in [
        (ring.clone(), 0, "Ring.rpc_ask → Echo.rpc_back → Ring.rpc_shard"),
        (past, 0, "Ring.rpc_ask → Echo.rpc_back → Ring.rpc_shard"),
        (ring.clone(), other, "Ok("),
    ] {
        let told = told((client, &gate), of, async {}).await;
        assert!(told.contains(says), "{told}");
    }
    let told = told((ring.clone(), &gate), other, async {
        assert!(here.stop(here.select::<RingClient>().instances()[0].pid()));
        let retires = |view: &View| view.instances().iter().any(|it| it.state() == ServiceState::Retiring);
        within("the other node to see that it retires", there.wait_for_view(retires)).await;
    })
    .await;
    assert!(told.contains("it is retiring"), "{told}");
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_type_is_listed_by_its_wholes_and_a_shard_knows_its_own() {
    let node =
        Node::builder().service(Hosted::<Hall>::sharded(Map { made: AtomicUsize::new(0) })).start().await.unwrap();
    let unlisted = node.spawn(Hosted::<Hall>::sharded(Map { made: AtomicUsize::new(0) }).id("annex")).await.unwrap();
    let pids: Vec<_> = node.list::<Hall>().iter().map(|it| (it.pid(), it.identity().id.clone())).collect();
    let named = node.select::<HallClient>().instances().remove(0);
    assert_eq!(pids, [(named.pid(), named.identity().id.clone()), (unlisted, "annex".into())]);
    for pid in [named.pid(), unlisted] {
        assert_eq!(node.select::<HallClient>().pid(pid).client().rpc_whole(3).await.unwrap(), pid);
    }
    node.shutdown().await.unwrap();
}

/// One shard does not start, and another takes its time to end.
#[service(sharded, shards = 3)]
pub struct Brittle {
    shard: u16,
    gate: Gate,
}

impl Sharded for Brittle {
    type Shared = Gate;

    fn new(shard: Shard, gate: &Gate) -> Self {
        Self { shard: shard.number(), gate: gate.clone() }
    }
}

#[rpc]
impl Brittle {
    #[on(start)]
    async fn begin(&mut self) -> ember::Result<()> {
        match self.shard {
            1 => Err(Error::other("there is no disk")),
            _ => Ok(()),
        }
    }

    #[on(stop)]
    async fn end(&mut self) {
        self.gate.pass().await;
    }

    #[rpc(key = "player")]
    pub async fn rpc_none(&mut self, player: u64) -> u64 {
        player
    }
}

#[tokio::test]
async fn a_start_that_fails_is_told_when_all_of_it_has_ended() {
    let gate = Gate::default();
    let node = Node::builder().start().await.unwrap();
    let spawn = |gate: &Gate| node.spawn(Hosted::<Brittle>::sharded(gate.clone()).id("one").register());
    let mut first = std::pin::pin!(spawn(&gate));
    tokio::select! {
        told = &mut first => panic!("told while a shard is there: {told:?}"),
        () = gate.reached() => {}
    }
    let Err(taken) = spawn(&gate).await else { panic!("two of one id") };
    assert!(taken.to_string().contains("already runs a service"), "{taken}");
    for _of_both_starts in 0..4 {
        gate.open();
    }
    for told in [first.await, spawn(&gate).await] {
        assert!(told.unwrap_err().to_string().contains("there is no disk"));
    }
    assert_eq!(node.services(), []);
    node.shutdown().await.unwrap();
}

/// Has as many shards as there can be.
#[service(sharded, shards = 65535)]
#[derive(Default)]
pub struct Vast;

#[rpc]
impl Vast {
    #[rpc(key = "player")]
    pub async fn rpc_where(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> (u64, u16) {
        (player, cx.shard().unwrap().number())
    }
}

#[tokio::test]
async fn there_can_be_as_many_shards_as_a_number_of_two_bytes_says() {
    let node = Node::builder().service_with(Vast::default).start().await.unwrap();
    let mut used = BTreeSet::new();
    for player in 0..100 {
        used.insert(node.client::<VastClient>().rpc_where(player).await.unwrap().1);
    }
    assert!(used.len() > 90, "{}", used.len());
    node.shutdown().await.unwrap();
}

/// Writes down what comes.
#[service(sharded, shards = 4)]
pub struct Log {
    all: Arc<Mutex<BTreeMap<u64, Vec<u64>>>>,
}

#[rpc]
impl Log {
    #[rpc(key = "player")]
    pub async fn rpc_note(&mut self, player: u64, number: u64) {
        if number.is_multiple_of(7) {
            tokio::task::yield_now().await;
        }
        self.all.lock().unwrap().entry(player).or_default().push(number);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_sent_without_waiting_is_in_order_for_each_key_and_none_is_lost() {
    let all = Arc::<Mutex<BTreeMap<u64, Vec<u64>>>>::default();
    let (cluster, log) = (Cluster::default(), Arc::clone(&all));
    let here = cluster.node("here").service_with(move || Log { all: Arc::clone(&log) }).start().await.unwrap();
    let there = cluster.node("there").start().await.unwrap();
    sees(&there, "Log", 1).await;
    let senders = [(&here, 0..10_u64), (&there, 10..20)].map(|(node, players)| {
        let client = node.client::<LogClient>();
        tokio::spawn(async move {
            for number in 0..100 {
                for player in players.clone() {
                    client.rpc_note(player, number).send().unwrap();
                }
            }
            // Behind all that was sent.
            future::join_all(players.map(|player| client.rpc_note(player, 100))).await
        })
    });
    for sender in senders {
        let last = within("a sender", sender).await.unwrap();
        assert!(last.iter().all(Result::is_ok), "{last:?}");
    }
    let all = std::mem::take(&mut *all.lock().unwrap());
    assert_eq!(all.len(), 20);
    for (player, numbers) in all {
        assert!(numbers.iter().copied().eq(0..=100), "player {player}: {numbers:?}");
    }
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}
