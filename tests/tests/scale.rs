//! Many nodes in one process, and many services on one node: all are seen, nobody's lease is lost beside the writes, and the
//! shutdown is over in time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{
    Error, View,
    prelude::*,
    registry::{
        Context, Etcd, InProcess, Lease, LeaseId, Operation, Registry, RegistryError, Session, Snapshot, Transaction,
        TransactionOutcome, Watch,
    },
};
use ember_tests::{
    cluster::sees,
    etcd_process::EtcdProcess,
    leaf::{Leaf, LeafClient},
    registry::{context, open_ready},
    simulation::scale,
    wait::within,
};
use futures_util::future::{BoxFuture, join_all};
use tokio::time::{Instant, sleep, timeout};

/// A thousand nodes that end at once in a debug build have two processors among them.
const PATIENT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_of_one_process_start_at_once_see_each_other_and_call_each_other() {
    let count = 128 * scale().min(8) as usize;
    let registry = InProcess::default();
    let build = |number| Node::builder().name(format!("node-{number}")).registry(registry.clone()).drain(PATIENT);
    let start = |number| build(number).service(Leaf).start();
    let nodes: Vec<_> = join_all((0..count).map(start)).await.into_iter().map(Result::unwrap).collect();
    let all = |view: &View| view.nodes().len() == count && view.instances().len() == count;
    for node in &nodes {
        within("each node to see all", node.wait_for_view(all)).await;
    }
    // Who calls whom makes a link, and only they have one.
    for (number, node) in nodes.iter().enumerate() {
        let next = &nodes[(number + 1) % count];
        let answer = node.select::<LeafClient>().node(next.key().id).client().rpc_ping().await;
        assert_eq!(answer.unwrap(), 7, "{} calls {}", node.name(), next.name());
    }
    let (last, leaving) = nodes.split_last().unwrap();
    for ended in join_all(leaving.iter().map(Node::shutdown)).await {
        ended.unwrap();
    }
    within("the last one to be alone", last.wait_for_view(|view| view.nodes().len() == 1)).await;
    last.shutdown().await.unwrap();
}

const MANY: usize = 5_000;

/// Whether the entry of a node is still the one that it wrote first: one whose lease was lost is written anew, with another.
async fn born(session: &dyn Session, cluster: &str, node: &Node) -> (i64, Option<LeaseId>) {
    let Snapshot { entries, .. } = session.list(format!("/ember/{cluster}/nodes/")).await.unwrap();
    // The key of a node, as keys of the registry have it.
    let name = node.key().to_string().replace('#', ".");
    let mine = entries.iter().find(|entry| entry.key.ends_with(&name));
    let mine = mine.unwrap_or_else(|| panic!("{name} is not in {entries:?}"));
    (mine.created, mine.lease)
}

