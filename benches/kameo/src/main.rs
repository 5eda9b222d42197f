//! kameo: one type for each message. Its default mailbox holds 64 messages; the variant `unbounded` has no bound.

use harness::{Args, Local, Service};
use kameo::prelude::{Actor, ActorRef, Context, Message, Spawn, mailbox};

#[derive(Actor, Default)]
struct Counter {
    total: u64,
}

struct Sum(i64, i64);
struct SumLater(i64, i64);
struct Add(u64);
struct Take;

impl Message<Sum> for Counter {
    type Reply = i64;

    async fn handle(&mut self, Sum(a, b): Sum, _: &mut Context<Self, i64>) -> i64 {
        a + b
    }
}

impl Message<SumLater> for Counter {
    type Reply = i64;

    async fn handle(&mut self, SumLater(a, b): SumLater, _: &mut Context<Self, i64>) -> i64 {
        tokio::task::yield_now().await;
        a + b
    }
}

impl Message<Add> for Counter {
    type Reply = ();

    async fn handle(&mut self, Add(value): Add, _: &mut Context<Self, ()>) {
        self.total += value;
    }
}

impl Message<Take> for Counter {
    type Reply = u64;

    async fn handle(&mut self, _: Take, _: &mut Context<Self, u64>) -> u64 {
        std::mem::take(&mut self.total)
    }
}

#[derive(Clone)]
struct Ref(ActorRef<Counter>);

impl Service for Ref {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.0.ask(Sum(a, b)).await.expect("an answer")
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.0.ask(SumLater(a, b)).await.expect("an answer")
    }

    async fn send(&self, n: u64) -> u64 {
        for _ in 0..n {
            self.0.tell(Add(1)).await.expect("an actor that runs");
        }
        self.0.ask(Take).await.expect("an answer")
    }
}

impl Local for Ref {
    async fn start(args: &Args) -> Self {
        Self(match args.variant.as_str() {
            "unbounded" => Counter::spawn_with_mailbox(Counter::default(), mailbox::unbounded()),
            _ => Counter::spawn(Counter::default()),
        })
    }
}

fn main() {
    harness::local::<Ref>(Args::from_env())
}
