//! The services of these tests, and what they see of themselves.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ember::prelude::*;
use ember_tests::gate::Gate;
use tokio::time::sleep;

/// What handlers see of each other.
#[derive(Clone, Default)]
pub struct Seen {
    pub gate: Gate,
    at_once: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    keys: Arc<Mutex<BTreeMap<u64, Of>>>,
    pub lives: Arc<AtomicUsize>,
    pub stopped: Arc<AtomicUsize>,
    pub ticks: Arc<AtomicUsize>,
    pub events: Arc<AtomicUsize>,
    pub missed: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Of {
    inside: usize,
    /// There were two inside.
    met: bool,
    numbers: Vec<u64>,
}

/// A handler that runs.
pub struct Inside(Seen, Option<u64>);

impl Seen {
    fn keys(&self) -> MutexGuard<'_, BTreeMap<u64, Of>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn enter(&self, of: Option<(u64, u64)>) -> Inside {
        self.most.fetch_max(self.at_once.fetch_add(1, SeqCst) + 1, SeqCst);
        if let Some((key, number)) = of {
            let mut keys = self.keys();
            let of = keys.entry(key).or_default();
            of.inside += 1;
            of.met |= of.inside > 1;
            of.numbers.push(number);
        }
        Inside(self.clone(), of.map(|(key, _)| key))
    }

    /// The most that ran at once, since this was asked last.
    pub fn most(&self) -> usize {
        self.most.swap(0, SeqCst)
    }

    pub fn now(&self) -> usize {
        self.at_once.load(SeqCst)
    }

    /// A key of which two handlers ran at once, since it was asked for the order last.
    pub fn met(&self) -> Option<u64> {
        self.keys().iter().find(|(_, of)| of.met).map(|(key, _)| *key)
    }

    /// In which order the calls of each key ran, since this was asked last. To be asked while none runs.
    pub fn order(&self) -> BTreeMap<u64, Vec<u64>> {
        assert_eq!(self.met(), None, "two handlers of one key at once");
        std::mem::take(&mut *self.keys()).into_iter().map(|(key, of)| (key, of.numbers)).collect()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.at_once.fetch_sub(1, SeqCst);
        if let Some(key) = self.1
            && let Some(of) = self.0.keys().get_mut(&key)
        {
            of.inside -= 1;
        }
    }
}

#[message]
pub struct Rang;

#[rpc]
pub trait Rooms {
    #[rpc(key = "player")]
    async fn rpc_enter(&self, player: u64, number: u64) -> u64;
}

#[module(concurrent)]
#[derive(Default)]
pub struct Desk {
    asked: AtomicUsize,
}

#[rpc]
impl Desk {
    #[on(start)]
    async fn open(&mut self) {
        *self.asked.get_mut() = 100;
    }

    pub async fn rpc_ask(&self) -> usize {
        self.asked.fetch_add(1, SeqCst)
    }
}

#[service(concurrent, workers = 4, implements(Rooms))]
pub struct Hall {
    pub seen: Seen,
    pub calls: AtomicUsize,
    #[module]
    pub desk: Module<Desk>,
}

impl Hall {
    pub fn new(seen: &Seen) -> Self {
        Self { seen: seen.clone(), calls: AtomicUsize::new(0), desk: Module::default() }
    }
}

#[rpc]
impl Rooms for Hall {
    async fn rpc_enter(&self, player: u64, number: u64) -> u64 {
        self.rpc_move(player, number, 0).await
    }
}

#[rpc]
impl Hall {
    #[on(start)]
    async fn begin(&mut self) {
        *self.calls.get_mut() = 1000 * self.seen.lives.fetch_add(1, SeqCst);
    }

    #[on(stop)]
    async fn end(&mut self) {
        assert_eq!(self.seen.now(), 0, "a handler runs yet");
        self.seen.stopped.fetch_add(1, SeqCst);
    }

    #[every("1h")]
    async fn tick(&self) {
        let _inside = self.seen.enter(None);
        self.seen.ticks.fetch_add(1, SeqCst);
        self.seen.gate.pass().await;
    }

    #[on(event)]
    async fn rang(&self, _event: &Rang) {
        let _inside = self.seen.enter(None);
        self.seen.events.fetch_add(1, SeqCst);
        self.seen.gate.pass().await;
    }

