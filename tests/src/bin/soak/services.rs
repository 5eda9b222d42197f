//! What is called: services and modules that do a bit of everything, and keep nothing that grows.

#![allow(unreachable_pub, reason = "callable methods are `pub`, programs are not")]

use std::time::Duration;

use ember::{TimerHandle, prelude::*};
use tokio::time::sleep;

use crate::effects::executed;

/// An event.
#[derive(Debug)]
pub(crate) struct Rumour;

/// An error of the application.
#[message]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0} is odd")]
pub(crate) struct Odd(pub(crate) u64);

/// As many timers, or calls that wait for their answer, are kept at most.
const KEPT: usize = 16;

#[service(name = "worker")]
#[derive(Default)]
pub(crate) struct Worker {
    served: u64,
    waiting: Vec<Replier<u64>>,
    timers: Vec<TimerHandle>,
    #[module]
    parts: Modules<u32, Part>,
}

#[rpc]
impl Worker {
    #[every("50ms")]
    fn tick(&mut self) {
        self.served += 1;
    }

    #[on(event)]
    fn heard(&mut self, _: &Rumour) {
        self.served += 1;
    }

    #[on(down)]
    fn down(&mut self) {
        self.served += 1;
    }

    pub async fn rpc_echo(&mut self, n: u64) -> u64 {
        executed(n);
        self.served += 1;
        n
    }

    pub async fn rpc_slow(&mut self, n: u64, millis: u64) -> u64 {
        executed(n);
        // tidy: sleep: the work that a call stands for
        sleep(Duration::from_millis(millis)).await;
        n
    }

    #[rpc(cancel)]
    pub async fn rpc_cancel(&mut self, n: u64, millis: u64) -> u64 {
        executed(n);
        // tidy: sleep: the work that a call stands for
        sleep(Duration::from_millis(millis)).await;
        n
    }

    #[rpc(queued)]
    pub async fn rpc_queued(&mut self, n: u64) -> u64 {
        executed(n);
        n
    }

    pub async fn rpc_even(&mut self, n: u64) -> Result<u64, Odd> {
        executed(n);
        if n.is_multiple_of(2) { Ok(n) } else { Err(Odd(n)) }
    }

    pub async fn rpc_large(&mut self, data: Vec<u8>) -> Vec<u8> {
        data
    }

    pub async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        self.waiting.truncate(KEPT - 1);
        self.waiting.push(replier);
        deferred
    }

    pub async fn rpc_tell(&mut self, n: u64) {
        executed(n);
        for replier in self.waiting.drain(..) {
            replier.reply(n);
        }
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }

    /// Calls another, or itself, and does not wait.
    pub async fn rpc_then(&mut self, cx: &mut Cx<'_, Self>, n: u64, millis: u64) {
        let call = cx.client::<WorkerClient>().rpc_slow(n, millis).timeout(Duration::from_millis(500));
        call.then(cx, |me, _, _| me.served += 1);
    }

    /// Calls another, or itself, which is a cycle; the answer, or 0.
    pub async fn rpc_relay(&mut self, cx: &mut Cx<'_, Self>, n: u64) -> u64 {
        let call = cx.client::<WorkerClient>().rpc_echo(n).timeout(Duration::from_millis(500));
        call.await.unwrap_or(0)
    }

    pub async fn rpc_timers(&mut self, cx: &mut Cx<'_, Self>, cancel: bool) {
        let handle = cx.after(Duration::from_millis(30), |me, _| me.served += 1);
        if cancel {
            handle.cancel();
        }
        if self.timers.len() == KEPT {
            self.timers.drain(..).for_each(|timer| timer.cancel());
        }
        self.timers.push(cx.every(Duration::from_millis(10), |me, _| me.served += 1));
    }

    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }

    pub async fn rpc_unwatch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.unwatch(pid);
    }

    pub async fn rpc_spawn(&mut self, cx: &mut Cx<'_, Self>) -> Option<Pid> {
        let pid = cx.spawn(Guest::default()).await.ok()?;
        cx.watch(pid);
        Some(pid)
    }

    pub async fn rpc_insert(&mut self, key: u32) -> bool {
        self.parts.insert(key, Part::default()).is_none()
    }

    pub async fn rpc_remove(&mut self, key: u32) -> bool {
        if key.is_multiple_of(2) { self.parts.release(&key) } else { self.parts.remove(&key).is_some() }
    }
}

/// A module that comes and goes.
#[module]
#[derive(Default)]
pub(crate) struct Part {
    used: u64,
}

#[rpc]
impl Part {
    #[every("20ms")]
    fn tick(&mut self) {
        self.used += 1;
    }

    #[on(event)]
    fn heard(&mut self, _: &Rumour) {
        self.used += 1;
    }

    pub async fn rpc_use(&mut self, n: u64) -> u64 {
        executed(n);
        self.used += 1;
        tokio::task::yield_now().await;
        n
    }

    pub async fn rpc_break(&mut self) {
        panic!("on purpose");
    }
}

/// Spawned, and reached by its pid.
#[service(name = "guest")]
#[derive(Default)]
pub(crate) struct Guest {
    visits: u64,
}

#[rpc]
impl Guest {
    #[on(stop)]
    async fn stop(&mut self) {
        tokio::task::yield_now().await;
    }

    pub async fn rpc_visit(&mut self, n: u64) -> u64 {
        executed(n);
        self.visits += 1;
        n
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }

    pub async fn rpc_leave(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }
}

/// A worker that starts again, soon and as often as it must; its mailbox is small enough to be full now and then.
pub(crate) fn worker(id: &str) -> Hosted<Worker> {
    Hosted::with(Worker::default)
        .id(id)
        .mailbox(24)
        .budget(1000, Duration::from_secs(1))
        .back_off(Duration::from_millis(1), Duration::from_millis(20))
}

/// A guest that does not start again.
pub(crate) fn guest() -> Hosted<Guest> {
    Hosted::new(Guest::default()).on_panic(OnPanic::Stop)
}