/// Five thousand services are registered on one node and seen by another; then it shuts down.
async fn register_many(a: &Node, b: &Node, session: &dyn Session, cluster: &str) {
    let before = born(session, cluster, a).await;
    for _ in 0..MANY {
        a.spawn(Hosted::new(Leaf).register()).await.unwrap();
    }
    sees(a, "leaf", MANY).await;
    let seen = b.wait_for_view(|view| view.instances().len() == MANY);
    timeout(Duration::from_secs(600), seen).await.expect("the other node to see all");
    assert_eq!(born(session, cluster, a).await, before, "the lease has been lost and taken anew");
    a.shutdown().await.unwrap();
    within("their end to be seen", b.wait_for_view(|view| view.instances().is_empty())).await;
    b.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_services_of_one_node_are_seen_and_its_lease_is_kept() {
    let registry = InProcess::default();
    let start =
        |name: &str| Node::builder().name(name).registry(registry.clone()).lease(Duration::from_secs(1)).start();
    let (a, b) = (start("a").await.unwrap(), start("b").await.unwrap());
    let session = open_ready(&registry).await;
    register_many(&a, &b, &*session, "default").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_services_of_one_node_are_seen_and_its_lease_is_kept_with_a_real_etcd() {
    let etcd = EtcdProcess::start();
    let registry = || Etcd::new([etcd.address()]);
    let start = |name: &str| Node::builder().name(name).registry(registry()).lease(Duration::from_secs(2)).start();
    let session = open_ready(&registry()).await;
    let (a, b) = (start("a").await.unwrap(), start("b").await.unwrap());
    register_many(&a, &b, &*session, "default").await;
}

/// An in-process registry that takes its time to write, and does not take what has this text in it, or nothing when it is full.
#[derive(Debug, Clone, Default)]
struct Odd {
    registry: InProcess,
    slow: Duration,
    refuses: Option<&'static str>,
    full: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct OddSession {
    session: Arc<dyn Session>,
    odd: Odd,
}

impl Registry for Odd {
    fn open(&self, context: Context) -> BoxFuture<'_, Result<Arc<dyn Session>, RegistryError>> {
        Box::pin(async move {
            let session = self.registry.open(context).await?;
            Ok(Arc::new(OddSession { session, odd: self.clone() }) as Arc<dyn Session>)
        })
    }

    fn spans_machines(&self) -> bool {
        false
    }
}

impl Session for OddSession {
    fn grant(&self, ttl: Duration) -> BoxFuture<'_, Result<Lease, RegistryError>> {
        self.session.grant(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Result<Lease, RegistryError>> {
        self.session.keep_alive(lease)
    }

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Result<(), RegistryError>> {
        self.session.revoke(lease)
    }

    fn connections(&self) -> u64 {
        self.session.connections()
    }

    fn list(&self, prefix: String) -> BoxFuture<'_, Result<Snapshot, RegistryError>> {
        self.session.list(prefix)
    }

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<TransactionOutcome, RegistryError>> {
        Box::pin(async move {
            // tidy: sleep: a registry that takes its time
            sleep(self.odd.slow).await;
            self.odd.asked.fetch_add(1, Ordering::Relaxed);
            let refused = transaction.then.iter().any(|operation| match operation {
                Operation::Put { value, .. } => {
                    let text = String::from_utf8_lossy(value);
                    self.odd.refuses.is_some_and(|part| text.contains(part))
                }
                Operation::Delete { .. } => false,
            });
            if refused || self.odd.full.load(Ordering::Relaxed) {
                return Err(RegistryError::Rejected("this is too large".into()));
            }
            self.session.commit(transaction).await
        })
    }

    fn watch(&self, prefix: String, from: i64) -> BoxFuture<'_, Result<Watch, RegistryError>> {
        self.session.watch(prefix, from)
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_beside_writes_that_take_many_times_its_life() {
    // Fifty transactions of 1 s each, and a lease of 2 s.
    let registry = Odd { slow: Duration::from_secs(1), ..Odd::default() };
    let start =
        |name: &str| Node::builder().name(name).registry(registry.clone()).lease(Duration::from_secs(2)).start();
    let (a, b) = (start("a").await.unwrap(), start("b").await.unwrap());
    let session = registry.open(context("test")).await.unwrap();
    let started = Instant::now();
    register_many(&a, &b, &*session, "default").await;
    assert!(started.elapsed() >= Duration::from_secs(50), "it was no matter of many leases: {:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_the_registry_rejects_holds_nobody_back_and_is_reported_by_name() {
    let registry = Odd { refuses: Some("\"id\":\"bad"), ..Odd::default() };
    let build = |name: &str| Node::builder().name(name).registry(registry.clone());
    let (a, b) = (build("a").start().await.unwrap(), build("b").start().await.unwrap());
    let started = Instant::now();
    for number in 0..1_000 {
        let id = if number % 100 == 50 { format!("bad-{number}") } else { format!("good-{number}") };
        a.spawn(Hosted::new(Leaf).id(id).register()).await.unwrap();
    }
    sees(&b, "leaf", 990).await;
    assert!(started.elapsed() < Duration::from_secs(1), "they waited: {:?}", started.elapsed());
    // What starts later does not wait for those that are tried again, either.
    a.spawn(Hosted::new(Leaf).id("late").register()).await.unwrap();
    sees(&b, "leaf", 991).await;
    assert!(started.elapsed() < Duration::from_secs(1), "it waited: {:?}", started.elapsed());

    // A node that cannot be written with all that it was built with does not start, and says at once which it is.
    let begun = Instant::now();
    let refused = build("c").service(Hosted::new(Leaf).id("bad-1")).start().await.map(drop);
    let Err(Error::Registry(why)) = refused else { panic!("{refused:?}") };
    let said = why.to_string();
    assert!(said.contains("leaf/bad-1") && said.contains("this is too large"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5), "it waited: {:?}", begun.elapsed());
    // Nothing of it stays in the registry, and the others end in time.
    within("it to be gone", b.wait_for_view(|view| view.nodes().len() == 2)).await;
    let ending = Instant::now();
    a.shutdown().await.unwrap();
    assert!(ending.elapsed() < Duration::from_secs(1), "it waited: {:?}", ending.elapsed());
    b.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_full_is_asked_rarely_and_has_everything_soon_after_it_has_room() {
    let registry = Odd::default();
    let build = |name: &str| Node::builder().name(name).registry(registry.clone());
    let (a, b) = (build("a").start().await.unwrap(), build("b").start().await.unwrap());
    registry.full.store(true, Ordering::Relaxed);
    for _ in 0..300 {
        a.spawn(Hosted::new(Leaf).register()).await.unwrap();
    }
    // tidy: sleep: each is asked for once at first
    sleep(Duration::from_secs(1)).await;
    let first = registry.asked.swap(0, Ordering::Relaxed);
    assert!((300..700).contains(&first), "asked {first} times for 300");
    // tidy: sleep: how often it is asked in a minute is what is tested, on a paused clock
    sleep(Duration::from_secs(60)).await;
    let asked = registry.asked.load(Ordering::Relaxed);
    assert!((10..200).contains(&asked), "asked {asked} times in a minute");
    registry.full.store(false, Ordering::Relaxed);
    let begun = Instant::now();
    sees(&b, "leaf", 300).await;
    assert!(begun.elapsed() < Duration::from_secs(125), "they waited: {:?}", begun.elapsed());
    a.shutdown().await.unwrap();
    b.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hundred_entries_that_the_registry_rejects_hold_up_nothing_that_comes_after_them() {
    let registry = Odd { refuses: Some("\"id\":\"bad"), ..Odd::default() };
    let build = |name: &str| Node::builder().name(name).registry(registry.clone());
    let (a, b) = (build("a").start().await.unwrap(), build("b").start().await.unwrap());
    for number in 0..100 {
        a.spawn(Hosted::new(Leaf).id(format!("bad-{number}")).register()).await.unwrap();
    }
    let mut last = None;
    for number in 1..=4 {
        let begun = Instant::now();
        last = Some(a.spawn(Hosted::new(Leaf).id(format!("good-{number}")).register()).await.unwrap());
        sees(&b, "leaf", number).await;
        assert!(begun.elapsed() < Duration::from_secs(2), "it waited: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    a.stop(last.unwrap());
    sees(&b, "leaf", 3).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "its end waited: {:?}", begun.elapsed());
    a.shutdown().await.unwrap();
    b.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_never_written_is_forgotten_when_it_ends_and_what_was_is_asked_for_ever_more_rarely() {
    let registry = Odd::default();
    let build = |name: &str| Node::builder().name(name).registry(registry.clone());
    let (a, b) = (build("a").start().await.unwrap(), build("b").start().await.unwrap());
    let mut written = Vec::new();
    for _ in 0..20 {
        written.push(a.spawn(Hosted::new(Leaf).register()).await.unwrap());
    }
    sees(&b, "leaf", 20).await;
    registry.full.store(true, Ordering::Relaxed);
    let end = async |services: Vec<Pid>| {
        for pid in services {
            assert!(a.stop(pid));
        }
        sees(&a, "leaf", 0).await;
        // tidy: sleep: what is asked for later is what is tested, on a paused clock
        sleep(Duration::from_secs(240)).await;
        registry.asked.swap(0, Ordering::Relaxed)
    };
    // A change that is refused again and again, as services come and go for hours, has the others asked for no more often.
    end(written).await;
    for _ in 0..10 {
        let pid = a.spawn(Hosted::new(Leaf).register()).await.unwrap();
        end(vec![pid]).await;
    }
    // tidy: sleep: how often it is asked in an hour is what is tested, on a paused clock
    sleep(Duration::from_secs(3_600)).await;
    let asked = registry.asked.swap(0, Ordering::Relaxed);
    // Twenty deletions a minute at most, and none of what never was there.
    assert!((60..=1_300).contains(&asked), "asked {asked} times in an hour");
    registry.full.store(false, Ordering::Relaxed);
    let gone = b.wait_for_view(|view| view.instances().is_empty());
    timeout(PATIENT, gone).await.expect("their deletions to be taken");
    // tidy: sleep: the last refusal may have been a moment ago, on a paused clock
    sleep(Duration::from_secs(120)).await;
    registry.asked.store(0, Ordering::Relaxed);
    // tidy: sleep: that nothing is left to ask for is what is tested, on a paused clock
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(registry.asked.load(Ordering::Relaxed), 0, "something is left in the book");
    a.shutdown().await.unwrap();
    b.shutdown().await.unwrap();
}
