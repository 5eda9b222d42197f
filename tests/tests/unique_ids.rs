//! Unique ids: no two nodes of a cluster make one twice, and each node's ascend: over kills, restarts, clocks that jump, and a registry
//! that is away or has lost its data. In the simulation; and with nodes in one process what costs real time.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ember::{
    Error, NoUniqueId, UniqueIds,
    prelude::*,
    registry::{InProcess, Session},
    testing::{Cluster, Registry, Sim},
};
use ember_tests::registry::open;

const NODES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// All that were made, by node and run, in the order in which they were.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<BTreeMap<String, Vec<u64>>>>);

impl Made {
    fn add(&self, run: &str, ids: impl IntoIterator<Item = UniqueId>) {
        let mut made = self.0.lock().unwrap();
        made.entry(run.to_owned()).or_default().extend(ids.into_iter().map(UniqueId::number));
    }

    /// How many there are: none twice, and those of each run in order.
    #[track_caller]
    fn check(&self) -> usize {
        let made = self.0.lock().unwrap();
        for (run, ids) in made.iter() {
            let back = ids.windows(2).find(|two| two[0] >= two[1]);
            assert_eq!(back, None, "{run} went back");
        }
        let mut all: Vec<_> = made.values().flatten().copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "an id came twice");
        count
    }
}

fn eight(seed: u64) -> Cluster {
    NODES
        .iter()
        .fold(Cluster::seed(seed).tick(Duration::from_millis(5)), |cluster, name| cluster.node(name, |node| node))
}

/// Has a node make ids, a few in each of `rounds`, until it is killed. It begins at once.
fn make(sim: &Sim, node: &str, made: &Made, rounds: usize, each: usize) -> impl Future<Output = ()> + use<> {
    make_every(Duration::from_millis(20), sim, node, made, rounds, each)
}

fn make_every(
    pause: Duration,
    sim: &Sim,
    node: &str,
    made: &Made,
    rounds: usize,
    each: usize,
) -> impl Future<Output = ()> + use<> {
    let (made, name) = (made.clone(), node.to_owned());
    let work = sim.on(node, async move |node| {
        let (run, ids) = (format!("{name} as {}, every {pause:?}", node.key()), node.unique_ids());
        for _ in 0..rounds {
            for _ in 0..each {
                // Away for a while, perhaps: asking again is safe.
                if let Ok(id) = ids.next().await {
                    made.add(&run, [id]);
                }
            }
            tokio::time::sleep(pause).await; // tidy: sleep: virtual time in which ids are made
        }
    });
    async move { drop(work.await) }
}

/// So many, or more in a soak test.
fn seeds(first: u64, count: u64) -> std::ops::Range<u64> {
    let scale = std::env::var("EMBER_TEST_SCALE").ok().and_then(|scale| scale.parse::<u64>().ok()).unwrap_or(1);
    first..first + count * scale
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await; // tidy: sleep: virtual time in which ids are made
}

#[test]
fn a_million_on_eight_nodes_over_kills_restarts_outages_and_clocks_that_jump() {
    let made = Made::default();
    let seen = made.clone();
    eight(1).run(async move |sim| {
        for name in NODES {
            drop(make(&sim, name, &made, 8, 12_500));
        }
        pass(Duration::from_secs(1)).await;
        // One after the other: back an hour, ahead an hour, back a little and killed, twice started, its lease gone, cut off.
        sim.set_clock("a", -3_600_000);
        sim.set_clock("b", 3_600_000);
        sim.set_clock("c", -10_000);
        sim.kill("c").await;
        sim.kill("d").await;
        sim.expire_lease("e");
        sim.partition("f", "registry");
        for name in ["c", "d"] {
            sim.start(name).await.unwrap();
        }
        for name in NODES {
            drop(make(&sim, name, &made, 100, 200));
        }
        pass(Duration::from_secs(9)).await;
        sim.heal("f", "registry");
        sim.registry_down();
        sim.set_clock("b", 0);
        pass(Duration::from_secs(9)).await;
        sim.registry_up(Registry::Kept);
        for name in ["b", "g"] {
            sim.restart(name).await.unwrap();
        }
        let all: Vec<_> = NODES.iter().map(|name| make(&sim, name, &made, 100, 200)).collect();
        futures_util::future::join_all(all).await;
    });
    assert!(seen.check() > 1_000_000);
}

