//! Events that come in one batch: for their subscribers it is as if each had come by itself.
// tidy: virtual time

use std::sync::atomic::{AtomicUsize, Ordering};

use ember::{
    Missed, NodeBuilder, OnPanic, Schema, UnconfirmedReason,
    prelude::*,
    schema::{Shape, Types},
    testing::{Cluster, Sim},
};
use ember_tests::log::Log;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::{sleep, timeout};

use super::listeners::{ms, until};

/// A number that knows how many there are where it has been read.
pub struct Kept(u64, bool);

static KEPT: AtomicUsize = AtomicUsize::new(0);

impl Drop for Kept {
    fn drop(&mut self) {
        if self.1 {
            KEPT.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        KEPT.fetch_add(1, Ordering::Relaxed);
        Ok(Self(u64::deserialize(from)?, true))
    }
}

impl Schema for Kept {
    fn shape(types: &mut Types) -> Shape {
        u64::shape(types)
    }
}

#[message(event)]
pub struct Bale(Kept);

#[message(event)]
pub struct Step(u64);

/// What a walker does at a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Goes,
    /// It rests at every second one.
    Rests,
    /// It falls at the third.
    Falls,
}

#[service]
pub struct Walker {
    log: Log,
    way: Way,
}

impl Walker {
    fn hosted(log: &Log, way: Way) -> Hosted<Self> {
        let log = log.clone();
        Hosted::with(move || Self { log: log.clone(), way }).back_off(ms(1), ms(1))
    }
}

#[rpc]
impl Walker {
    #[on(event)]
    async fn step(&mut self, cx: &mut Cx<'_, Self>, event: &Step) {
        assert_eq!(cx.event().map(|source| source.number), Some(event.0));
        if self.way == Way::Falls && event.0 == 3 {
            self.log.say("falls");
            panic!("at the third step");
        }
        if self.way == Way::Rests && event.0.is_multiple_of(2) {
            sleep(ms(10)).await;
        }
        self.log.say(event.0.to_string());
    }

    #[on(event)]
    fn bale(&mut self, event: &Bale) {
        self.log.say(format!("bale {}", event.0.0));
    }

    #[on(missed)]
    fn gap(&mut self, missed: &Missed) {
        self.log.say(format!("{:?} {:?}", missed.count, missed.why));
    }

    #[rpc(priority = "system")]
    pub fn rpc_now(&mut self) {
        self.log.say("now");
    }

    pub async fn rpc_rest(&mut self) {
        sleep(ms(1_000)).await;
    }
}

/// One that is there with its shadow, which hears of the same steps.
#[service]
pub struct Pair {
    log: Log,
    #[module]
    shadow: Module<Shadow>,
}

#[module(parent = Pair)]
#[derive(Default)]
pub struct Shadow;

#[rpc]
impl Pair {
    #[on(event)]
    fn step(&mut self, event: &Step) {
        self.log.say(event.0.to_string());
    }
}

#[rpc]
impl Shadow {
    #[on(event)]
    fn step(&mut self, cx: &mut Cx<'_, Self>, event: &Step) {
        cx.parent().log.say(format!("shadow {}", event.0));
    }
}

/// Some who walk beside each other.
#[service(concurrent, workers = 2)]
pub struct Group(Log);

#[rpc]
impl Group {
    #[on(event)]
    async fn step(&self, event: &Step) {
        sleep(ms(10)).await;
        self.0.say(event.0.to_string());
    }
}

/// Some who carry one bale after the other.
#[service(concurrent, workers = 1)]
pub struct Bearers(Log);

#[rpc]
impl Bearers {
    #[on(event)]
    async fn step(&self, _event: &Step) {}

    #[on(event)]
    async fn bale(&self, event: &Bale) {
        self.0.say(format!("bale {}", event.0.0));
    }

    #[on(missed)]
    async fn gap(&self, missed: &Missed) {
        self.0.say(format!("{:?} {:?}", missed.count, missed.why));
    }

    pub async fn rpc_rest(&self) {
        sleep(ms(1_000)).await;
    }
}

/// Some who walk by themselves.
#[service(sharded, shards = 3)]
pub struct Scattered(Log, u16);

