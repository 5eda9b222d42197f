//! Calls of every kind, made by one lane after the other, and dropped at every point.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use ember::{Choice, Many, prelude::*};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::{
    dice::Dice,
    effects,
    services::{GuestClient, WorkerClient},
    tally::Tally,
};

/// The time-out that most calls have.
const DEADLINE: Duration = Duration::from_millis(400);
/// As long after its deadline a call has ended, on a busy machine, or it hangs.
const HANGS: Duration = Duration::from_secs(30);

/// Makes calls, one after the other.
pub(crate) struct Lane {
    /// Clients, as they keep no node alive.
    worker: WorkerClient,
    all: WorkerClient<Many>,
    guest: GuestClient,
    /// A guest that was seen.
    pid: Pid,
    tally: Tally,
    dice: Dice,
}

impl Lane {
    /// A lane of calls from `node`, which it does not keep alive.
    pub(crate) fn new(node: &Node, pid: Pid, tally: &Tally, mut dice: Dice) -> Self {
        let choice = dice.of(&[Choice::RoundRobin, Choice::Random, Choice::LocalFirst]).clone();
        let select = node.select::<WorkerClient>();
        let all = node.select::<WorkerClient>().all();
        let guest = node.select::<GuestClient>().pid(pid).client();
        let worker = match dice.roll(4) {
            0 => node.client::<WorkerClient>(),
            1 => select.by_key(dice.roll(8)).client(),
            _ => select.choice(choice).client(),
        };
        Self { worker, all, guest, pid, tally: tally.clone(), dice }
    }

    /// Makes `count` calls.
    pub(crate) async fn run(mut self, count: u64) {
        for _ in 0..count {
            self.call().await;
        }
    }

    async fn call(&mut self) {
        let n = effects::one();
        let worker = self.worker.clone();
        let key = u32::try_from(self.dice.roll(12)).unwrap_or(0);
        let millis = self.dice.roll(12);
        let part = worker.parts().key(key);
        match self.dice.roll(26) {
            0..=3 => self.end("echo", n, worker.rpc_echo(n), |it| *it == n).await,
            4 => self.end("echo with a key", n, worker.rpc_echo(n).key(n), |it| *it == n).await,
            5 => self.end("echo with a header", n, worker.rpc_echo(n).header("a", "b"), |it| *it == n).await,
            6 => self.end("slow", n, worker.rpc_slow(n, millis).timeout(DEADLINE), |it| *it == n).await,
            7 => {
                self.end("past its deadline", n, worker.rpc_slow(n, 20).timeout(Duration::from_millis(5)), |_| true)
                    .await
            }
            8 => self.end("cancel", n, worker.rpc_cancel(n, millis).timeout(DEADLINE), |it| *it == n).await,
            9 => self.end("queued", n, worker.rpc_queued(n), |it| *it == n).await,
            10 => self.end("even", n, worker.rpc_even(n), |it| *it == n).await,
            11 => self.end("later", n, worker.rpc_later().timeout(Duration::from_millis(80)), |_| true).await,
            12 => self.end("tell", n, worker.rpc_tell(n), |()| true).await,
            13 => self.end("then", n, worker.rpc_then(n, millis).timeout(DEADLINE), |()| true).await,
            14 => self.end("relay", n, worker.rpc_relay(n).timeout(DEADLINE), |it| *it == n || *it == 0).await,
            15 => self.end("timers", n, worker.rpc_timers(n.is_multiple_of(2)), |()| true).await,
            16 => self.end("insert", n, worker.rpc_insert(key).timeout(DEADLINE), |_| true).await,
            17 => self.end("remove", n, worker.rpc_remove(key).timeout(DEADLINE), |_| true).await,
            18 => self.end("use of a part", n, part.rpc_use(n).timeout(DEADLINE), |it| *it == n).await,
            19 if n.is_multiple_of(8) => self.end("break", n, part.rpc_break().timeout(DEADLINE), |()| true).await,
            20 if n.is_multiple_of(8) => self.end("panic", n, worker.rpc_panic().timeout(DEADLINE), |()| true).await,
            21 => self.large(&worker, n).await,
            22 => self.sends(&worker),
            23 => self.many().await,
            24 => self.guests(&worker, n).await,
            _ => self.end("echo in time", n, worker.rpc_echo(n).timeout(DEADLINE), |it| *it == n).await,
        }
    }

