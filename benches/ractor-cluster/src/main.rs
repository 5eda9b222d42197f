//! ractor_cluster: the actor is found through a process group. Its one-way messages have no bound: the sender lets others run
//! after each 512.

use bytes::Bytes;
use harness::{Args, Remote, Service};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, pg, rpc::CallResult};
use ractor_cluster::{NodeServer, RactorClusterMessage};

const GROUP: &str = "bench";
const COOKIE: &str = "bench";

#[derive(RactorClusterMessage)]
enum Message {
    #[rpc]
    Sum(i64, i64, RpcReplyPort<i64>),
    #[rpc]
    SumLater(i64, i64, RpcReplyPort<i64>),
    #[rpc]
    Echo(Vec<u8>, RpcReplyPort<Vec<u8>>),
    Add(u64),
    #[rpc]
    Take(RpcReplyPort<u64>),
}

struct Counter;

impl Actor for Counter {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, me: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
        pg::join(GROUP.into(), vec![me.get_cell()]);
        Ok(0)
    }

    async fn handle(&self, _: ActorRef<Message>, message: Message, total: &mut u64) -> Result<(), ActorProcessingErr> {
        // A caller that is gone needs no reply.
        match message {
            Message::Sum(a, b, reply) => _ = reply.send(a + b),
            Message::SumLater(a, b, reply) => {
                tokio::task::yield_now().await;
                let _ = reply.send(a + b);
            }
            Message::Echo(body, reply) => _ = reply.send(body),
            Message::Add(value) => *total += value,
            Message::Take(reply) => _ = reply.send(std::mem::take(total)),
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Client(ActorRef<Message>);

impl Client {
    async fn call<T: Send + 'static>(&self, message: impl FnOnce(RpcReplyPort<T>) -> Message + Send) -> T {
        match self.0.call(message, None).await.expect("an actor that runs") {
            CallResult::Success(answer) => answer,
            _ => panic!("no answer"),
        }
    }
}

impl Service for Client {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.call(|reply| Message::Sum(a, b, reply)).await
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.call(|reply| Message::SumLater(a, b, reply)).await
    }

    async fn echo(&self, body: Bytes) -> Bytes {
        self.call(|reply| Message::Echo(body.to_vec(), reply)).await.into()
    }

    async fn send(&self, n: u64) -> u64 {
        for sent in 1..=n {
            self.0.cast(Message::Add(1)).expect("an actor that runs");
            if sent % 512 == 0 {
                tokio::task::yield_now().await;
            }
        }
        self.call(Message::Take).await
    }
}

/// A node server that listens on `port` of the loopback interface.
async fn node(name: &str, port: u16) -> ActorRef<ractor_cluster::NodeServerMessage> {
    let loopback = "127.0.0.1".parse().expect("an address");
    let server = NodeServer::new(port, COOKIE.into(), name.into(), "localhost".into(), None, None);
    Actor::spawn(None, server.with_listen_addr(loopback), ()).await.expect("a node server").0
}

impl Remote for Client {
    async fn serve(_: Args) {
        Actor::spawn(None, Counter, ()).await.expect("an actor");
        // It does not tell which port it got: ask for a free one that was just given back.
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a port").port();
        let _node = node("server", port).await;
        harness::announce(format_args!("127.0.0.1:{port}"));
        std::future::pending().await
    }

    async fn connect(_: Args, address: String) -> Self {
        let node = node("client", 0).await;
        ractor_cluster::client_connect(&node, address).await.expect("a connection");
        loop {
            if let Some(counter) = pg::get_members(&GROUP.into()).into_iter().next() {
                return Self(counter.into());
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

fn main() {
    harness::remote::<Client>(Args::from_env())
}
