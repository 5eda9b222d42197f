//! A listener whose connections can all be ended at once: nobody may go on talking to a server that has stepped down.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

use crate::net::{BoxStream, Endpoint, Listener};

/// Ends the connections of its [`Gated`] listener when it is dropped.
#[derive(Debug)]
pub(super) struct Gate(#[expect(dead_code, reason = "dropping it is the signal")] watch::Sender<()>);

/// A listener behind a [`Gate`].
pub(super) struct Gated {
    listener: Box<dyn Listener>,
    open: watch::Receiver<()>,
}

pub(super) fn gate(listener: Box<dyn Listener>) -> (Gate, Gated) {
    let (gate, open) = watch::channel(());
    (Gate(gate), Gated { listener, open })
}

impl Listener for Gated {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async {
            let stream = self.listener.accept().await?;
            let mut open = self.open.clone();
            let closed = Box::pin(async move { while open.changed().await.is_ok() {} });
            Ok(Box::new(Connection { stream, closed: Some(closed) }) as BoxStream)
        })
    }

    fn local_endpoint(&self) -> io::Result<Endpoint> {
        self.listener.local_endpoint()
    }
}

struct Connection {
    stream: BoxStream,
    /// `None` once the gate has closed.
    closed: Option<BoxFuture<'static, ()>>,
}

impl Connection {
    fn is_closed(&mut self, cx: &mut Context<'_>) -> bool {
        if self.closed.as_mut().is_some_and(|closed| closed.as_mut().poll(cx).is_ready()) {
            self.closed = None;
        }
        self.closed.is_none()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_closed(cx) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.closed.is_none() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{io::AsyncReadExt, time::timeout};

    use super::*;
    use crate::net::{Network, OsNetwork};

    #[tokio::test]
    async fn closing_the_gate_ends_a_connection_that_waits() {
        let listener = OsNetwork.bind(&Endpoint::Tcp("127.0.0.1:0".into())).await.unwrap();
        let (gate, mut gated) = gate(listener);
        let mut client = OsNetwork.connect(&gated.local_endpoint().unwrap()).await.unwrap();
        let mut served = gated.accept().await.unwrap();
        let waiting = tokio::spawn(async move { served.read_u8().await.unwrap_err().kind() });
        drop(gate);
        let outcome = timeout(Duration::from_secs(10), waiting).await.expect("the read to end").unwrap();
        assert_eq!(outcome, io::ErrorKind::ConnectionAborted);
        let end = timeout(Duration::from_secs(10), client.read_u8()).await.expect("the client to see the end");
        assert!(end.is_err());
    }
}
