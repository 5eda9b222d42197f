//! Methods that return streams.
// tidy: virtual time

#![allow(
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "callable methods are `pub`, tests are not"
)]

use std::time::Duration;

use ember::{
    CallError, NodeBuilder, StreamError, Unsent,
    prelude::*,
    registry::InProcess,
    testing::{Cluster, Sim},
};
use ember_tests::wait::within;
use futures_util::StreamExt;
use tokio::sync::watch;

#[message]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no such topic")]
struct NoTopic;

/// What a contract may say.
#[rpc]
trait Ticks {
    async fn rpc_ticks(&self, count: u64) -> Streaming<u64>;
}

/// How many senders of a paper are open, and how far the present one is.
#[derive(Default, Clone, Debug)]
struct Seen {
    open: watch::Sender<usize>,
    sent: watch::Sender<u64>,
}

#[service(implements(Ticks))]
#[derive(Default)]
struct Paper {
    kept: Vec<StreamSender<String>>,
    seen: Seen,
}

#[rpc]
impl Ticks for Paper {
    async fn rpc_ticks(&mut self, cx: &mut Cx<'_, Self>, count: u64) -> Streaming<u64> {
        let (tx, ticks) = cx.streaming(8);
        let seen = self.seen.clone();
        seen.open.send_modify(|open| *open += 1);
        tokio::spawn(async move {
            for number in 0..count {
                if tx.send(number).await.is_err() {
                    break;
                }
                seen.sent.send_replace(number + 1);
            }
            if count == 0 {
                tx.closed().await;
            }
            drop(tx);
            seen.open.send_modify(|open| *open -= 1);
        });
        ticks
    }
}

#[rpc]
impl Paper {
    /// Keeps the sender.
    pub async fn rpc_feed(&mut self, cx: &mut Cx<'_, Self>, topic: String) -> Result<Streaming<String>, NoTopic> {
        if topic.is_empty() {
            return Err(NoTopic);
        }
        let (tx, lines) = cx.streaming(4);
        tx.try_send(format!("about {topic}")).unwrap();
        self.kept.push(tx);
        Ok(lines)
    }

    #[rpc(codec = "json")]
    pub fn rpc_json(&mut self, cx: &mut Cx<'_, Self>, sizes: Vec<usize>) -> Streaming<String> {
        let (tx, texts) = cx.streaming(100);
        sizes.into_iter().for_each(|size| tx.try_send("x".repeat(size)).unwrap());
        texts
    }

    pub async fn rpc_say(&mut self, line: String) -> u32 {
        self.kept.retain(|tx| !tx.is_closed());
        self.kept.iter().filter(|tx| tx.try_send(line.clone()).is_ok()).count() as u32
    }

    pub async fn rpc_end(&mut self) {
        self.kept.clear();
    }

    pub async fn rpc_stop(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }

    pub async fn rpc_panic(&mut self) {
        let _taken = std::mem::take(&mut self.kept);
        panic!("on purpose");
    }

    pub async fn rpc_panic_with_state(&mut self) {
        panic!("on purpose");
    }
}

/// A node that calls, one that hosts (the same one, or another), and what the paper sees.
async fn places() -> Vec<(Node, Vec<Node>, Seen)> {
    let (here, there) = (Seen::default(), Seen::default());
    let paper = |seen: &Seen| {
        let seen = seen.clone();
        Hosted::with(move || Paper { kept: Vec::new(), seen: seen.clone() })
    };
    let alone = Node::builder().service(paper(&here)).start().await.unwrap();
    let registry = InProcess::default();
    let host = Node::builder().name("host").registry(registry.clone()).service(paper(&there)).start().await.unwrap();
    let caller = Node::builder().name("caller").registry(registry).start().await.unwrap();
    within("the paper", caller.wait_for_view(|view| !view.instances().is_empty())).await;
    vec![(alone, vec![], here), (caller, vec![host], there)]
}

async fn until<T: PartialEq + Send + Sync>(what: &str, of: &watch::Sender<T>, wanted: impl FnMut(&T) -> bool) {
    within(what, of.subscribe().wait_for(wanted)).await.unwrap();
}

