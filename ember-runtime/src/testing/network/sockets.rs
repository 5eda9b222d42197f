//! The connections of one host, as its system keeps them. When the host is killed they are closed in the order in which they
//! were made. Left to the end of its tasks, that order would be tokio's, which follows the numbers of all tasks that the
//! process has ever had: the same simulation would run otherwise the next time.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sync::lock;
use turmoil::net::{
    TcpStream,
    tcp::{OwnedReadHalf, OwnedWriteHalf},
};

/// All connections of a host.
#[derive(Debug, Clone, Default)]
pub(in crate::testing) struct Sockets(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    killed: bool,
    /// Nothing is sent.
    silent: bool,
    /// Whatever one of the two ends of which is open, by number.
    open: BTreeMap<u64, Halves>,
}

#[derive(Debug)]
struct Halves {
    receive: Option<OwnedReadHalf>,
    send: Option<OwnedWriteHalf>,
}

/// The end that a connection is read from. Dropped, it is closed, unless the host was killed.
#[derive(Debug)]
pub(in crate::testing) struct ReceiveEnd {
    sockets: Sockets,
    number: u64,
}

/// The end that a connection is written to. Dropped, it is closed, unless the host was killed.
#[derive(Debug)]
pub(in crate::testing) struct SendEnd {
    sockets: Sockets,
    number: u64,
}

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Keeps a connection under a number of its own, greater than those before it.
    pub(in crate::testing) fn keep(&self, number: u64, stream: TcpStream) -> (ReceiveEnd, SendEnd) {
        let (receive, send) = stream.into_split();
        let mut state = self.lock();
        if !state.killed {
            state.open.insert(number, Halves { receive: Some(receive), send: Some(send) });
        }
        (ReceiveEnd { sockets: self.clone(), number }, SendEnd { sockets: self.clone(), number })
    }

    /// Closes all connections, one after the other, and every later one at once. Those who use them hear nothing: they are
    /// about to end.
    pub(in crate::testing) fn kill(&self) {
        let mut state = self.lock();
        state.killed = true;
        while let Some((_, halves)) = state.open.pop_first() {
            drop(halves);
        }
    }

    /// The host starts anew.
    pub(in crate::testing) fn revive(&self) {
        let mut state = self.lock();
        (state.killed, state.silent) = (false, false);
    }

    /// Sends nothing more, and says so to nobody.
    pub(in crate::testing) fn silence(&self) {
        self.lock().silent = true;
    }

    /// Uses the half that sends.
    fn poll_send<T>(&self, number: u64, act: impl FnOnce(Pin<&mut OwnedWriteHalf>) -> Poll<T>) -> Poll<T> {
        if self.lock().silent {
            return Poll::Pending;
        }
        self.poll(number, |halves| &mut halves.send, act)
    }

    /// Uses one half of a connection; never ready once the host was killed.
    fn poll<H: Unpin, T>(
        &self,
        number: u64,
        half: impl FnOnce(&mut Halves) -> &mut Option<H>,
        act: impl FnOnce(Pin<&mut H>) -> Poll<T>,
    ) -> Poll<T> {
        let mut state = self.lock();
        match state.open.get_mut(&number).and_then(|halves| half(halves).as_mut()) {
            Some(half) => act(Pin::new(half)),
            None => Poll::Pending,
        }
    }

    fn close<H>(&self, number: u64, half: impl FnOnce(&mut Halves) -> &mut Option<H>) {
        let mut state = self.lock();
        let Some(halves) = state.open.get_mut(&number) else { return };
        drop(half(halves).take());
        if halves.receive.is_none() && halves.send.is_none() {
            state.open.remove(&number);
        }
    }
}

impl AsyncRead for ReceiveEnd {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.sockets.poll(self.number, |halves| &mut halves.receive, |half| half.poll_read(task, buf))
    }
}

impl AsyncWrite for SendEnd {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.sockets.poll_send(self.number, |half| half.poll_write(task, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sockets.poll_send(self.number, |half| half.poll_flush(task))
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sockets.poll_send(self.number, |half| half.poll_shutdown(task))
    }
}

impl Drop for ReceiveEnd {
    fn drop(&mut self) {
        self.sockets.close(self.number, |halves| &mut halves.receive);
    }
}

impl Drop for SendEnd {
    fn drop(&mut self) {
        self.sockets.close(self.number, |halves| &mut halves.send);
    }
}
