//! Code of users that runs while a message is written.

use std::{
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use super::support::*;
use crate::{
    error::{Failure, LostReason, RefusedReason},
    message::{CodecError, Encode, ReplyBody, append},
    sync::lock,
    transport::{link::PendingReply, peers::Links, protocol::LinkConfig},
};

fn submit(links: &Links, to: &Node, put_args: Encode<'_>) -> Result<Option<PendingReply>, RefusedReason> {
    links.submit(to.peer.key, Given::default().call(ECHO, put_args, false))
}

/// Writes a byte once it is let.
fn blocking<'a>(
    begun: &'a mpsc::Sender<()>,
    go: &'a mpsc::Receiver<()>,
) -> impl FnMut(&mut Vec<u8>) -> Result<(), CodecError> + use<'a> {
    move |out: &mut Vec<u8>| {
        begun.send(()).unwrap();
        go.recv().unwrap();
        out.push(1);
        Ok(())
    }
}

/// Calls on another thread: while a link is locked, this one would wait for ever.
fn answered_meanwhile(a: &Node, b: &Node, go: &mpsc::Sender<()>) {
    let runtime = tokio::runtime::Handle::current();
    let (done, is_done) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || done.send(value(runtime.block_on(a.call(b, ECHO, b"other")))));
        let other = is_done.recv_timeout(Duration::from_secs(20));
        go.send(()).unwrap();
        assert_eq!(other.expect("an answer while another message is written"), b"other"[..]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn arguments_that_block_while_they_are_written_hold_up_no_other_call() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let ((begun, begins), (go, goes)) = (mpsc::channel(), mpsc::channel());
    let blocked = thread::scope(|scope| {
        let (links, b) = (&a.links, &b);
        let blocked = scope.spawn(move || submit(links, b, &mut blocking(&begun, &goes)).unwrap().unwrap());
        begins.recv().unwrap();
        answered_meanwhile(&a, b, &go);
        blocked.join().unwrap()
    });
    assert_eq!(value(soon("the answer", blocked).await), [1][..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_reply_that_blocks_while_it_is_written_holds_up_no_other() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let held = a.start(&b, HOLD, b"");
    until("the call", || !lock(&b.services.held).is_empty()).await;
    let call = lock(&b.services.held).pop().unwrap();
    let ((begun, begins), (go, goes)) = (mpsc::channel(), mpsc::channel());
    let blocked = thread::spawn(move || call.reply.send(ReplyBody::Value(&mut blocking(&begun, &goes))));
    begins.recv().unwrap();
    answered_meanwhile(&a, &b, &go);
    assert_eq!(value(soon("the answer", held).await), [1][..]);
    blocked.join().unwrap();
}

#[tokio::test]
async fn a_message_far_over_the_limit_is_not_written_to_its_end() {
    let config = LinkConfig { max_message: 100_000, ..LinkConfig::default() };
    let (a, b) = tcp_pair(config).await;
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    struct Element;
    impl serde::Serialize for Element {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            WRITTEN.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_u64(u64::MAX)
        }
    }
    let many: Vec<_> = (0..1_000_000).map(|_| Element).collect();
    let mut put = |out: &mut Vec<u8>| append(&many, out).map_err(CodecError::new);
    let refused = submit(&a.links, &b, &mut put).unwrap_err();
    assert!(matches!(refused, RefusedReason::TooLarge { size: 100_001, limit: 100_000 }), "{refused}");
    assert!(refused.to_string().contains("at least 100001 bytes"), "{refused}");
    assert!(WRITTEN.swap(0, Ordering::Relaxed) <= 10_001);
    // A call that waits for its link is bounded too, and so is a reply.
    let refused = a.links.payload(&mut put).unwrap_err();
    assert!(matches!(refused, RefusedReason::TooLarge { limit: 100_000, .. }), "{refused}");
    let held = a.start(&b, HOLD, b"");
    until("the call", || !lock(&b.services.held).is_empty()).await;
    let call = lock(&b.services.held).pop().unwrap();
    call.reply.send(ReplyBody::Value(&mut put));
    let lost = failure(soon("the answer", held).await);
    assert!(matches!(lost, Failure::MaybeExecuted(LostReason::ReplyTooLarge { limit: 100_000, .. })), "{lost:?}");
    assert!(WRITTEN.load(Ordering::Relaxed) <= 20_002);
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}

#[tokio::test]
async fn a_value_may_call_while_it_is_written() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let mut inner = None;
    let outer = submit(&a.links, &b, &mut |out| {
        out.extend_from_slice(b"out");
        inner = submit(&a.links, &b, &mut |out| {
            out.extend_from_slice(b"inner");
            Ok(())
        })
        .unwrap();
        out.extend_from_slice(b"er");
        Ok(())
    });
    assert_eq!(value(soon("the answer", outer.unwrap().unwrap()).await), b"outer"[..]);
    assert_eq!(value(soon("the answer", inner.unwrap()).await), b"inner"[..]);
}

#[tokio::test]
async fn a_panic_while_a_message_is_written_is_that_calls_own() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose, while it is dropped");
        }
    }
    let refused = submit(&a.links, &b, &mut |_| std::panic::panic_any(Bomb)).unwrap_err();
    assert!(refused.to_string().contains("panicked"), "{refused}");
    let held = a.start(&b, HOLD, b"");
    until("the call", || !lock(&b.services.held).is_empty()).await;
    let (call, wrote) = (lock(&b.services.held).pop().unwrap(), AtomicBool::new(false));
    call.reply.send(ReplyBody::App(&mut |_| {
        wrote.store(true, Ordering::Relaxed);
        std::panic::panic_any(Bomb)
    }));
    assert!(wrote.into_inner());
    let lost = failure(soon("the answer", held).await);
    assert!(matches!(lost, Failure::MaybeExecuted(LostReason::Undecodable(_))), "{lost:?}");
    assert_eq!(value(a.call(&b, ECHO, b"fine").await), b"fine"[..]);
}
