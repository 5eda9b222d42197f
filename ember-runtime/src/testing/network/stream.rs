//! A connection that loses packets as TCP's callers see it: some bytes come late, none are missing.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf},
    time::sleep,
};
use turmoil::net::TcpStream;

use super::{
    sockets::{ReceiveEnd, SendEnd, Sockets},
    weather::Weather,
};
use crate::{
    net::BoxStream,
    testing::trace::{Recorder, now},
};

/// What the kernel keeps of what was written and not sent yet.
const SEND_BUFFER: usize = 256 << 10;
/// Written at once, it is one packet.
const PACKET: usize = 16 << 10;

/// Puts a connection under the weather.
pub(in crate::testing) fn wrap(
    stream: TcpStream,
    sockets: &Sockets,
    weather: &Weather,
    recorder: &Recorder,
) -> BoxStream {
    let number = recorder.number();
    let (receive, send) = sockets.keep(number, stream);
    let (buffer, unsent) = tokio::io::duplex(SEND_BUFFER);
    tokio::spawn(transmit(unsent, send, weather.clone(), recorder.clone(), number));
    Box::new(Connection { receive, buffer, recorder: recorder.clone(), number, read: None })
}

/// The kernel's part: sends what was written, in order, also after the socket was closed.
async fn transmit(
    mut unsent: DuplexStream,
    mut send: SendEnd,
    weather: Weather,
    recorder: Recorder,
    number: u64,
) -> io::Result<()> {
    let mut packet = vec![0; PACKET];
    loop {
        let length = unsent.read(&mut packet).await?;
        if length == 0 {
            return send.shutdown().await;
        }
        let late = weather.delay();
        if !late.is_zero() {
            sleep(late).await;
        }
        send.write_all(&packet[..length]).await?;
        recorder.packet(now(), number, false);
    }
}

struct Connection {
    receive: ReceiveEnd,
    buffer: DuplexStream,
    recorder: Recorder,
    number: u64,
    /// When it was read from last.
    read: Option<Duration>,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let outcome = ready!(Pin::new(&mut self.receive).poll_read(cx, buf));
        let now = now();
        // How many reads a packet takes depends on the reader's buffer.
        if self.read.replace(now) != Some(now) {
            self.recorder.packet(now, self.number, true);
        }
        Poll::Ready(outcome)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.buffer).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.buffer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.buffer).poll_shutdown(cx)
    }
}
