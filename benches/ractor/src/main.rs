//! ractor: one message enum, replies over `RpcReplyPort`. Its mailboxes have no bound.

use harness::{Args, Local, Service};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, rpc::CallResult};

enum Message {
    Sum(i64, i64, RpcReplyPort<i64>),
    SumLater(i64, i64, RpcReplyPort<i64>),
    Add(u64),
    Take(RpcReplyPort<u64>),
}

struct Counter;

impl Actor for Counter {
    type Msg = Message;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(&self, _: ActorRef<Message>, message: Message, total: &mut u64) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Sum(a, b, reply) => drop(reply.send(a + b)),
            Message::SumLater(a, b, reply) => {
                tokio::task::yield_now().await;
                drop(reply.send(a + b));
            }
            Message::Add(value) => *total += value,
            Message::Take(reply) => drop(reply.send(std::mem::take(total))),
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Ref(ActorRef<Message>);

impl Ref {
    async fn call<T: Send + 'static>(&self, message: impl FnOnce(RpcReplyPort<T>) -> Message + Send) -> T {
        match self.0.call(message, None).await.expect("an actor that runs") {
            CallResult::Success(answer) => answer,
            _ => panic!("no answer"),
        }
    }
}

impl Service for Ref {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.call(|reply| Message::Sum(a, b, reply)).await
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.call(|reply| Message::SumLater(a, b, reply)).await
    }

    async fn send(&self, n: u64) -> u64 {
        for _ in 0..n {
            self.0.cast(Message::Add(1)).expect("an actor that runs");
        }
        self.call(Message::Take).await
    }
}

impl Local for Ref {
    async fn start(_: &Args) -> Self {
        Self(Actor::spawn(None, Counter, ()).await.expect("an actor").0)
    }
}

fn main() {
    harness::local::<Ref>(Args::from_env())
}
