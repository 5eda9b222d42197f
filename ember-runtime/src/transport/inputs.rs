//! Bytes from a peer, read as a link reads them: for those who try to break that.

use std::{
    sync::Arc,
    task::{Context, Waker},
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    entrance::{Allowance, Greeting, Hello, Welcome, hello},
    link::{Inflow, Session},
    protocol::{Clock, Malformed, Record, Signed, frame, header, wire},
    stream::{WireFailure, control},
    unattended::unattended,
};
use crate::sync::lock;

/// A frame of calls and replies, whole and in chunks. Whether it was one.
///
/// # Panics
/// If it leaves anything behind: credit, or a call that nobody answers. Or if a header is refused without a reason.
pub(crate) fn frame(bytes: &[u8]) -> bool {
    let now = Instant::now();
    let frame = Bytes::copy_from_slice(bytes);
    for record in wire::records(&frame, 1 << 20).map_while(Result::ok) {
        let Record::Call { body, .. } = record else { continue };
        let refused = header::get(&frame[body], Clock { there: 0, here: now }).err();
        assert!(refused.is_none_or(|why| !why.is_empty()), "a header is refused without a reason");
    }
    let whole = leaves_nothing(|session, task| Inflow::new(now).receive(session, &frame, now, task));
    let stream = Bytes::from([&frame::head(bytes.len()), bytes].concat());
    let step = bytes.first().map_or(1, |&first| usize::from(first) + 1);
    let in_chunks = leaves_nothing(|session, task| {
        let mut inflow = Inflow::new(now);
        let mut chunks = (0..stream.len()).step_by(step).map(|at| stream.slice(at..stream.len().min(at + step)));
        chunks.try_for_each(|chunk| inflow.read(session, chunk, now, task))
    });
    // The other way round there may be a difference: a call may have ended before the next one comes, which takes its place.
    assert!(in_chunks || !whole, "it matters where the stream is cut: in chunks of {step}");
    whole
}

/// Whether `read` could read what it reads for a link.
fn leaves_nothing(read: impl FnOnce(&Arc<Session>, &mut Context<'_>) -> Result<(), Malformed>) -> bool {
    let session = unattended();
    let read = read(&session, &mut Context::from_waker(Waker::noop()));
    assert_eq!(session.held(), 0, "credit leaked");
    assert_eq!(lock(&session.outbox).inbound.live(), 0, "a call leaked");
    assert_eq!(Arc::strong_count(&session), 1, "the link is held by what it read");
    read.is_ok()
}

/// What is said before there is a link, as whatever it may be meant. Whether it was something.
pub(crate) fn handshake(bytes: &[u8]) -> bool {
    let opened = hello::get_opening(bytes).is_ok();
    let greeted = hello::get_answer::<Greeting>(bytes).is_ok();
    let signed = postcard::from_bytes::<Signed>(bytes).is_ok();
    let said = postcard::from_bytes::<Hello>(bytes).is_ok();
    let welcomed = postcard::from_bytes::<Welcome>(bytes).is_ok();
    let mut stranger = Allowance::new(usize::from(bytes.first().copied().unwrap_or_default()));
    let _allowed = bytes.chunks(7).all(|chunk| stranger.take(chunk));
    opened || greeted || signed || said || welcomed
}

/// A message of the control stream, or why a call failed. Whether it was one.
pub(crate) fn control(bytes: &[u8]) -> bool {
    let failure = WireFailure::read(bytes).is_ok();
    control::decode(bytes).is_ok_and(|message| message.is_some()) || failure
}