#[tokio::test]
async fn items_come_in_order_and_then_the_end() {
    for (node, _hosts, _) in places().await {
        let paper = node.client::<PaperClient>();
        let mut ticks = node.client::<TicksClient>().rpc_ticks(1_000).await.unwrap();
        for number in 0..1_000 {
            assert_eq!(within("a tick", ticks.next()).await, Some(Ok(number)));
        }
        assert_eq!(within("the end", ticks.next()).await, None);
        assert_eq!(ticks.next().await, None);
        let all: Vec<_> = within("all", paper.rpc_json(vec![1, 100_000, 2, 70_000]).await.unwrap().collect()).await;
        let sizes: Vec<_> = all.into_iter().map(|text: Result<String, _>| text.unwrap().len()).collect();
        assert_eq!(sizes, [1, 100_000, 2, 70_000]);
    }
}

#[tokio::test]
async fn the_service_is_free_while_it_streams_and_a_sender_that_is_dropped_ends_the_stream() {
    for (node, _hosts, _) in places().await {
        let paper = node.client::<PaperClient>();
        assert!(matches!(paper.rpc_feed(String::new()).await, Err(CallError::App(NoTopic))));
        let mut feed = paper.rpc_feed("ships".into()).await.unwrap();
        let mut other = paper.rpc_feed("tea".into()).await.unwrap();
        assert_eq!(within("a line", feed.next()).await, Some(Ok("about ships".into())));
        assert_eq!(paper.rpc_say("hello".into()).await, Ok(2));
        assert_eq!(within("a line", feed.next()).await, Some(Ok("hello".into())));
        paper.rpc_end().await.unwrap();
        assert_eq!(within("the end", feed.next()).await, None);
        assert_eq!(within("a line", other.next()).await, Some(Ok("about tea".into())));
        assert_eq!(within("a line", other.next()).await, Some(Ok("hello".into())));
        assert_eq!(within("the end", other.next()).await, None);
    }
}

#[tokio::test]
async fn no_more_than_so_many_items_are_ahead_of_a_slow_reader() {
    for (node, _hosts, seen) in places().await {
        let mut ticks = node.client::<TicksClient>().rpc_ticks(100).await.unwrap();
        until("eight of them", &seen.sent, |sent| *sent == 8).await;
        for number in 0..100 {
            assert!(*seen.sent.borrow() <= number + 8);
            assert_eq!(within("a tick", ticks.next()).await, Some(Ok(number)));
        }
        assert_eq!(within("the end", ticks.next()).await, None);
    }
}

#[tokio::test]
async fn a_reader_that_is_dropped_ends_the_stream_at_its_sender() {
    for (node, _hosts, seen) in places().await {
        let client = node.client::<TicksClient>();
        let waits = client.rpc_ticks(0).await.unwrap();
        let mut sends = client.rpc_ticks(1_000_000).await.unwrap();
        assert_eq!(within("a tick", sends.next()).await, Some(Ok(0)));
        until("two streams", &seen.open, |open| *open == 2).await;
        drop((waits, sends));
        until("no stream", &seen.open, |open| *open == 0).await;
        // Nobody takes it: it need not wait for its time to be over.
        let mut opened = seen.open.subscribe();
        opened.mark_unchanged();
        client.rpc_ticks(0).send().unwrap();
        within("a stream", opened.changed()).await.unwrap();
        until("no stream", &seen.open, |open| *open == 0).await;
    }
}

#[tokio::test]
async fn what_ends_the_service_ends_its_streams_with_an_error_that_says_so() {
    for (node, _hosts, seen) in places().await {
        let (paper, ticks) = (node.client::<PaperClient>(), node.client::<TicksClient>());
        let mut feed = paper.rpc_feed("ships".into()).await.unwrap();
        let mut elsewhere = ticks.rpc_ticks(0).await.unwrap();
        paper.rpc_panic().await.unwrap_err();
        assert_eq!(within("a line", feed.next()).await, Some(Ok("about ships".into())));
        assert_eq!(within("the end", feed.next()).await, Some(Err(StreamError::Panicked)));
        assert_eq!(feed.next().await, None);
        // It was started again since.
        assert_eq!(within("the end", elsewhere.next()).await, Some(Err(StreamError::ServiceEnded)));
        until("its sender", &seen.open, |open| *open == 0).await;

        let mut feed = paper.rpc_feed("ships".into()).await.unwrap();
        paper.rpc_panic_with_state().await.unwrap_err();
        assert_eq!(within("a line", feed.next()).await, Some(Ok("about ships".into())));
        assert_eq!(within("the end", feed.next()).await, Some(Err(StreamError::ServiceEnded)));

        let (mut feed, mut ticks) = (paper.rpc_feed("ships".into()).await.unwrap(), ticks.rpc_ticks(0).await.unwrap());
        let pid = node.view().instances()[0].pid();
        assert!([&node].into_iter().chain(&_hosts).any(|node| node.stop(pid)));
        assert_eq!(within("a line", feed.next()).await, Some(Ok("about ships".into())));
        assert_eq!(within("the end", feed.next()).await, Some(Err(StreamError::ServiceEnded)));
        assert_eq!(within("the end", ticks.next()).await, Some(Err(StreamError::ServiceEnded)));
    }
}

