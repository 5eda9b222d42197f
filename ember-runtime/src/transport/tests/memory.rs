//! A network that can be stopped.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    sync::mpsc,
};

use super::support::Node;
use crate::{
    id::NodeKey,
    net::{BoxStream, Endpoint, Listener, Network},
    sync::lock,
    transport::protocol::LinkConfig,
};

/// A network in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Mesh>>);

#[derive(Debug, Default)]
struct Mesh {
    listeners: BTreeMap<Endpoint, mpsc::Sender<BoxStream>>,
    connections: Vec<[Arc<Gate>; 2]>,
}

/// What happens to the bytes that one end of a connection would read.
#[derive(Debug, Default)]
pub(super) struct Gate {
    mode: AtomicU8,
    /// What may still pass, if it is metered.
    allowed: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

const OPEN: u8 = 0;
const STALLED: u8 = 1;
const BROKEN: u8 = 2;
const METERED: u8 = 3;

impl Gate {
    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
        if let Some(waker) = lock(&self.waker).take() {
            waker.wake();
        }
    }

    /// Nothing arrives any more, and nobody is told.
    pub(super) fn stall(&self) {
        self.set(STALLED);
    }

    pub(super) fn open(&self) {
        self.set(OPEN);
    }

    /// From now on only what is allowed passes.
    pub(super) fn meter(&self) {
        self.set(METERED);
    }

    pub(super) fn allow(&self, bytes: usize) {
        self.allowed.fetch_add(bytes, Ordering::SeqCst);
        self.set(METERED);
    }

    /// The connection is reset.
    pub(super) fn cut(&self) {
        self.set(BROKEN);
    }
}

impl Memory {
    /// The gates of connection `number`: of the end that dialled, and of the other.
    pub(super) fn gates(&self, number: usize) -> [Arc<Gate>; 2] {
        lock(&self.0).connections[number].clone()
    }

    pub(super) fn connections(&self) -> usize {
        lock(&self.0).connections.len()
    }

    pub(super) async fn node(&self, key: NodeKey, config: LinkConfig) -> Node {
        let endpoint = format!("node-{}:1", key.id.0).parse().unwrap();
        Node::at(&endpoint, key, Arc::new(self.clone()), config, "test").await
    }
}

impl Network for Memory {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<BoxStream>> {
        Box::pin(async move {
            let listener = lock(&self.0).listeners.get(endpoint).cloned().ok_or(io::ErrorKind::ConnectionRefused)?;
            let (near, far) = tokio::io::duplex(64 << 10);
            let gates = [Arc::<Gate>::default(), Arc::<Gate>::default()];
            let [near_gate, far_gate] = gates.clone();
            let far = Box::new(Pipe { stream: far, gate: far_gate });
            listener.send(far).await.map_err(|_| io::ErrorKind::ConnectionRefused)?;
            lock(&self.0).connections.push(gates);
            Ok(Box::new(Pipe { stream: near, gate: near_gate }) as BoxStream)
        })
    }

    fn bind<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        let (sender, incoming) = mpsc::channel(16);
        lock(&self.0).listeners.insert(endpoint.clone(), sender);
        let listener = MemoryListener { incoming, endpoint: endpoint.clone() };
        Box::pin(async move { Ok(Box::new(listener) as Box<dyn Listener>) })
    }
}

struct MemoryListener {
    incoming: mpsc::Receiver<BoxStream>,
    endpoint: Endpoint,
}

impl Listener for MemoryListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move {
            match self.incoming.recv().await {
                Some(stream) => Ok(stream),
                None => std::future::pending().await,
            }
        })
    }

    fn local_endpoint(&self) -> io::Result<Endpoint> {
        Ok(self.endpoint.clone())
    }
}

struct Pipe {
    stream: DuplexStream,
    gate: Arc<Gate>,
}

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        *lock(&self.gate.waker) = Some(cx.waker().clone());
        match self.gate.mode.load(Ordering::SeqCst) {
            OPEN => Pin::new(&mut self.stream).poll_read(cx, buf),
            METERED => {
                let allowed = self.gate.allowed.load(Ordering::SeqCst);
                if allowed == 0 {
                    return Poll::Pending;
                }
                let mut part = vec![0; allowed.min(buf.remaining())];
                let mut part = ReadBuf::new(&mut part);
                let read = Pin::new(&mut self.stream).poll_read(cx, &mut part);
                self.gate.allowed.fetch_sub(part.filled().len(), Ordering::SeqCst);
                buf.put_slice(part.filled());
                read
            }
            STALLED => Poll::Pending,
            _ => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
