//! A service that streams, in all ways.

#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::unwrap_used,
    reason = "the names of test services say it all"
)]

use ember::prelude::*;
use tokio::sync::watch;

#[message]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no such topic")]
pub struct NoTopic;

/// What a contract may say.
#[rpc]
pub trait Ticks {
    async fn rpc_ticks(&self, count: u64) -> Streaming<u64>;
}

/// How many senders of a paper are open, and how far the present one is.
#[derive(Default, Clone, Debug)]
pub struct Seen {
    /// Of those that stream from tasks.
    pub open: watch::Sender<usize>,
    pub sent: watch::Sender<u64>,
    /// The service has stopped.
    pub stopped: watch::Sender<bool>,
}

#[service(implements(Ticks))]
#[derive(Default)]
pub struct Paper {
    pub kept: Vec<StreamSender<String>>,
    pub seen: Seen,
}

#[rpc]
impl Ticks for Paper {
    async fn rpc_ticks(&mut self, cx: &mut Cx<'_, Self>, count: u64) -> Streaming<u64> {
        let (tx, ticks) = cx.streaming(8);
        let seen = self.seen.clone();
        seen.open.send_modify(|open| *open += 1);
        tokio::spawn(async move {
            for number in 0..count {
                if tx.send(number).await.is_err() {
                    break;
                }
                seen.sent.send_replace(number + 1);
            }
            if count == 0 {
                tx.closed().await;
            }
            drop(tx);
            seen.open.send_modify(|open| *open -= 1);
        });
        ticks
    }
}

#[rpc]
impl Paper {
    #[on(stop)]
    fn stop(&mut self) {
        self.seen.stopped.send_replace(true);
    }

    /// Keeps the sender.
    pub async fn rpc_feed(&mut self, cx: &mut Cx<'_, Self>, topic: String) -> Result<Streaming<String>, NoTopic> {
        if topic.is_empty() {
            return Err(NoTopic);
        }
        let (tx, lines) = cx.streaming(4);
        tx.try_send(format!("about {topic}")).unwrap();
        self.kept.push(tx);
        Ok(lines)
    }

    #[rpc(codec = "json")]
    pub fn rpc_json(&mut self, cx: &mut Cx<'_, Self>, sizes: Vec<usize>) -> Streaming<String> {
        let (tx, texts) = cx.streaming(100);
        sizes.into_iter().for_each(|size| tx.try_send("x".repeat(size)).unwrap());
        texts
    }

    /// Numbers, four at a time, with pauses.
    pub async fn rpc_bursts(&mut self, cx: &mut Cx<'_, Self>, count: u64) -> Streaming<u64> {
        let (tx, numbers) = cx.streaming(4);
        tokio::spawn(async move {
            for number in 0..count {
                if number % 4 == 0 {
                    // tidy: sleep: pauses are what it is for
                    tokio::time::sleep(std::time::Duration::from_millis(90)).await;
                }
                if tx.send(number).await.is_err() {
                    return;
                }
            }
        });
        numbers
    }

    /// When the service has stopped, and everything has long been sent.
    pub async fn rpc_much_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<Streaming<u64>> {
        let ((reply, replier), (tx, numbers)) = (cx.defer(), cx.streaming(2));
        [7, 8].into_iter().for_each(|number| tx.try_send(number).unwrap());
        let seen = self.seen.clone();
        seen.sent.send_replace(2);
        tokio::spawn(async move {
            let stopped = seen.stopped.subscribe().wait_for(|stopped| *stopped).await.map(drop);
            stopped.expect("it is seen");
            replier.reply(numbers);
        });
        reply
    }

    /// Later.
    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<Streaming<u64>> {
        let ((reply, replier), (tx, numbers)) = (cx.defer(), cx.streaming(2));
        tx.try_send(7).unwrap();
        tokio::spawn(async move { replier.reply(numbers) });
        reply
    }

    /// The same, kept open.
    pub async fn rpc_kept(&mut self, cx: &mut Cx<'_, Self>, sizes: Vec<usize>) -> Streaming<String> {
        let (tx, texts) = cx.streaming(sizes.len().max(1));
        sizes.into_iter().for_each(|size| tx.try_send("x".repeat(size)).unwrap());
        self.kept.push(tx);
        texts
    }

    pub async fn rpc_say(&mut self, line: String) -> u32 {
        self.kept.retain(|tx| !tx.is_closed());
        self.kept.iter().filter(|tx| tx.try_send(line.clone()).is_ok()).count() as u32
    }

    pub async fn rpc_end(&mut self) {
        self.kept.clear();
    }

    pub async fn rpc_stop(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }

    pub async fn rpc_panic(&mut self) {
        let _taken = std::mem::take(&mut self.kept);
        panic!("on purpose");
    }

    pub async fn rpc_panic_with_state(&mut self) {
        panic!("on purpose");
    }
}

impl Paper {
    /// One that tells what it sees.
    pub fn hosted(seen: &Seen) -> Hosted<Self> {
        let seen = seen.clone();
        Hosted::with(move || Self { kept: Vec::new(), seen: seen.clone() })
    }
}