#[tokio::test]
async fn a_node_that_is_dropped_ends_its_streams_with_an_error() {
    for (node, hosts, _) in places().await {
        let mut feed = node.client::<PaperClient>().rpc_feed("ships".into()).await.unwrap();
        assert_eq!(within("a line", feed.next()).await, Some(Ok("about ships".into())));
        if hosts.is_empty() {
            drop(node)
        } else {
            drop(hosts)
        }
        assert!(matches!(within("the end", feed.next()).await, Some(Err(_))));
        assert_eq!(feed.next().await, None);
    }
}

#[tokio::test]
async fn a_thousand_streams_are_given_back() {
    for (node, _hosts, seen) in places().await {
        let client = node.client::<TicksClient>();
        let mut all = Vec::new();
        for number in 0..1_000 {
            let mut ticks = client.rpc_ticks(1_000_000).await.unwrap();
            if number % 2 == 0 {
                assert_eq!(within("a tick", ticks.next()).await, Some(Ok(0)));
            }
            all.push(ticks);
        }
        assert_eq!(*seen.open.borrow(), 1_000);
        drop(all);
        until("no stream", &seen.open, |open| *open == 0).await;
    }
}

#[tokio::test]
async fn a_call_by_name_says_that_it_cannot_read_a_stream_and_a_call_to_all_gets_one_of_each() {
    for (node, _hosts, _) in places().await {
        let error = node.call("Paper", "Ticks.rpc_ticks", ember::serde_json::json!([3])).await.unwrap_err();
        assert!(error.to_string().contains("it returns a stream"), "{error}");
        let all = node.select::<TicksClient>().all().rpc_ticks(2).await;
        assert_eq!(all.len(), 1);
        for (_, ticks) in all {
            let ticks: Vec<_> = within("all", ticks.unwrap().collect()).await;
            assert_eq!(ticks, [Ok(0), Ok(1)]);
        }
    }
}

/// Hands on what another streams.
#[service]
struct Relay;

#[rpc]
impl Relay {
    pub async fn rpc_again(&mut self, cx: &mut Cx<'_, Self>, count: u64) -> Streaming<u64> {
        cx.client::<TicksClient>().rpc_ticks(count).await.unwrap()
    }
}

#[tokio::test]
async fn a_stream_that_came_from_another_can_be_handed_on() {
    for (node, _hosts, seen) in places().await {
        node.spawn(Hosted::new(Relay).register()).await.unwrap();
        let mut again = node.client::<RelayClient>().rpc_again(20).await.unwrap();
        for number in 0..20 {
            assert_eq!(within("a tick", again.next()).await, Some(Ok(number)));
        }
        assert_eq!(within("the end", again.next()).await, None);
        until("no stream", &seen.open, |open| *open == 0).await;
    }
}

#[tokio::test]
async fn a_stream_that_is_handed_on_to_a_third_node_loses_nothing() {
    let registry = InProcess::default();
    let node = |name: &str| Node::builder().name(name).registry(registry.clone());
    let seen = Seen::default();
    let _source = node("source").service(Paper { kept: Vec::new(), seen }).start().await.unwrap();
    let _relay = node("relay").service(Relay).start().await.unwrap();
    let reader = node("reader").start().await.unwrap();
    within("both", reader.wait_for_view(|view| view.instances().len() == 2)).await;
    let mut again = reader.client::<RelayClient>().rpc_again(400).await.unwrap();
    for number in 0..400 {
        assert_eq!(within("a tick", again.next()).await, Some(Ok(number)));
    }
    assert_eq!(within("the end", again.next()).await, None);
}

#[test]
fn what_could_not_be_sent_comes_back() {
    assert_eq!(Unsent::Full(7).into_item(), 7);
    assert!(Unsent::Closed(7).to_string().contains("nobody reads"));
}

fn cluster(seed: u64, seen: &Seen) -> Cluster {
    let seen = seen.clone();
    let paper = move |node: NodeBuilder| {
        let seen = seen.clone();
        node.service(Hosted::with(move || Paper { kept: Vec::new(), seen: seen.clone() }))
    };
    Cluster::seed(seed).node("ada", |node| node).node("one", paper)
}

