//! Answers.

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::frame::{Frame, each, put};

pub(crate) const READ: usize = 64 << 10;

pub(crate) async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    harness::announce(listener.local_addr().expect("its address"));
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        tokio::spawn(answer(stream));
    }
}

async fn answer(stream: TcpStream) {
    let (mut read, mut write) = stream.into_split();
    let (mut incoming, mut out, mut total) = (BytesMut::with_capacity(READ), Vec::with_capacity(READ), 0);
    loop {
        incoming.reserve(READ);
        if read.read_buf(&mut incoming).await.unwrap_or(0) == 0 {
            return;
        }
        let done = each(&incoming, |id, frame| match frame {
            Frame::Sum(a, b) => put(&mut out, id, &Frame::Number(a + b)),
            Frame::Add(value) => total += value,
            Frame::Take => put(&mut out, id, &Frame::Number(std::mem::take(&mut total) as i64)),
            echo => put(&mut out, id, &echo),
        });
        incoming.advance(done);
        if !out.is_empty() {
            if write.write_all(&out).await.is_err() {
                return;
            }
            out.clear();
        }
    }
}
