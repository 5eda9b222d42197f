//! Calls that are given up, at every point of their way: whoever is called later, in the same slots, is not told of them.

use bytes::Bytes;
use tokio::task::yield_now;

use super::{faults::memory_pair, support::*};
use crate::{message::ReplyBody, sync::lock, transport::protocol::LinkConfig};

/// More than a part of the slots keeps when they are given back.
const BURST: usize = 20_000;

#[tokio::test]
async fn replies_that_come_after_the_memory_of_a_burst_was_given_back_hit_nobody_else() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    for round in 0..3_u32 {
        let burst: Vec<_> = (0..BURST).map(|_| a.start(&b, HOLD, b"late")).collect();
        until("the burst to arrive", || lock(&b.services.held).len() == BURST).await;
        let late = std::mem::take(&mut *lock(&b.services.held));
        drop(burst);
        assert_eq!(a.links.in_flight(b.peer.key), 0);
        a.links.session(b.peer.key).unwrap().callers.tidy();
        let next: Vec<_> = (0..BURST as u32).map(|number| (number, a.start(&b, ECHO, &number.to_le_bytes()))).collect();
        // The late ones are answered while the others are.
        for call in late {
            call.reply.send(ReplyBody::Value(&mut |out| {
                out.extend_from_slice(b"late");
                Ok(())
            }));
        }
        for (number, call) in next {
            let answer = value(soon("an answer", call).await);
            assert_eq!(answer, Bytes::copy_from_slice(&number.to_le_bytes()), "round {round}");
        }
    }
    assert_eq!(a.links.in_flight(b.peer.key), 0);
}

#[tokio::test(start_paused = true)]
async fn a_large_call_that_is_given_up_at_any_point_of_its_way_leaves_nothing_behind() {
    let large = vec![7; 1 << 20];
    let (_memory, a, b) = memory_pair().await;
    for looks in 0..200_usize {
        // One before it, one behind it for the same service, and a small one.
        let before = a.start(&b, ECHO, &large);
        let given_up = a.start(&b, if looks % 2 == 0 { HOLD } else { ECHO }, &large);
        let (behind, small) = (a.start(&b, ECHO, &large[1..]), a.start(&b, COUNT, b"small"));
        for _ in 0..looks {
            yield_now().await;
        }
        drop(given_up);
        assert_eq!(value(soon("the small one", small).await), b"small"[..]);
        assert_eq!(value(soon("the first one", before).await).len(), large.len());
        assert_eq!(value(soon("the last one", behind).await).len(), large.len() - 1, "after {looks} looks");
        lock(&b.services.held).clear();
        assert_eq!(a.links.in_flight(b.peer.key), 0);
        let at_b = b.links.session(a.peer.key).unwrap();
        until("its bytes to be given back", || at_b.held() == 0).await;
        until("the end of the calls there", || lock(&at_b.outbox).inbound.live() == 0).await;
    }
    assert!(a.links.is_up(b.peer.key) && b.links.is_up(a.peer.key));
}