    #[on(missed)]
    async fn gap(&self, _missed: &Missed) {
        let _inside = self.seen.enter(None);
        self.seen.missed.fetch_add(1, SeqCst);
        self.seen.gate.pass().await;
    }

    /// Takes so many milliseconds.
    #[rpc(key = "player")]
    pub async fn rpc_move(&self, player: u64, number: u64, takes: u64) -> u64 {
        let _inside = self.seen.enter(Some((player, number)));
        if takes > 0 {
            // tidy: sleep: it stands for work.
            sleep(Duration::from_millis(takes)).await;
        }
        number
    }

    pub async fn rpc_work(&self, takes: u64) -> usize {
        let _inside = self.seen.enter(None);
        // tidy: sleep: it stands for work.
        sleep(Duration::from_millis(takes)).await;
        self.calls.fetch_add(1, SeqCst)
    }

    pub async fn rpc_count(&self) -> usize {
        let _inside = self.seen.enter(None);
        self.calls.fetch_add(1, SeqCst)
    }

    pub async fn rpc_counted(&self) -> usize {
        self.calls.load(SeqCst)
    }

    pub async fn rpc_wait(&self) -> usize {
        let _inside = self.seen.enter(None);
        self.seen.gate.pass().await;
        self.calls.load(SeqCst)
    }

    #[rpc(cancel)]
    pub async fn rpc_wait_while_wanted(&self) {
        let _inside = self.seen.enter(None);
        self.seen.gate.pass().await;
    }

    pub async fn rpc_panic(&self) {
        let _inside = self.seen.enter(None);
        panic!("as it was told");
    }

    pub async fn rpc_wait_and_panic(&self) {
        self.seen.gate.pass().await;
        panic!("as it was told");
    }

    pub async fn rpc_stop(&self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }

    /// Calls itself so many times, each within the last.
    pub async fn rpc_deep(&self, cx: &mut Cx<'_, Self>, depth: u32) -> Result<u32, String> {
        if depth == 0 {
            return Ok(0);
        }
        let inner = cx.client::<HallClient>().rpc_deep(depth - 1).await;
        inner.map(|depth| depth + 1).map_err(|error| error.to_string())
    }

    #[rpc(key = "player")]
    pub async fn rpc_visit(&self, cx: &mut Cx<'_, Self>, player: u64, other: u64) -> Result<u64, String> {
        let _ = player;
        cx.client::<HallClient>().rpc_move(other, 7, 0).await.map_err(|error| error.to_string())
    }

    /// Does not wait for it: the callback comes to a worker.
    pub async fn rpc_later(&self, cx: &mut Cx<'_, Self>) -> Deferred<(u64, usize)> {
        let (later, replier) = cx.defer();
        cx.client::<HallClient>().rpc_move(3, 9, 1).then(cx, move |me, _, moved| {
            replier.reply((moved.expect("it moved"), me.calls.load(SeqCst)));
        });
        later
    }

    /// Asks more often than there are places for answers: how many were told that there was none.
    pub async fn rpc_ask_in_vain(&self, cx: &mut Cx<'_, Self>, times: u64) {
        for number in 0..times {
            cx.client::<HallClient>().rpc_move(number, 0, 0).then(cx, |me, _, _| {
                me.calls.fetch_add(1, SeqCst);
            });
        }
    }
}

/// One whose workers come and go.
#[service(concurrent, workers = 2..=16)]
pub struct Lungs {
    pub seen: Seen,
}

#[rpc]
impl Lungs {
    #[rpc(key = "player")]
    pub async fn rpc_breathe(&self, player: u64, number: u64, takes: u64) {
        let _inside = self.seen.enter(Some((player, number)));
        // tidy: sleep: it stands for work.
        sleep(Duration::from_millis(takes)).await;
    }

    pub async fn rpc_wait(&self) {
        let _inside = self.seen.enter(None);
        self.seen.gate.pass().await;
    }

    /// Until the other one is here too.
    pub async fn rpc_meet(&self) -> bool {
        let began = tokio::time::Instant::now();
        self.seen.ticks.fetch_add(1, SeqCst);
        while self.seen.ticks.load(SeqCst) < 2 {
            if began.elapsed() > ember_tests::wait::PATIENCE {
                return false;
            }
            std::hint::spin_loop();
        }
        true
    }
}
