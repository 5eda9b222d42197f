//! Who dials, who accepts, and which link stays.

use super::support::*;
use crate::transport::protocol::LinkConfig;

#[tokio::test]
async fn two_nodes_that_dial_each_other_at_once_keep_one_link() {
    for round in 0..50 {
        let memory = Memory::default();
        let a = memory.node(key(1, 1), LinkConfig::default()).await;
        let b = memory.node(key(2, 1), LinkConfig::default()).await;
        let (to_b, to_a) =
            soon("both links", async { tokio::join!(a.links.ready(&b.peer), b.links.ready(&a.peer)) }).await;
        assert_eq!((to_b, to_a), (Ok(()), Ok(())), "round {round}");
        both_up(&a, &b).await;
        assert_eq!(value(a.call(&b, ECHO, b"there").await), b"there"[..]);
        assert_eq!(value(b.call(&a, ECHO, b"back").await), b"back"[..]);
        until("one link to stay", || a.links.sockets.count() == 2 && b.links.sockets.count() == 2).await;
        assert_eq!((a.services.events().len(), b.services.events().len()), (1, 1), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_over_tcp_with_two_threads() {
    for round in 0..30 {
        let a = Node::tcp(key(1, 1), LinkConfig::default()).await;
        let b = Node::tcp(key(2, 1), LinkConfig::default()).await;
        let (there, back) = (a.links.clone(), b.links.clone());
        let (to_b, to_a) = (b.peer.clone(), a.peer.clone());
        let there = tokio::spawn(async move { there.ready(&to_b).await });
        let back = tokio::spawn(async move { back.ready(&to_a).await });
        let (there, back) = soon("both links", async { tokio::join!(there, back) }).await;
        assert_eq!((there.unwrap(), back.unwrap()), (Ok(()), Ok(())), "round {round}");
        both_up(&a, &b).await;
        assert_eq!(value(a.call(&b, ECHO, b"there").await), b"there"[..]);
        until("one link to stay", || a.links.sockets.count() == 2 && b.links.sockets.count() == 2).await;
        assert_eq!((a.services.events().len(), b.services.events().len()), (1, 1), "round {round}");
    }
}

#[tokio::test]
async fn concurrent_callers_share_one_dial() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    let all = futures_util::future::join_all((0..100).map(|_| a.links.ready(&b.peer)));
    assert!(soon("the link", all).await.iter().all(Result::is_ok));
    assert_eq!(memory.connections(), 2);
}

#[tokio::test]
async fn a_restarted_peer_is_reached_again_and_its_old_run_refused() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let old = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&old).await;
    both_up(&a, &old).await;
    let call = a.start(&old, HOLD, b"x");
    let new = memory.node(key(2, 2), LinkConfig::default()).await;
    // The old run hangs: it does not close its connection. The new one dials.
    new.ready(&a).await;
    both_up(&a, &new).await;
    failure(soon("the outcome of the old call", call).await);
    assert!(!a.links.is_up(old.peer.key));
    assert_eq!(value(a.call(&new, ECHO, b"new").await), b"new"[..]);
    let refused = soon("a refusal", a.links.ready(&old.peer)).await.unwrap_err();
    assert!(refused.to_string().contains("has restarted"), "{refused}");
    until("the old run to lose its link", || !old.links.is_up(a.peer.key)).await;
    let refused = soon("a refusal", old.links.ready(&a.peer)).await.unwrap_err();
    assert!(refused.to_string().contains("newer run"), "{refused}");
    assert!(a.links.is_up(new.peer.key));
    let expected = [format!("up {}", old.peer.key), format!("down {}", old.peer.key), format!("up {}", new.peer.key)];
    let events = a.services.events();
    assert!(
        events.len() == 3 && events.iter().zip(&expected).all(|(event, start)| event.starts_with(start)),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_new_hello_of_the_same_run_replaces_a_dead_link() {
    let memory = Memory::default();
    let config = LinkConfig { heartbeat: std::time::Duration::from_secs(600), ..LinkConfig::default() };
    let a = memory.node(key(1, 1), config.clone()).await;
    let b = memory.node(key(2, 1), config).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    // Only the end that dialled learns of the break.
    for connection in [0, 1] {
        memory.gates(connection)[1].stall();
    }
    let call = b.start(&a, HOLD, b"x");
    memory.gates(0)[0].cut();
    until("the dialling end to notice", || !a.links.is_up(b.peer.key)).await;
    a.ready(&b).await;
    failure(soon("the outcome of the old call", call).await);
    both_up(&a, &b).await;
    assert_eq!(value(b.call(&a, ECHO, b"new").await), b"new"[..]);
    until("the old connection to close", || a.links.sockets.count() + b.links.sockets.count() == 4).await;
}

#[tokio::test]
async fn a_peer_that_restarts_at_the_same_address_is_dialled_again() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    for run in 1..5 {
        let b = memory.node(key(2, run), LinkConfig::default()).await;
        a.ready(&b).await;
        assert_eq!(value(a.call(&b, ECHO, b"x").await), b"x"[..]);
        let peer = b.peer.key;
        drop(b);
        until("the link to be down", || !a.links.is_up(peer)).await;
    }
    assert_eq!(a.services.events().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn forgetting_a_peer_ends_its_link_and_its_dials() {
    let memory = Memory::default();
    let a = memory.node(key(1, 1), LinkConfig::default()).await;
    let b = memory.node(key(2, 1), LinkConfig::default()).await;
    a.ready(&b).await;
    both_up(&a, &b).await;
    let call = a.start(&b, HOLD, b"x");
    a.links.forget(b.peer.key);
    assert!(!a.links.is_up(b.peer.key));
    failure(soon("the outcome", call).await);
    assert!(a.services.events()[1].contains("left the cluster"), "{:?}", a.services.events());
    until("the other end to notice", || !b.links.is_up(a.peer.key)).await;

    // A dial that would hang until its time-out.
    let endpoint = "node-9:1".parse().unwrap();
    let _listener = crate::net::Network::bind(&memory, &endpoint).await.unwrap();
    let mute = peer(key(9, 1), endpoint);
    let start = tokio::time::Instant::now();
    let forget = async {
        until("the dial to begin", || a.links.sockets.count() == 1).await;
        a.links.forget(mute.key);
    };
    let (refused, ()) = soon("a refusal", async { tokio::join!(a.links.ready(&mute), forget) }).await;
    assert!(refused.unwrap_err().to_string().contains("left the cluster"));
    assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
    until("the connection to close", || a.links.sockets.count() == 0).await;
}

#[tokio::test]
async fn what_an_earlier_link_says_of_a_peer_counts_no_more() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let earlier = a.links.session(b.peer.key).unwrap();
    a.links.late(&earlier, true);
    a.links.forget(b.peer.key);
    a.ready(&b).await;
    a.links.late(&earlier, true);
    let said = |what: &str| a.services.events().iter().filter(|event| event.starts_with(what)).count();
    assert_eq!((said("up"), said("late")), (2, 1), "{:?}", a.services.events());
}
