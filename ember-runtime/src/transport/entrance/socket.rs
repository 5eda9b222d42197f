//! A connection that can be cut from outside, and that ends by itself if no link comes of it in time, or if it sends much before
//! it is known who does.

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

use super::{
    lateness::Lateness,
    strangers::{Allowance, Guest, PREFACE, Strangers},
};
use crate::{net::BoxStream, sync::lock};

/// Watches a connection, and cuts it.
#[derive(Debug, Default)]
pub(crate) struct Sever {
    /// The bytes that have come, and those that have gone. Written by the task of the connection.
    read: AtomicU64,
    written: AtomicU64,
    /// Asks that task for a sign.
    lateness: Lateness,
    cut: AtomicBool,
    /// It is known who is at the other end.
    known: AtomicBool,
    /// A link uses it: it has its heartbeat, and no other time limit.
    used: AtomicBool,
    /// Its handshake has begun.
    greeted: AtomicBool,
    waker: AtomicWaker,
    number: u64,
    all: Weak<Sockets>,
}

impl Sever {
    fn new(number: u64, all: Weak<Sockets>) -> Self {
        Self { number, all, ..Self::default() }
    }

    /// The bytes that have come.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The bytes that have gone.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// For how long the task of the connection has not run, though it was woken.
    pub(crate) fn held(&self, now: Instant) -> Duration {
        self.lateness.waits(now, || self.waker.wake())
    }

    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Begins a handshake; there is one on a connection.
    pub(crate) fn greet(&self) -> bool {
        self.step();
        !self.greeted.swap(true, Ordering::AcqRel)
    }

    /// Its handshake goes on.
    pub(crate) fn step(&self) {
        if let Some(all) = self.all.upgrade() {
            all.strangers.step(self.number);
        }
    }

    /// Whoever is at the other end has proven who it is, or that it belongs to a peer that has: it may send what it likes.
    pub(crate) fn mark_known(&self) {
        self.known.store(true, Ordering::Release);
        if let Some(all) = self.all.upgrade() {
            all.strangers.leave(self.number);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    pub(crate) fn mark_used(&self) {
        self.used.store(true, Ordering::Release);
    }
}

impl Guest for Sever {
    fn cut_off(&self) {
        self.cut();
    }
}

/// All connections of a node that are open.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Weak<Sever>>>,
    pub(crate) strangers: Strangers,
}

impl Sockets {
    /// Wraps a connection that this node has made and that must become part of a link within `patience`.
    pub(crate) fn dialled(self: &Arc<Self>, stream: BoxStream, patience: Duration) -> Socket {
        self.wrap(stream, patience, Allowance::new(0))
    }

    /// Wraps a connection of a stranger, which must become part of a link within `patience`.
    pub(crate) fn accepted(self: &Arc<Self>, stream: BoxStream, patience: Duration) -> Socket {
        let socket = self.wrap(stream, patience, Allowance::new(PREFACE));
        self.strangers.enter(socket.sever.number, Arc::downgrade(&socket.sever) as _);
        socket
    }

    fn wrap(self: &Arc<Self>, stream: BoxStream, patience: Duration, allowance: Allowance) -> Socket {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let sever = Arc::new(Sever::new(number, Arc::downgrade(self)));
        lock(&self.open).insert(number, Arc::downgrade(&sever));
        let trial = Trial { patience: Box::pin(sleep(patience)), allowance };
        Socket { stream, sever, trial: Some(trial), replay: None, all: self.clone() }
    }

    pub(crate) fn cut_all(&self) {
        let open: Vec<_> = lock(&self.open).values().filter_map(Weak::upgrade).collect();
        for sever in open {
            sever.cut();
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.open).len()
    }
}

/// One of them.
pub(crate) struct Socket {
    stream: BoxStream,
    sever: Arc<Sever>,
    /// Until it is part of a link.
    trial: Option<Trial>,
    /// A byte that was read, and shall be read again.
    replay: Option<u8>,
    all: Arc<Sockets>,
}

/// What bounds a connection of which no link has come yet.
struct Trial {
    patience: Pin<Box<Sleep>>,
    /// For as long as it is not known who is at the other end.
    allowance: Allowance,
}

impl Socket {
    pub(crate) fn sever(&self) -> Arc<Sever> {
        self.sever.clone()
    }

    /// The next byte to be read is this one.
    pub(crate) fn replay(&mut self, byte: u8) {
        self.replay = Some(byte);
    }

    /// Takes its stream out, to bring it to another runtime.
    pub(crate) fn take_stream(&mut self) -> BoxStream {
        std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()))
    }

    /// Its stream, for the network that made it.
    pub(crate) fn stream(&self) -> &BoxStream {
        &self.stream
    }

    pub(crate) fn put_stream(&mut self, stream: BoxStream) {
        self.stream = stream;
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(size)) = &written {
            count(&self.sever.written, *size);
        }
        written
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.sever.waker.register(cx.waker());
        self.sever.lateness.answer();
        if self.sever.used.load(Ordering::Acquire) {
            self.trial = None;
        }
        let late = self.trial.as_mut().is_some_and(|trial| trial.patience.as_mut().poll(cx).is_ready());
        if late || self.sever.cut.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the link has ended"));
        }
        Ok(())
    }

    /// Whether whoever is at the other end may send these bytes.
    fn allows(&mut self, bytes: &[u8]) -> bool {
        let Some(trial) = self.trial.as_mut().filter(|_| !self.sever.known.load(Ordering::Acquire)) else {
            return true;
        };
        let allowed = trial.allowance.take(bytes);
        if !allowed {
            tracing::debug!(target: "ember::link", "a stranger sent too much: it is cut off");
        }
        allowed
    }
}

/// There is one who counts.
fn count(bytes: &AtomicU64, more: usize) {
    bytes.store(bytes.load(Ordering::Relaxed) + more as u64, Ordering::Relaxed);
}

impl Drop for Socket {
    fn drop(&mut self) {
        lock(&self.all.open).remove(&self.sever.number);
        self.all.strangers.leave(self.sever.number);
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buf.filled().len();
        if let Some(byte) = self.replay.take() {
            buf.put_slice(&[byte]);
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let came = buf.filled().len() - before;
        if came > 0 {
            count(&self.sever.read, came);
            if !self.allows(&buf.filled()[before..]) {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(written)
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
pub(crate) struct Connection(pub(crate) Arc<Sever>);
