//! Connections: accepted, counted, and cut when the server stops.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{
    FutureExt, Stream,
    future::{Fuse, Shared},
    stream,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::sleep,
};
use tonic::transport::server::Connected;

use super::authority::Authority;
use crate::net::{BoxStream, Listener};

/// Connections that may be open; more wait in the operating system's queue.
const CONNECTIONS: usize = 4_096;
/// The pause after a failed accept, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

type Stopped = Shared<Fuse<oneshot::Receiver<()>>>;

/// The connections of `listener`, for ever. They all break when the other end of `stopped` is dropped.
pub(super) fn connections(
    listener: Box<dyn Listener>,
    stopped: oneshot::Receiver<()>,
) -> impl Stream<Item = io::Result<Connection>> + Send {
    let (limit, stopped) = (Arc::new(Semaphore::new(CONNECTIONS)), stopped.fuse().shared());
    stream::unfold((listener, limit, stopped), |(mut listener, limit, stopped)| async {
        // Never closed, so this always is a permit; `None` would end the stream.
        let permit = Arc::clone(&limit).acquire_owned().await.ok()?;
        let stream = accept(&mut *listener).await;
        let connection = Connection { stream, read: Read::new(), stopped: Some(stopped.clone()), _permit: permit };
        Some((Ok(connection), (listener, limit, stopped)))
    })
}

async fn accept(listener: &mut dyn Listener) -> BoxStream {
    loop {
        match listener.accept().await {
            Ok(stream) => return stream,
            Err(error) => {
                tracing::warn!(target: "ember::registry", %error, "the embedded registry could not accept a connection, and tries again");
                sleep(PAUSE).await;
            }
        }
    }
}

/// A connection that breaks when the server stops. tonic would let open watches run on.
pub(super) struct Connection {
    stream: BoxStream,
    read: Read,
    /// `None`: it has stopped.
    stopped: Option<Stopped>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// The stream, if the server still runs; otherwise wakes when it stops.
    fn open(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut BoxStream>> {
        let running = self.stopped.as_mut().is_some_and(|stopped| stopped.poll_unpin(cx).is_pending());
        if running {
            return Ok(Pin::new(&mut self.stream));
        }
        self.stopped = None;
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the embedded registry has stopped"))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.open(cx)?;
        let Self { stream, read, .. } = &mut *self;
        read.poll(Pin::new(stream), cx, buf)
    }
}

/// What was read and may be handed on.
struct Read {
    authority: Authority,
    ready: Vec<u8>,
    /// How much of it is handed on.
    handed: usize,
}

impl Read {
    fn new() -> Self {
        Self { authority: Authority::new(), ready: Vec::new(), handed: 0 }
    }

    fn poll(
        &mut self,
        mut stream: Pin<&mut BoxStream>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        while self.handed == self.ready.len() {
            self.ready.clear();
            self.handed = 0;
            let before = buf.filled().len();
            ready!(stream.as_mut().poll_read(cx, buf))?;
            let arrived = &buf.filled()[before..];
            if arrived.is_empty() {
                self.authority.finish(&mut self.ready);
                break;
            }
            self.authority.pass(arrived, &mut self.ready);
            buf.set_filled(before);
        }
        let rest = &self.ready[self.handed..];
        let taken = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..taken]);
        self.handed += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.open(cx)?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.open(cx)?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}
