//! Asks: callers put requests into a channel, one task writes them, one reads the answers.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes, BytesMut};
use harness::{Args, Remote, Service};
use slab::Slab;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
};

use crate::{
    frame::{Frame, each, put},
    server::{self, READ},
};

type Reply = oneshot::Sender<Frame>;

struct Request {
    frame: Frame,
    reply: Option<Reply>,
}

/// Replies that are waited for; the key is the id of the frame.
type Waiting = Arc<Mutex<Slab<Reply>>>;

const ONE_WAY: u64 = u64::MAX;
/// So many requests are written together at most.
const BATCH: usize = 256;
/// And about so many bytes.
const BATCH_BYTES: usize = 256 << 10;

#[derive(Clone)]
pub(crate) struct Client(mpsc::Sender<Request>);

impl Client {
    /// As a rule there is room, and then this is cheaper than `send`.
    async fn put(&self, request: Request) {
        match self.0.try_send(request) {
            Err(TrySendError::Full(request)) => self.0.send(request).await.expect("a connection"),
            sent => sent.expect("a connection"),
        }
    }

    async fn call(&self, frame: Frame) -> Frame {
        let (reply, answer) = oneshot::channel();
        self.put(Request { frame, reply: Some(reply) }).await;
        answer.await.expect("an answer")
    }

    async fn number(&self, frame: Frame) -> i64 {
        match self.call(frame).await {
            Frame::Number(value) => value,
            other => panic!("a number, not {other:?}"),
        }
    }
}

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.number(Frame::Sum(a, b)).await
    }

    async fn echo(&self, body: Bytes) -> Bytes {
        match self.call(Frame::Echo(body)).await {
            Frame::Echo(body) => body,
            other => panic!("a payload, not {other:?}"),
        }
    }

    async fn send(&self, n: u64) -> u64 {
        for _ in 0..n {
            self.put(Request { frame: Frame::Add(1), reply: None }).await;
        }
        self.number(Frame::Take).await as u64
    }
}

impl Remote for Client {
    async fn serve(_: Args) {
        server::serve().await
    }

    async fn connect(args: Args, address: String) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let (read, write) = stream.into_split();
        let (sender, requests) = mpsc::channel(8192);
        let waiting = Waiting::default();
        let batch = BATCH.min(BATCH_BYTES / args.payload.max(1)).max(1);
        tokio::spawn(write_all(write, requests, Arc::clone(&waiting), batch, args.variant == "yield"));
        tokio::spawn(read_all(read, waiting));
        Self(sender)
    }
}

async fn write_all(
    mut write: OwnedWriteHalf,
    mut requests: mpsc::Receiver<Request>,
    waiting: Waiting,
    batch: usize,
    yields: bool,
) {
    let (mut ready, mut out) = (Vec::with_capacity(batch), Vec::with_capacity(READ));
    while requests.recv_many(&mut ready, batch).await > 0 {
        if yields && ready.len() < batch {
            tokio::task::yield_now().await;
            while ready.len() < batch
                && let Ok(request) = requests.try_recv()
            {
                ready.push(request);
            }
        }
        {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for Request { frame, reply } in ready.drain(..) {
                let id = reply.map_or(ONE_WAY, |reply| waiting.insert(reply) as u64);
                put(&mut out, id, &frame);
            }
        }
        if write.write_all(&out).await.is_err() {
            return;
        }
        out.clear();
    }
}

async fn read_all(mut read: OwnedReadHalf, waiting: Waiting) {
    let mut incoming = BytesMut::with_capacity(READ);
    loop {
        incoming.reserve(READ);
        if read.read_buf(&mut incoming).await.unwrap_or(0) == 0 {
            return;
        }
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let done = each(&incoming, |id, frame| {
            // A caller that is gone needs no answer.
            let _ = waiting.remove(id as usize).send(frame);
        });
        incoming.advance(done);
    }
}