#[test]
fn an_emptied_registry_makes_no_id_come_twice() {
    for seed in seeds(10, 1) {
        let made = Made::default();
        let seen = made.clone();
        eight(seed).run(async move |sim| {
            // As clocks are: right by a few seconds.
            for (name, skew) in NODES.into_iter().zip([4_000, 4_000, 0, 1_500, -2_000, 300, -100, 3_000]) {
                sim.set_clock(name, skew);
                drop(make(&sim, name, &made, 10_000, 5));
            }
            // One that was ahead of its clock since it took its slot is not any more: the registry has not lost its data just before.
            pass(Duration::from_secs(37)).await;
            for round in 0..2 {
                // Some cannot say what they had: they are gone, or not heard.
                let (killed, cut) = (NODES[round], NODES[round + 4]);
                let each_millisecond = Duration::from_millis(1);
                drop(make_every(each_millisecond, &sim, killed, &made, 4_000, 2));
                pass(Duration::from_secs(4)).await;
                sim.partition(cut, "registry");
                sim.kill(killed).await;
                sim.registry_down();
                pass(Duration::from_millis(500)).await;
                sim.registry_up(Registry::Empty);
                // It has been here before, as its clock says: nothing but what it reserves now keeps it from the ids that it has made.
                sim.set_clock(killed, -4_000);
                sim.start(killed).await.unwrap();
                drop(make(&sim, killed, &made, 10_000, 5));
                drop(make_every(each_millisecond, &sim, killed, &made, 8_000, 2));
                pass(Duration::from_secs(8)).await;
                sim.heal(cut, "registry");
                pass(Duration::from_secs(24)).await;
            }
        });
        println!("seed {seed}");
        assert!(seen.check() > 50_000);
    }
}

#[test]
fn ids_go_on_without_the_registry_until_the_lease_ends_and_then_say_so() {
    eight(3).run(async |sim| {
        let asked = sim.on("a", async |node| node.unique_id().await).await.unwrap().unwrap();
        sim.registry_down();
        pass(Duration::from_secs(2)).await;
        let (on, after) = sim
            .on("a", async |node| {
                let on = node.unique_id().await;
                pass(Duration::from_secs(4)).await;
                let asked = tokio::time::Instant::now();
                let error = node.unique_id().await;
                (on, (error, asked.elapsed()))
            })
            .await
            .unwrap();
        assert!(on.unwrap() > asked);
        assert!(matches!(after.0, Err(Error::UniqueId(NoUniqueId::Away(_)))), "{:?}", after.0);
        assert!(after.1 <= Duration::from_secs(6), "it hung for {:?}", after.1);
        // One that has never had a slot does not hang either.
        let first = sim.on("b", async |node| node.unique_id().await).await.unwrap();
        assert!(matches!(first, Err(Error::UniqueId(NoUniqueId::Away(_)))), "{first:?}");
        sim.registry_up(Registry::Kept);
        sim.settled().await;
        for name in ["a", "b"] {
            assert!(sim.on(name, async |node| node.unique_id().await).await.unwrap().unwrap() > asked);
        }
    });
}