impl Sharded for Scattered {
    type Shared = Log;

    fn new(shard: Shard, log: &Log) -> Self {
        Self(log.clone(), shard.number())
    }
}

#[rpc]
impl Scattered {
    #[on(event)]
    async fn step(&mut self, event: &Step) {
        if event.0 % 2 == u64::from(self.1 % 2) {
            sleep(ms(10)).await;
        }
        self.0.say(format!("{} of {}", event.0, self.1));
    }
}

/// Runs with ada, who publishes, and bob, who has `hosted`.
fn run(hosted: impl Fn(NodeBuilder) -> NodeBuilder + 'static, body: impl AsyncFnOnce(Sim) + 'static) {
    let cluster = Cluster::seed(5).limit(ms(60_000)).node("ada", |node| node).node("bob", hosted);
    cluster.run(move |sim| async move {
        let knows = sim.on("ada", async |node: Node| {
            let knows = async {
                while node.event_reach::<Step>(Scope::Cluster).nodes() == 0 {
                    sleep(ms(5)).await;
                }
            };
            timeout(ms(20_000), knows).await.is_ok()
        });
        assert!(knows.await.unwrap());
        body(sim).await;
    });
}

/// Publishes the steps up to `last` at once, so that they go in one batch; how many batches there were until all had been taken, or were missed.
async fn walk(sim: &Sim, last: u64) {
    let batches = sim.on("ada", async move |node: Node| {
        let receipts: Vec<_> = (1..=last).map(|step| node.publish_to(Scope::Cluster, Step(step))).collect();
        for receipt in receipts {
            let _is_full = receipt.confirmed().await;
        }
        node.event_counts().batches
    });
    assert_eq!(batches.await.unwrap(), 1, "they come together");
}

fn lines(steps: impl IntoIterator<Item = u64>) -> Vec<String> {
    steps.into_iter().map(|step| step.to_string()).collect()
}

#[test]
fn a_mailbox_takes_those_for_which_it_has_room_and_the_others_are_missed_behind_them() {
    let log = Log::default();
    let hosted = log.clone();
    run(
        move |node| node.service(Walker::hosted(&hosted, Way::Goes).mailbox(5)),
        async move |sim| {
            let rests = sim.on("bob", async |node: Node| node.client::<WalkerClient>().rpc_rest().send().is_ok());
            assert!(rests.await.unwrap());
            let outcomes = sim.on("ada", async |node: Node| {
                let receipts: Vec<_> = (1..=12).map(|step| node.publish_to(Scope::Cluster, Step(step))).collect();
                let mut outcomes = Vec::new();
                for receipt in receipts {
                    let full = receipt
                        .confirmed()
                        .await
                        .map_err(|error| error.nodes.iter().all(|(_, why)| *why == UnconfirmedReason::MailboxFull(1)));
                    outcomes.push(full.map(drop));
                }
                outcomes
            });
            let expected: Vec<_> = (1..=12).map(|step| if step <= 5 { Ok(()) } else { Err(true) }).collect();
            assert_eq!(outcomes.await.unwrap(), expected);
            assert!(log.lines().is_empty(), "it rests");
            until("the end of its rest", || log.lines().len() == 6).await;
            assert_eq!(log.lines(), ["1", "2", "3", "4", "5", "Some(7) MailboxFull"]);
            let counts = sim.on("bob", async |node: Node| node.event_counts()).await.unwrap();
            assert_eq!((counts.received, counts.missed), (12, 7));
        },
    );
}

#[test]
fn what_a_mailbox_has_no_room_for_is_not_kept() {
    let log = Log::default();
    let hosted = log.clone();
    let walker = move |node: NodeBuilder| node.service(Walker::hosted(&hosted, Way::Goes).mailbox(2));
    nine_bales(walker, |node| node.client::<WalkerClient>().rpc_rest().send().is_ok(), &log);

    let log = Log::default();
    let hosted = log.clone();
    let bearers = move |node: NodeBuilder| node.service(Hosted::new(Bearers(hosted.clone())).mailbox(2));
    nine_bales(bearers, |node| node.client::<BearersClient>().rpc_rest().send().is_ok(), &log);
}

