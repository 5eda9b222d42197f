//! What the writer has given to the connection, and the socket has not taken yet: HTTP/2 would take 1 MiB, and a small record would
//! have to wait for all of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;

/// So many bytes go ahead of the socket, and then up to a frame more.
const AHEAD: usize = 256 << 10;
/// Fewer bytes are not counted: that would cost more than it is worth.
const COUNTED: usize = 8 << 10;

/// The bytes of one stream that are ahead of the socket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ahead(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    bytes: AtomicUsize,
    writer: AtomicWaker,
}

impl Ahead {
    /// Ready when more may be given to the connection.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let has_room = || self.0.bytes.load(Ordering::Acquire) < AHEAD;
        if has_room() {
            return Poll::Ready(());
        }
        self.0.writer.register(cx.waker());
        if has_room() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Bytes that count until nobody uses them any more.
    pub(crate) fn give(&self, bytes: Bytes) -> Bytes {
        if bytes.len() < COUNTED {
            return bytes;
        }
        self.0.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Given { bytes, ahead: Arc::clone(&self.0) })
    }
}

struct Given {
    bytes: Bytes,
    ahead: Arc<Counted>,
}

impl AsRef<[u8]> for Given {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let before = self.ahead.bytes.fetch_sub(self.bytes.len(), Ordering::Release);
        if before >= AHEAD {
            self.ahead.writer.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn there_is_room_again_when_the_socket_has_taken_what_was_given() {
        let (ahead, mut cx) = (Ahead::default(), Context::from_waker(Waker::noop()));
        let given: Vec<_> = (0..4).map(|_| ahead.give(vec![1; AHEAD / 4].into())).collect();
        assert!(ahead.poll_room(&mut cx).is_pending());
        drop(given);
        assert!(ahead.poll_room(&mut cx).is_ready());
        assert_eq!(ahead.give(Bytes::from_static(b"few")), b"few"[..]);
    }
}