    async fn large(&mut self, worker: &WorkerClient, n: u64) {
        let size = *self.dice.of(&[1 << 10, 100 << 10, 300 << 10, 1 << 20]);
        let data = vec![7; size];
        self.end("large", n, worker.rpc_large(data).timeout(Duration::from_secs(3)), |it| it.len() == size).await;
    }

    /// One way; more of them than a mailbox takes now and then.
    fn sends(&mut self, worker: &WorkerClient) {
        for _ in 0..=self.dice.roll(40) {
            let n = effects::one();
            match worker.rpc_slow(n, 0).send() {
                Ok(()) => self.tally.count("sent one way"),
                Err(error) => {
                    self.tally.count("one way: refused");
                    effects::refused(n);
                    self.tally.refused("one way", error.refused.reason());
                }
            }
        }
    }

    async fn many(&mut self) {
        let n = effects::loose();
        let sent = self.all.rpc_slow(n, 0).send();
        for (_, refused) in &sent.refused {
            self.tally.refused("one way to many", refused.reason());
        }
        self.tally.count("sent to many");
        let all = polled(self.all.rpc_echo(n).timeout(DEADLINE).into_future(), self.dice.roll(6));
        match timeout(HANGS, all).await {
            Ok(Some(all)) => all.into_iter().for_each(|(_, it)| self.tally.outcome("to many", it, |it| *it == n)),
            Ok(None) => self.tally.count("dropped under way, to many"),
            Err(_) => self.tally.wrong(format!("a call to many hung: no end {HANGS:?} after it was made")),
        }
    }

    /// A guest is watched, visited, and leaves or fails; another comes.
    async fn guests(&mut self, worker: &WorkerClient, n: u64) {
        let (guest, pid) = (self.guest.clone(), self.pid);
        self.end("watch", effects::one(), worker.rpc_watch(pid).timeout(DEADLINE), |()| true).await;
        self.end("visit", n, guest.rpc_visit(n).timeout(DEADLINE), |it| *it == n).await;
        match self.dice.roll(4) {
            0 => self.end("unwatch", effects::one(), worker.rpc_unwatch(pid).timeout(DEADLINE), |()| true).await,
            1 if n.is_multiple_of(4) => {
                self.end("leave", effects::one(), guest.rpc_leave().timeout(DEADLINE), |()| true).await
            }
            2 if n.is_multiple_of(4) => {
                self.end("fail", effects::one(), guest.rpc_panic().timeout(DEADLINE), |()| true).await
            }
            _ => {}
        }
    }

    /// Makes the call with the number `n`, and waits for its end, or drops it at some point.
    async fn end<T, E: std::fmt::Debug>(
        &mut self,
        what: &str,
        n: u64,
        call: impl IntoFuture<Output = Result<T, CallError<E>>>,
        right: impl FnOnce(&T) -> bool,
    ) {
        let call = call.into_future().inspect(|outcome| {
            if matches!(outcome, Err(CallError::NotExecuted(_))) {
                effects::refused(n);
            }
        });
        match self.dice.roll(10) {
            0 => {
                drop(call);
                self.tally.count("dropped before it was made");
            }
            1..=4 => match timeout(HANGS, polled(call, self.dice.roll(4))).await {
                Ok(Some(outcome)) => self.tally.outcome(what, outcome, right),
                Ok(None) => self.tally.count("dropped under way"),
                Err(_) => self.tally.wrong(format!("`{what}` hung: no end {HANGS:?} after it was made")),
            },
            5 => match timeout(Duration::from_micros(self.dice.roll(3000)), call).await {
                Ok(outcome) => self.tally.outcome(what, outcome, right),
                Err(_) => self.tally.count("dropped under way"),
            },
            _ => match timeout(HANGS, call).await {
                Ok(outcome) => self.tally.outcome(what, outcome, right),
                Err(_) => self.tally.wrong(format!("`{what}` hung: no end {HANGS:?} after it was made")),
            },
        }
    }
}

/// Polls a future until it has been pending more often than `times`, and drops it then.
async fn polled<F: Future>(future: F, times: u64) -> Option<F::Output> {
    let (mut future, mut pending) = (pin!(future), 0);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if pending == times => Poll::Ready(None),
        Poll::Pending => {
            pending += 1;
            Poll::Pending
        }
    })
    .await
}
