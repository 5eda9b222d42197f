//! Methods that return streams.

#![allow(
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "callable methods are `pub`, tests are not"
)]

use ember::{CallError, Error, StreamError, Unsent, prelude::*, registry::InProcess};
use ember_tests::{
    paper::{NoTopic, Paper, PaperClient, Seen, TicksClient},
    wait::within,
};
use futures_util::StreamExt;
use tokio::sync::watch;

/// A node that calls, one that hosts (the same one, or another), and what the paper sees.
async fn places() -> Vec<(Node, Vec<Node>, Seen)> {
    let (here, there) = (Seen::default(), Seen::default());
    let alone = Node::builder().service(Paper::hosted(&here)).start().await.unwrap();
    let registry = InProcess::default();
    let host =
        Node::builder().name("host").registry(registry.clone()).service(Paper::hosted(&there)).start().await.unwrap();
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

#[tokio::test]
async fn a_reply_that_comes_later_may_be_a_stream() {
    for (node, _hosts, _) in places().await {
        let later: Vec<_> = within("all", node.client::<PaperClient>().rpc_later().await.unwrap().collect()).await;
        assert_eq!(later, [Ok(7)]);
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
    let _source = node("source").service(Paper::hosted(&seen)).start().await.unwrap();
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

/// A node that reads, and one that hosts.
async fn two() -> (Node, Node, Seen) {
    let (seen, registry) = (Seen::default(), InProcess::default());
    let host = Node::builder().registry(registry.clone()).service(Paper::hosted(&seen)).start().await.unwrap();
    let reader = Node::builder().registry(registry).start().await.unwrap();
    within("the paper", reader.wait_for_view(|view| !view.instances().is_empty())).await;
    (host, reader, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_of_the_sender_loses_nothing_that_was_sent() {
    for unread in [false, true] {
        let (host, reader, _) = two().await;
        let paper = reader.client::<PaperClient>();
        let sizes = vec![100_000; 60];
        let mut texts = paper.rpc_kept(sizes.clone()).await.unwrap();
        let read = async {
            for size in sizes {
                assert_eq!(
                    within("a text", texts.next()).await.map(|text| text.map(|text| text.len())),
                    Some(Ok(size))
                );
            }
            assert_eq!(within("the end", texts.next()).await, Some(Err(StreamError::ServiceEnded)));
        };
        if unread {
            // It has room for all there is: what its reader has not taken is no reason to wait.
            within("the shutdown", host.shutdown()).await.unwrap();
            read.await;
        } else {
            let (ended, ()) = tokio::join!(host.shutdown(), read);
            ended.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_hold_each_others_streams_unread_can_shut_down_together() {
    let registry = InProcess::default();
    let seen = Seen::default();
    let node = |name: &str| Node::builder().name(name).registry(registry.clone()).service(Paper::hosted(&seen));
    let (one, two) = (node("one").start().await.unwrap(), node("two").start().await.unwrap());
    within("both", one.wait_for_view(|view| view.instances().len() == 2)).await;
    within("both", two.wait_for_view(|view| view.instances().len() == 2)).await;
    let mut held = Vec::new();
    for (node, other) in [(&one, &two), (&two, &one)] {
        let paper = node.select::<PaperClient>().node(other.key().id).client();
        held.push(paper.rpc_kept(vec![1; 64]).await.unwrap());
        held.push(paper.rpc_kept(vec![1]).await.unwrap());
    }
    let (ended_one, ended_two) = within("both ends", async { tokio::join!(one.shutdown(), two.shutdown()) }).await;
    assert_eq!((ended_one.map_err(|it| it.to_string()), ended_two.map_err(|it| it.to_string())), (Ok(()), Ok(())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_a_later_reply_of_a_node_that_shuts_down_is_read_too() {
    let (host, reader, seen) = two().await;
    let paper = reader.client::<PaperClient>();
    let later = tokio::spawn(async move {
        let numbers = paper.rpc_much_later().await.unwrap();
        numbers.collect::<Vec<_>>().await
    });
    until("the call", &seen.sent, |sent| *sent == 2).await;
    within("the shutdown", host.shutdown()).await.unwrap();
    assert_eq!(within("all", later).await.unwrap(), [Ok(7), Ok(8)]);
}

/// A reader that is slower than an ask for nothing takes to leave, and a sender that sends now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bursts_for_a_slow_reader_come_whole_and_then_the_end() {
    let (_host, reader, _) = two().await;
    let bursts = (0..8).map(|_| async {
        let mut ticks = reader.client::<PaperClient>().rpc_bursts(12).await.unwrap();
        for number in 0..12 {
            // tidy: sleep: it is slow
            tokio::time::sleep(std::time::Duration::from_millis(70)).await;
            assert_eq!(within("a tick", ticks.next()).await, Some(Ok(number)));
        }
        assert_eq!(within("the end", ticks.next()).await, None);
    });
    futures_util::future::join_all(bursts).await;
}

#[tokio::test]
async fn a_shutdown_of_the_reader_ends_its_streams_with_one_error_whenever_they_look() {
    for early in [false, true] {
        let (_host, reader, _) = two().await;
        let mut ticks = reader.client::<TicksClient>().rpc_ticks(0).await.unwrap();
        let closed = Some(Err(StreamError::NodeClosed));
        if early {
            let waits = tokio::spawn(async move { ticks.next().await });
            reader.shutdown().await.unwrap();
            assert_eq!(within("the end", waits).await.unwrap(), closed);
        } else {
            reader.shutdown().await.unwrap();
            assert_eq!(within("the end", ticks.next()).await, closed);
        }
    }
}

#[tokio::test]
async fn an_error_of_a_stream_is_one_of_ember() {
    let error = Error::from(StreamError::ServiceEnded);
    assert!(error.to_string().contains("has ended before its time"), "{error}");
}