#[test]
fn a_node_that_is_shut_down_makes_no_more_and_its_slot_goes_on_where_it_ended() {
    eight(4).run(async |sim| {
        // In a new cluster ids are ahead of the clock, and a slot far ahead is not taken again.
        sim.on("b", async |node| node.unique_id().await).await.unwrap().unwrap();
        pass(Duration::from_secs(40)).await;
        let last = sim.on("a", async |node| node.unique_id().await).await.unwrap().unwrap();
        let kept: Arc<Mutex<Option<UniqueIds>>> = Arc::default();
        let keep = Arc::clone(&kept);
        sim.on("a", async move |node| *keep.lock().unwrap() = Some(node.unique_ids())).await.unwrap();
        sim.restart("a").await.unwrap();
        let ids = kept.lock().unwrap().take().unwrap();
        assert!(matches!(ids.try_next(), Err(Error::Closed)));
        assert!(matches!(ids.next().await, Err(Error::Closed)));
        let next = sim.on("a", async |node| node.unique_id().await).await.unwrap().unwrap();
        assert!(next > last && next.slot() == last.slot());
        // It was given back: nothing that was reserved is skipped.
        let apart = next.time().duration_since(last.time()).unwrap();
        assert!(apart < Duration::from_secs(10), "{apart:?}");
    });
}

#[test]
fn an_id_is_ready_until_none_was_made_for_ten_minutes() {
    Cluster::seed(6).tick(Duration::from_millis(50)).node("a", |node| node).run(async |sim| {
        let ids = sim.on("a", async |node| node.unique_ids()).await.unwrap();
        let mut last = ids.next().await.unwrap();
        for minutes in [1, 3] {
            pass(Duration::from_secs(60 * minutes)).await;
            let id = ids.try_next().unwrap();
            assert!(id > last);
            last = id;
        }
        pass(Duration::from_secs(60 * 11)).await;
        assert!(matches!(ids.try_next(), Err(Error::UniqueId(NoUniqueId::NotYet))));
        assert!(ids.next().await.unwrap() > last);
        ids.try_next().unwrap();
    });
}

#[service]
#[derive(Default)]
pub struct Shop {
    ids: Option<UniqueIds>,
}

#[rpc]
impl Shop {
    pub async fn rpc_order(&mut self, cx: &mut Cx<'_, Self>) -> Result<UniqueId, String> {
        let id = cx.unique_id().await.map_err(|error| error.to_string())?;
        let again = self.ids.get_or_insert_with(|| cx.unique_ids()).try_next();
        (again.map_err(|error| error.to_string())? > id).then_some(id).ok_or_else(|| "it went back".into())
    }
}

async fn slots(session: &dyn Session) -> Vec<String> {
    let entries = session.list("/ember/default/slots/".into()).await.unwrap().entries;
    entries.into_iter().map(|entry| entry.key).collect()
}

#[tokio::test]
async fn a_slot_is_taken_when_the_first_id_is_asked_for_and_an_id_travels() {
    let registry = InProcess::default();
    let session = open(&registry).await;
    let start = || Node::builder().registry(registry.clone()).lease(Duration::from_secs(60));
    let (here, there) = tokio::join!(start().start(), start().service(Shop::default()).start());
    let (here, there) = (here.unwrap(), there.unwrap());
    here.wait_for_view(|view| view.instances().len() == 1).await;
    assert_eq!(slots(&*session).await, Vec::<String>::new());
    let asked = here.unique_ids();
    assert!(matches!(asked.try_next(), Err(Error::UniqueId(NoUniqueId::NotYet))));
    let own = asked.next().await.unwrap();
    let ordered = here.client::<ShopClient>().rpc_order().await.unwrap();
    assert_ne!(own.slot(), ordered.slot());
    let mut expected: Vec<_> = [own, ordered].map(|id| format!("/ember/default/slots/{:04}", id.slot())).into();
    expected.sort_unstable();
    expected.push("/ember/default/slots/begin".into());
    assert_eq!(slots(&*session).await, expected);
    // Nobody had a slot before: it may be ahead of the clock.
    #[allow(clippy::disallowed_methods, reason = "it is compared with the wall clock, from which it is")]
    let now = SystemTime::now();
    let ahead = own.time().duration_since(now).unwrap_or_default();
    assert!(ahead <= Duration::from_secs(36), "{ahead:?}");
    here.shutdown().await.unwrap();
    there.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_of_a_node_share_its_slot_and_outrun_the_clock_without_a_repeat() {
    let node = Node::builder().start().await.unwrap();
    let made = Made::default();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (ids, made) = (node.unique_ids(), made.clone());
            tokio::spawn(async move {
                let mut own = Vec::new();
                for _ in 0..100_000 {
                    own.push(ids.next().await.unwrap());
                }
                made.add(&thread.to_string(), own);
            })
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
    assert_eq!(made.check(), 400_000);
    node.shutdown().await.unwrap();
    assert!(matches!(node.unique_id().await, Err(Error::Closed)));
}

#[test]
fn a_runtime_that_has_ended_is_said_to_be_that() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let node = runtime.block_on(async { Node::builder().start().await.unwrap() });
    drop(runtime);
    let asked = futures_util::FutureExt::now_or_never(node.unique_id());
    assert!(matches!(asked, Some(Err(Error::RuntimeEnded))), "{asked:?}");
}

