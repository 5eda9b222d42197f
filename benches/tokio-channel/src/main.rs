//! The floor of every framework with mailboxes on tokio: one task, one `mpsc` channel, a `oneshot` for each reply.

use harness::{Args, Local, Service};
use tokio::sync::{mpsc, oneshot};

enum Message {
    Sum(i64, i64, oneshot::Sender<i64>),
    SumLater(i64, i64, oneshot::Sender<i64>),
    Add(u64),
    Take(oneshot::Sender<u64>),
}

async fn serve(mut mailbox: mpsc::Receiver<Message>) {
    let mut total = 0;
    while let Some(message) = mailbox.recv().await {
        // A caller that is gone needs no reply.
        match message {
            Message::Sum(a, b, reply) => _ = reply.send(a + b),
            Message::SumLater(a, b, reply) => {
                tokio::task::yield_now().await;
                let _ = reply.send(a + b);
            }
            Message::Add(value) => total += value,
            Message::Take(reply) => _ = reply.send(std::mem::take(&mut total)),
        }
    }
}

#[derive(Clone)]
struct Channel(mpsc::Sender<Message>);

impl Channel {
    async fn put(&self, message: Message) {
        self.0.send(message).await.expect("a task that runs");
    }
}

impl Service for Channel {
    async fn sum(&self, a: i64, b: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        self.put(Message::Sum(a, b, reply)).await;
        answer.await.expect("an answer")
    }

    async fn sum_later(&self, a: i64, b: i64) -> i64 {
        let (reply, answer) = oneshot::channel();
        self.put(Message::SumLater(a, b, reply)).await;
        answer.await.expect("an answer")
    }

    async fn send(&self, n: u64) -> u64 {
        for _ in 0..n {
            self.put(Message::Add(1)).await;
        }
        let (reply, answer) = oneshot::channel();
        self.put(Message::Take(reply)).await;
        answer.await.expect("an answer")
    }
}

impl Local for Channel {
    async fn start(_: &Args) -> Self {
        let (sender, mailbox) = mpsc::channel(1024);
        tokio::spawn(serve(mailbox));
        Self(sender)
    }
}

fn main() {
    harness::local::<Channel>(Args::from_env())
}
