//! A connection that can be cut from outside, and that ends by itself if no link comes of it in time.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};
use tonic::transport::server::Connected;

use super::lock;
use crate::net::BoxStream;

/// Watches a connection, and cuts it.
#[derive(Debug)]
pub(super) struct Sever {
    born: Instant,
    /// Microseconds after `born` when bytes last arrived.
    heard: AtomicU64,
    cut: AtomicBool,
    /// A link uses it: it has its heartbeat, and no other time limit.
    used: AtomicBool,
    waker: AtomicWaker,
}

impl Default for Sever {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            heard: AtomicU64::new(0),
            cut: AtomicBool::new(false),
            used: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }
}

impl Sever {
    /// When bytes last arrived.
    pub(super) fn last_heard(&self) -> Instant {
        self.born + Duration::from_micros(self.heard.load(Ordering::Relaxed))
    }

    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(super) fn mark_used(&self) {
        self.used.store(true, Ordering::Release);
    }
}

/// All connections of a node that are open.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Weak<Sever>>>,
}

impl Sockets {
    /// Wraps a connection that must become part of a link within `patience`.
    pub(super) fn wrap(self: &Arc<Self>, stream: BoxStream, patience: Duration) -> Socket {
        let sever = Arc::new(Sever::default());
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.open).insert(id, Arc::downgrade(&sever));
        Socket { stream, sever, patience: Some(Box::pin(sleep(patience))), id, all: self.clone() }
    }

    pub(super) fn cut_all(&self) {
        let open: Vec<_> = lock(&self.open).values().filter_map(Weak::upgrade).collect();
        for sever in open {
            sever.cut();
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        lock(&self.open).len()
    }
}

/// One of them.
pub(super) struct Socket {
    stream: BoxStream,
    sever: Arc<Sever>,
    patience: Option<Pin<Box<Sleep>>>,
    id: u64,
    all: Arc<Sockets>,
}

impl Socket {
    pub(super) fn sever(&self) -> Arc<Sever> {
        self.sever.clone()
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.sever.waker.register(cx.waker());
        if self.sever.used.load(Ordering::Acquire) {
            self.patience = None;
        }
        let late = self.patience.as_mut().is_some_and(|patience| patience.as_mut().poll(cx).is_ready());
        if late || self.sever.cut.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the link has ended"));
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        lock(&self.all.open).remove(&self.id);
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.sever.heard.store(self.sever.born.elapsed().as_micros() as u64, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Connected for Socket {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        Connection(self.sever())
    }
}

/// How a request names the connection that it came on.
#[derive(Debug, Clone)]
pub(super) struct Connection(pub(super) Arc<Sever>);