#[test]
fn a_clock_that_was_set_back_by_a_year_says_so_when_what_was_reserved_is_used_up() {
    Cluster::seed(5).node("a", |node| node).run(async |sim| {
        sim.on("a", async |node| node.unique_id().await).await.unwrap().unwrap();
        // The first begin 35 s ahead of the clock: nearly at the end of what is reserved.
        sim.set_clock("a", 39_700);
        sim.on("a", async |node| node.unique_id().await).await.unwrap().unwrap();
        sim.set_clock("a", -365 * 24 * 3_600_000);
        let (made, error) = sim
            .on("a", async |node| {
                let ids = node.unique_ids();
                let mut made = 0_usize;
                let mut last = ids.next().await.unwrap();
                loop {
                    match ids.try_next() {
                        Ok(id) => {
                            assert!(id > last);
                            (made, last) = (made + 1, id);
                        }
                        Err(_) => return (made, ids.next().await.unwrap_err()),
                    }
                }
            })
            .await
            .unwrap();
        assert!(made >= 400_000, "{made}");
        assert!(matches!(error, Error::UniqueId(NoUniqueId::Ahead { .. })), "{error}");
        // Started again it has another slot.
        sim.restart("a").await.unwrap();
        sim.on("a", async |node| node.unique_id().await).await.unwrap().unwrap();
    });
}

#[test]
fn a_clock_beyond_the_time_of_ids_says_so_at_once_and_reserves_nothing() {
    const HUNDRED_YEARS: i64 = 100 * 365 * 24 * 3_600_000;
    let late = |asked: Result<UniqueId, Error>| matches!(asked, Err(Error::UniqueId(NoUniqueId::ClockTooLate)));
    Cluster::seed(6).node("a", |node| node).node("b", |node| node).run(async move |sim| {
        let ask = async |node: &str| sim.on(node, async |node| node.unique_id().await).await.unwrap();
        let first = ask("a").await.unwrap();
        for node in ["a", "b"] {
            sim.set_clock(node, HUNDRED_YEARS);
            let begun = tokio::time::Instant::now();
            // `a` has a slot, `b` has none.
            let asked = ask(node).await;
            assert!(asked.as_ref().is_err_and(|error| error.to_string().contains("2095")), "{node}: {asked:?}");
            assert!(late(asked), "{node}");
            assert!(begun.elapsed() < Duration::from_secs(2), "{node}: after {:?}", begun.elapsed());
        }
        // Whoever looks after the slots has had the time to reserve what would be beyond all ids.
        // tidy: sleep: virtual time
        tokio::time::sleep(Duration::from_secs(20)).await;
        for node in ["a", "b"] {
            sim.set_clock(node, 0);
        }
        let (second, other) = (ask("a").await.unwrap(), ask("b").await.unwrap());
        assert!(second > first && second.slot() == first.slot(), "{first} {second}");
        let apart = |id: UniqueId| id.time().duration_since(first.time()).unwrap_or_default();
        assert!(
            apart(second) < Duration::from_secs(120) && apart(other) < Duration::from_secs(120),
            "{second} {other}"
        );
        // Killed, `a` has its slot again: that is not reserved to the end of all time.
        sim.kill("a").await;
        sim.start("a").await.unwrap();
        assert!(apart(ask("a").await.unwrap()) < Duration::from_secs(120));
    });
}
