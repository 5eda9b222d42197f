//! actix: its actors live on arbiters, one thread each. As it comes, callers and actors share the arbiter of the system
//! (one thread); with workers there is a second arbiter for the actors.

use actix::{Actor, Addr, Arbiter, Context, Handler, Message, ResponseFuture};
use harness::{Args, Local, Service};

#[derive(Default)]
struct Counter {
    total: u64,
}

impl Actor for Counter {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "i64")]
struct Sum(i64, i64);

#[derive(Message)]
#[rtype(result = "i64")]
struct SumLater(i64, i64);

#[derive(Message)]
#[rtype(result = "()")]
struct Add(u64);

#[derive(Message)]
#[rtype(result = "u64")]
struct Take;

impl Handler<Sum> for Counter {
    type Result = i64;

    fn handle(&mut self, Sum(a, b): Sum, _: &mut Context<Self>) -> i64 {
        a + b
    }
}

impl Handler<SumLater> for Counter {
    type Result = ResponseFuture<i64>;

    fn handle(&mut self, SumLater(a, b): SumLater, _: &mut Context<Self>) -> ResponseFuture<i64> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            a + b
        })
    }
}

impl Handler<Add> for Counter {
    type Result = ();

    fn handle(&mut self, Add(value): Add, _: &mut Context<Self>) {
        self.total += value;
    }
}

impl Handler<Take> for Counter {
    type Result = u64;

    fn handle(&mut self, _: Take, _: &mut Context<Self>) -> u64 {
        std::mem::take(&mut self.total)
    }
}

#[derive(Clone)]
struct Ref(Addr<Counter>);

impl Service for Ref {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        self.0.send(Sum(a, b)).await.expect("an answer")
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        self.0.send(SumLater(a, b)).await.expect("an answer")
    }

    async fn send(&self, n: u64) -> u64 {
        for _ in 0..n {
            self.0.do_send(Add(1));
        }
        self.0.send(Take).await.expect("an answer")
    }
}

thread_local! {
    /// The second arbiter; only the thread of `main` starts actors.
    static SECOND: std::cell::OnceCell<Arbiter> = const { std::cell::OnceCell::new() };
}

impl Local for Ref {
    async fn start(args: &Args) -> Self {
        if args.workers == 0 {
            return Self(Counter::default().start());
        }
        let second = SECOND.with(|second| second.get_or_init(Arbiter::new).handle());
        Self(Counter::start_in_arbiter(&second, |_| Counter::default()))
    }
}

fn main() {
    let args = Args::from_env();
    args.pin_process();
    actix::System::new().block_on(async move { harness::measure::<Ref>(args).await.finish() })
}
