//! Streams between nodes, on a network that loses, cuts and kills.
// tidy: virtual time

use std::time::Duration;

use ember::{
    CallError, NodeBuilder, StreamError,
    prelude::*,
    testing::{Cluster, Sim},
};
use ember_tests::paper::{Paper, PaperClient, Seen, TicksClient};

fn cluster(seed: u64, seen: &Seen) -> Cluster {
    let seen = seen.clone();
    let paper = move |node: NodeBuilder| node.service(Paper::hosted(&seen));
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

/// Says what it reads, until the end.
async fn listen(node: Node, heard: tokio::sync::mpsc::Sender<Result<String, StreamError>>) {
    let mut feed = node.client::<PaperClient>().rpc_feed("ships".into()).await.expect("a feed");
    while let Some(line) = feed.next().await {
        let _ = heard.send(line).await;
    }
}

#[test]
fn what_was_said_before_an_orderly_end_is_heard_and_then_that_the_service_has_ended() {
    for seed in 0..10 {
        let seen = Seen::default();
        cluster(seed, &seen).latency(Duration::from_millis(1)..=Duration::from_millis(20)).run(
            move |sim: Sim| async move {
                sim.settled().await;
                let (tell, mut heard) = tokio::sync::mpsc::channel(8);
                let listens = sim.on("ada", |node| listen(node, tell));
                assert_eq!(heard.recv().await, Some(Ok("about ships".into())));
                let said = sim.on("one", |node: Node| async move {
                    let paper = node.client::<PaperClient>();
                    for line in ["one", "two", "three"] {
                        while paper.rpc_say(line.into()).await.expect("it is there") == 0 {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                    node.shutdown().await
                });
                said.await.expect("it lives").expect("nothing is cut short");
                for line in ["one", "two", "three"] {
                    assert_eq!(heard.recv().await, Some(Ok(line.into())));
                }
                assert_eq!(heard.recv().await, Some(Err(StreamError::ServiceEnded)));
                listens.await.expect("ada lives");
            },
        );
    }
}
