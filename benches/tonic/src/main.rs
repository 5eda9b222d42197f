//! tonic: unary calls over one HTTP/2 connection; one way is a client stream. As it comes, but for the variant `tuned`: more
//! streams at a time (hyper's server allows 200) and larger windows.

#[allow(missing_docs, unreachable_pub, reason = "generated")]
mod generated {
    tonic::include_proto!("bench");
}

use bytes::Bytes;
use generated::{
    Body, Number, Pair,
    bench_client::BenchClient,
    bench_server::{Bench, BenchServer},
};
use harness::{Args, Remote, Service};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Channel, Endpoint, server::TcpIncoming},
};

const STREAM_WINDOW: u32 = 4 << 20;
/// It takes 4 MiB unless it is told so; Ember takes 16.
const LARGEST: usize = 16 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const STREAMS: u32 = 4096;

struct Handlers;

#[tonic::async_trait]
impl Bench for Handlers {
    async fn sum(&self, pair: Request<Pair>) -> Result<Response<Number>, Status> {
        let Pair { a, b } = pair.into_inner();
        Ok(Response::new(Number { value: a + b }))
    }

    async fn sum_later(&self, pair: Request<Pair>) -> Result<Response<Number>, Status> {
        let Pair { a, b } = pair.into_inner();
        tokio::task::yield_now().await;
        Ok(Response::new(Number { value: a + b }))
    }

    async fn echo(&self, body: Request<Body>) -> Result<Response<Body>, Status> {
        Ok(Response::new(body.into_inner()))
    }

    async fn add(&self, numbers: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
        let (mut numbers, mut total) = (numbers.into_inner(), 0);
        while let Some(number) = numbers.message().await? {
            total += number.value;
        }
        Ok(Response::new(Number { value: total }))
    }
}

#[derive(Clone)]
struct Client(BenchClient<Channel>);

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.0.clone().sum(Pair { a, b }).await.expect("an answer").into_inner().value
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.0.clone().sum_later(Pair { a, b }).await.expect("an answer").into_inner().value
    }

    async fn echo(&self, bytes: Bytes) -> Bytes {
        self.0.clone().echo(Body { bytes }).await.expect("an answer").into_inner().bytes
    }

    async fn send(&self, n: u64) -> u64 {
        let (sender, numbers) = tokio::sync::mpsc::channel(1024);
        let mut client = self.0.clone();
        let answer = tokio::spawn(async move { client.add(ReceiverStream::new(numbers)).await });
        for _ in 0..n {
            sender.send(Number { value: 1 }).await.expect("a stream that lives");
        }
        drop(sender);
        answer.await.expect("a task that does not panic").expect("an answer").into_inner().value as u64
    }
}

impl Remote for Client {
    async fn serve(args: Args) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        harness::announce(listener.local_addr().expect("its address"));
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let mut server = tonic::transport::Server::builder();
        if args.variant == "tuned" {
            server = server
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_concurrent_streams(STREAMS);
        }
        let service = BenchServer::new(Handlers).max_decoding_message_size(LARGEST);
        server.add_service(service).serve_with_incoming(incoming).await.expect("a server");
    }

    async fn connect(args: Args, address: String) -> Self {
        let mut endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        if args.variant == "tuned" {
            endpoint = endpoint
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .buffer_size(STREAMS as usize);
        }
        let client = BenchClient::new(endpoint.connect().await.expect("a connection"));
        Self(client.max_decoding_message_size(LARGEST))
    }
}

fn main() {
    harness::remote::<Client>(Args::from_env())
}