/// Nine come while somebody rests who has room for two.
fn nine_bales(host: impl Fn(NodeBuilder) -> NodeBuilder + 'static, rest: fn(Node) -> bool, log: &Log) {
    let log = log.clone();
    run(host, async move |sim| {
        let rests = sim.on("bob", async move |node: Node| rest(node));
        assert!(rests.await.unwrap());
        let published = sim.on("ada", async |node: Node| {
            let bale = |number| node.publish_to(Scope::Cluster, Bale(Kept(number, false)));
            let receipts: Vec<_> = (1..=9).map(bale).collect();
            for receipt in receipts {
                let _is_full = receipt.confirmed().await;
            }
        });
        published.await.unwrap();
        assert_eq!(KEPT.load(Ordering::Relaxed), 2, "those that wait");
        until("the end of the rest", || log.lines().len() == 3).await;
        assert_eq!(KEPT.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn a_panic_ends_one_of_them_and_the_others_wait_for_what_becomes_of_the_service() {
    for on_panic in [OnPanic::Resume, OnPanic::Restart] {
        let log = Log::default();
        let hosted = log.clone();
        run(
            move |node| node.service(Walker::hosted(&hosted, Way::Falls).on_panic(on_panic)),
            async move |sim| {
                walk(&sim, 6).await;
                until("the rest", || log.lines().len() == 6).await;
                assert_eq!(log.lines(), ["1", "2", "falls", "4", "5", "6"], "{on_panic:?}");
            },
        );
    }
}

#[test]
fn what_is_more_urgent_goes_between_them() {
    let log = Log::default();
    let hosted = log.clone();
    run(
        move |node| node.service(Walker::hosted(&hosted, Way::Rests)),
        async move |sim| {
            walk(&sim, 9).await;
            until("the third", || log.lines().len() == 3).await;
            let now = sim.on("bob", async |node: Node| node.client::<WalkerClient>().rpc_now().await.is_ok());
            assert!(now.await.unwrap());
            until("all", || log.lines().len() == 10).await;
            assert_eq!(log.lines(), ["1", "2", "3", "4", "now", "5", "6", "7", "8", "9"]);
        },
    );
}

#[test]
fn a_service_that_ends_amid_them_has_those_that_wait() {
    let log = Log::default();
    let hosted = log.clone();
    run(
        move |node| node.service(Walker::hosted(&hosted, Way::Rests)),
        async move |sim| {
            walk(&sim, 9).await;
            until("the third", || log.lines().len() == 3).await;
            sim.shutdown("bob").await.unwrap();
            assert_eq!(log.lines(), lines(1..=9));
        },
    );
}

#[test]
fn a_service_with_two_handlers_has_each_in_both_before_the_next() {
    let log = Log::default();
    let hosted = log.clone();
    run(
        move |node| node.service(Pair { log: hosted.clone(), shadow: Module::default() }),
        async move |sim| {
            walk(&sim, 3).await;
            until("all", || log.lines().len() == 6).await;
            let mut each = log.lines();
            each.chunks_mut(2).for_each(<[_]>::sort);
            assert_eq!(each, ["1", "shadow 1", "2", "shadow 2", "3", "shadow 3"]);
        },
    );
}

#[test]
fn workers_take_them_one_by_one_and_each_shard_has_all_in_their_order() {
    let (log, scattered) = (Log::default(), Log::default());
    let (hosted, shards) = (log.clone(), scattered.clone());
    run(
        move |node| node.service(Group(hosted.clone())).service(Hosted::<Scattered>::sharded(shards.clone())),
        async move |sim| {
            walk(&sim, 6).await;
            until("all", || log.lines().len() == 6 && scattered.lines().len() == 18).await;
            // Two at a time.
            let mut each = log.lines();
            each.chunks_mut(2).for_each(<[_]>::sort);
            assert_eq!(each, lines(1..=6));
            for shard in 0..3 {
                let own = format!(" of {shard}");
                let steps: Vec<_> =
                    scattered.lines().iter().filter_map(|it| it.strip_suffix(&own).map(str::to_owned)).collect();
                assert_eq!(steps, lines(1..=6), "of {shard}");
            }
        },
    );
}