/// Reads a stream to its end.
async fn read(node: Node, count: u64) -> (Vec<u64>, Option<StreamError>) {
    let mut ticks = node.client::<TicksClient>().rpc_ticks(count).await.expect("a stream");
    let mut all = Vec::new();
    loop {
        match ticks.next().await {
            Some(Ok(number)) => all.push(number),
            Some(Err(error)) => return (all, Some(error)),
            None => return (all, None),
        }
    }
}

#[test]
fn a_stream_that_nobody_comes_for_ends_when_its_time_is_over() {
    let seen = Seen::default();
    cluster(0, &seen).latency(Duration::from_millis(20)..=Duration::from_millis(20)).run(move |sim: Sim| async move {
        sim.settled().await;
        // The caller gives up while the answer is on its way.
        let gives_up = sim.on("ada", |node: Node| async move {
            let client = node.client::<TicksClient>();
            drop(client.rpc_ticks(1).await.expect("a stream"));
            client.rpc_ticks(0).timeout(Duration::from_millis(35)).await.map(drop)
        });
        assert!(matches!(gives_up.await.expect("ada lives"), Err(CallError::MaybeExecuted(_))));
        let gone = tokio::time::timeout(Duration::from_secs(60), async {
            seen.open.subscribe().wait_for(|open| *open == 0).await.map(drop)
        });
        gone.await.expect("its end").unwrap();
    });
}

fn in_order(numbers: &[u64]) -> bool {
    numbers.iter().copied().eq(0..numbers.len() as u64)
}

#[test]
fn order_is_kept_and_nothing_is_lost_or_comes_twice_whatever_the_network_does() {
    for seed in 0..5 {
        let seen = Seen::default();
        cluster(seed, &seen).loss(0.05).latency(Duration::from_millis(1)..=Duration::from_millis(20)).run(
            move |sim: Sim| async move {
                sim.settled().await;
                let (all, error) = sim.on("ada", |node| read(node, 500)).await.expect("ada lives");
                // A link that broke in the middle says so.
                assert!(in_order(&all) && (error.is_some() || all.len() == 500), "{} {error:?}", all.len());
            },
        );
    }
}

#[test]
fn a_callee_that_is_killed_and_a_link_that_is_cut_end_a_stream_with_an_error() {
    for seed in 0..4 {
        let seen = Seen::default();
        cluster(seed, &seen).run(move |sim: Sim| async move {
            sim.settled().await;
            let reads = sim.on("ada", |node| read(node, 1_000_000_000));
            seen.sent.subscribe().wait_for(|sent| *sent > 20).await.unwrap();
            if seed % 2 == 0 {
                sim.kill("one").await
            } else {
                sim.partition("ada", "one")
            }
            let (all, error) = reads.await.expect("ada lives");
            assert!(in_order(&all) && matches!(error, Some(StreamError::Lost(_))), "{} {error:?}", all.len());
        });
    }
}

#[test]
fn a_reader_that_is_killed_or_cut_off_ends_the_stream_at_its_sender() {
    for seed in 0..4 {
        let seen = Seen::default();
        cluster(seed, &seen).run(move |sim: Sim| async move {
            sim.settled().await;
            // It is read, or waits for ever for the first item.
            let count = if seed < 2 { 1_000_000_000 } else { 0 };
            let _reads = sim.on("ada", move |node| read(node, count));
            seen.open.subscribe().wait_for(|open| *open == 1).await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
            if seed % 2 == 0 {
                sim.kill("ada").await
            } else {
                sim.partition("ada", "one")
            }
            let gone = tokio::time::timeout(Duration::from_secs(10), async {
                seen.open.subscribe().wait_for(|open| *open == 0).await.map(drop)
            });
            gone.await.expect("its end").unwrap();
        });
    }
}

#[test]
fn a_reader_that_takes_nothing_for_minutes_keeps_its_stream() {
    let seen = Seen::default();
    cluster(0, &seen).limit(Duration::from_secs(900)).run(move |sim: Sim| async move {
        sim.settled().await;
        let reads = sim.on("ada", |node: Node| async move {
            let mut ticks = node.client::<TicksClient>().rpc_ticks(50).await.expect("a stream");
            tokio::time::sleep(Duration::from_secs(300)).await;
            for number in 0..50 {
                assert_eq!(ticks.next().await, Some(Ok(number)));
            }
            assert_eq!(ticks.next().await, None);
        });
        reads.await.expect("ada lives");
        assert_eq!(*seen.open.borrow(), 0);
    });
}
