//! The system of a host: makes the connections of its process, and keeps them while that stands still.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll},
};

use futures_util::{FutureExt, future::BoxFuture, future::try_join};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, copy, duplex, split},
    select,
    sync::{mpsc, oneshot},
};

use super::system::SimNetwork;
use crate::{
    net::{BoxStream, Endpoint, Listener, Network},
    sync::lock,
};

/// What a process may ask for at a time, and connections that may wait to be accepted.
const WAITING: usize = 128;
/// Bytes between a process and its system, each way.
const PIPE: usize = 256 << 10;

/// What a process asks of its system.
enum Request {
    Connect(Endpoint, oneshot::Sender<io::Result<BoxStream>>),
    Bind(Endpoint, oneshot::Sender<io::Result<Bound>>),
    Close(oneshot::Sender<()>),
}

/// A listener as its process has it.
struct Bound {
    endpoint: Endpoint,
    accepted: mpsc::Receiver<BoxStream>,
}

/// Where a process reaches the system of its host, over all starts of both.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Kernel {
    network: SimNetwork,
    port: Arc<Mutex<mpsc::Sender<Request>>>,
}

/// Requests that come.
pub(in crate::testing) struct Requests(mpsc::Receiver<Request>);

impl Kernel {
    pub(in crate::testing) fn new(network: SimNetwork) -> Self {
        let (port, _nobody) = mpsc::channel(1);
        Self { network, port: Arc::new(Mutex::new(port)) }
    }

    /// A new start of the host: from now on requests wait for it.
    pub(in crate::testing) fn open(&self) -> Requests {
        self.network.sockets.revive();
        self.network.weather.set_idle(&self.network.host, false);
        let (port, requests) = mpsc::channel(WAITING);
        *lock(&self.port) = port;
        Requests(requests)
    }

    /// Serves the process. To be run on the host.
    pub(in crate::testing) async fn run(self, mut requests: Requests) {
        while let Some(request) = requests.0.recv().await {
            match request {
                Request::Connect(endpoint, answer) => {
                    drop(tokio::spawn(connect(self.network.clone(), endpoint, answer)));
                }
                Request::Bind(endpoint, answer) => {
                    let bound = self.network.bind(&endpoint).await.and_then(listen);
                    let _ = answer.send(bound);
                }
                Request::Close(done) => {
                    self.network.weather.set_idle(&self.network.host, true);
                    self.network.sockets.kill();
                    let _ = done.send(());
                }
            }
        }
    }

    /// Closes all connections and takes no more, as a system does when the software is gone.
    pub(in crate::testing) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.ask(Request::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// From now on nothing leaves the host, until it starts anew.
    pub(in crate::testing) fn silence(&self) {
        self.network.sockets.silence();
    }

    async fn ask(&self, request: Request) -> io::Result<()> {
        let port = lock(&self.port).clone();
        port.send(request).await.map_err(|_| io::ErrorKind::NetworkDown.into())
    }
}

async fn connect(network: SimNetwork, endpoint: Endpoint, mut answer: oneshot::Sender<io::Result<BoxStream>>) {
    let connected = select! {
        biased;
        () = answer.closed() => return,
        connected = network.connect(&endpoint) => connected,
    };
    let _ = answer.send(connected.map(pipe));
}

fn listen(mut listener: Box<dyn Listener>) -> io::Result<Bound> {
    let endpoint = listener.local_endpoint()?;
    let (accept, accepted) = mpsc::channel(WAITING);
    let task = async move {
        loop {
            let next = select! {
                biased;
                () = accept.closed() => return,
                next = listener.accept() => next,
            };
            let Ok(stream) = next else { return };
            if accept.send(pipe(stream)).await.is_err() {
                return;
            }
        }
    };
    drop(tokio::spawn(task));
    Ok(Bound { endpoint, accepted })
}

/// The process's end of a connection.
fn pipe(stream: BoxStream) -> BoxStream {
    let (pipe, other) = duplex(PIPE);
    let (open, gone) = oneshot::channel();
    let broken = Arc::new(OnceLock::new());
    drop(tokio::spawn(carry(stream, other, gone, Arc::clone(&broken))));
    Box::new(Socket { pipe, broken, _open: open })
}

/// The system's part of a connection: carries bytes, and how it ended.
async fn carry(
    stream: BoxStream,
    pipe: DuplexStream,
    gone: oneshot::Receiver<()>,
    broken: Arc<OnceLock<io::ErrorKind>>,
) {
    let (mut received, mut sent) = split(stream);
    let (mut written, mut read) = split(pipe);
    let out = async {
        copy(&mut written, &mut sent).await?;
        sent.shutdown().await
    };
    let back = async {
        select! {
            biased;
            _ = gone => Ok(()),
            ended = copy(&mut received, &mut read) => {
                ended?;
                read.shutdown().await
            }
        }
    };
    if let Err(error) = try_join(out, back).await {
        let _first = broken.set(error.kind());
    }
}

struct Socket {
    pipe: DuplexStream,
    broken: Arc<OnceLock<io::ErrorKind>>,
    /// Dropped, it says that nobody reads any more.
    _open: oneshot::Sender<()>,
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.pipe).poll_read(cx, buf);
        match self.broken.get() {
            Some(kind) if matches!(read, Poll::Ready(Ok(()))) && buf.filled().len() == before => {
                Poll::Ready(Err((*kind).into()))
            }
            _ => read,
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

impl Network for Kernel {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<BoxStream>> {
        async move {
            let (answer, connected) = oneshot::channel();
            self.ask(Request::Connect(endpoint.clone(), answer)).await?;
            connected.await.unwrap_or_else(|_| Err(io::ErrorKind::NetworkDown.into()))
        }
        .boxed()
    }

    fn bind<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Box<dyn Listener>>> {
        async move {
            let (answer, bound) = oneshot::channel();
            self.ask(Request::Bind(endpoint.clone(), answer)).await?;
            let bound = bound.await.unwrap_or_else(|_| Err(io::ErrorKind::NetworkDown.into()))?;
            Ok(Box::new(bound) as Box<dyn Listener>)
        }
        .boxed()
    }
}

impl Listener for Bound {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>> {
        async move { self.accepted.recv().await.ok_or_else(|| io::ErrorKind::NetworkDown.into()) }.boxed()
    }

    fn local_endpoint(&self) -> io::Result<Endpoint> {
        Ok(self.endpoint.clone())
    }
}
