//! tarpc over TCP, with bincode, as its documentation shows it: each request is a task of its own on the server. In the variant
//! `inline` the task of the connection answers, one request after the other.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;
use futures_util::StreamExt;
use harness::{Args, Remote, Service};
use tarpc::{
    client, context,
    serde_transport::{Transport, new as transport},
    server::{BaseChannel, Channel},
    tokio_serde::formats::Bincode,
    tokio_util::codec::{Framed, LengthDelimitedCodec},
};
use tokio::net::{TcpListener, TcpStream};

#[allow(missing_docs, unreachable_pub, reason = "generated")]
mod contract {
    use bytes::Bytes;

    #[tarpc::service]
    pub trait Bench {
        async fn sum(a: i64, b: i64) -> i64;
        async fn sum_later(a: i64, b: i64) -> i64;
        async fn echo(body: Bytes) -> Bytes;
        async fn add(value: u64);
        async fn take() -> u64;
    }
}

use contract::{Bench, BenchClient};

#[derive(Clone, Default)]
struct Handlers(Arc<AtomicU64>);

impl Bench for Handlers {
    async fn sum(self, _: context::Context, a: i64, b: i64) -> i64 {
        a + b
    }

    async fn sum_later(self, _: context::Context, a: i64, b: i64) -> i64 {
        tokio::task::yield_now().await;
        a + b
    }

    async fn echo(self, _: context::Context, body: Bytes) -> Bytes {
        body
    }

    async fn add(self, _: context::Context, value: u64) {
        self.0.fetch_add(value, Relaxed);
    }

    async fn take(self, _: context::Context) -> u64 {
        self.0.swap(0, Relaxed)
    }
}

fn over<Item, SinkItem>(stream: TcpStream) -> Transport<TcpStream, Item, SinkItem, Bincode<Item, SinkItem>>
where
    Item: for<'de> serde::Deserialize<'de>,
    SinkItem: serde::Serialize,
{
    stream.set_nodelay(true).expect("no delay");
    transport(Framed::new(stream, LengthDelimitedCodec::new()), Bincode::default())
}

#[derive(Clone)]
struct Client(BenchClient);

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.0.sum(context::current(), a, b).await.expect("an answer")
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.0.sum_later(context::current(), a, b).await.expect("an answer")
    }

    async fn echo(&self, body: Bytes) -> Bytes {
        self.0.echo(context::current(), body).await.expect("an answer")
    }
}

impl Remote for Client {
    async fn serve(args: Args) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        harness::announce(listener.local_addr().expect("its address"));
        let (handlers, inline) = (Handlers::default(), args.variant == "inline");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let requests = BaseChannel::with_defaults(over(stream)).execute(handlers.clone().serve());
            tokio::spawn(requests.for_each(move |request| async move {
                if inline {
                    request.await;
                } else {
                    tokio::spawn(request);
                }
            }));
        }
    }

    async fn connect(_: Args, address: String) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        Self(BenchClient::new(client::Config::default(), over(stream)).spawn())
    }
}

fn main() {
    harness::remote::<Client>(Args::from_env())
}
