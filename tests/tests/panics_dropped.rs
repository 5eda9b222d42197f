//! Values of the user's that panic when they are dropped: states, modules, panics themselves. Each is caught, said in the log, and counts
//! as the failure that it is; the service goes on as it is told to.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    fmt,
    panic::panic_any,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ember::{Error, LostReason, OnPanic, RefusedReason, ServiceState, prelude::*};
use ember_tests::{
    cluster::{lost, refused},
    logged::Logged,
    wait::within,
};

/// Panics when it is dropped, so often.
#[derive(Debug, Clone, Default)]
pub struct Bomb(Arc<AtomicU32>);

impl Bomb {
    fn times(count: u32) -> Self {
        Self(Arc::new(AtomicU32::new(count)))
    }

    fn go_off(&self, what: &str) {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err() || std::thread::panicking(), "{what} went off");
    }
}

pub struct Payload(Bomb);

impl Drop for Payload {
    fn drop(&mut self) {
        self.0.go_off("a payload");
    }
}

/// Its `Display` panics.
#[derive(Debug)]
pub struct Mute;

impl fmt::Display for Mute {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

impl std::error::Error for Mute {}

#[service(name = "fragile")]
#[derive(Default)]
pub struct Fragile {
    calls: u32,
    _bomb: OfState,
    payloads: Bomb,
    /// So many starts fail, without words.
    mute: Bomb,
    _reckless: Option<Reckless>,
    #[module]
    parts: Modules<u32, Part>,
}

#[derive(Default)]
pub struct OfState(Bomb);

impl Drop for OfState {
    fn drop(&mut self) {
        self.0.go_off("a state");
    }
}

#[module(parent = Fragile)]
#[derive(Default)]
pub struct Part {
    _bomb: OfModule,
    _reckless: Option<Reckless>,
}

/// Panics when it is dropped, also beside another panic.
pub struct Reckless;

impl Drop for Reckless {
    fn drop(&mut self) {
        panic!("a reckless one went off");
    }
}

#[derive(Default)]
pub struct OfModule(Bomb);

impl Drop for OfModule {
    fn drop(&mut self) {
        self.0.go_off("a module");
    }
}

#[rpc]
impl Part {
    #[on(stop)]
    fn stop(&mut self) -> ember::Result<()> {
        Err(Error::other(Mute))
    }

    pub async fn rpc_ping(&mut self) {}
}

#[rpc]
impl Fragile {
    #[on(start)]
    fn start(&mut self) -> ember::Result<()> {
        let fails = self.mute.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() { Err(Error::other(Mute)) } else { Ok(()) }
    }

    #[on(stop)]
    fn stop(&mut self) -> ember::Result<()> {
        if self.calls == 99 { Err(Error::other(Mute)) } else { Ok(()) }
    }

    pub async fn rpc_panic(&mut self) {
        panic!("as asked");
    }

    pub async fn rpc_panic_any(&mut self) {
        panic_any(Payload(self.payloads.clone()));
    }

    #[rpc(cancel)]
    pub async fn rpc_panic_any_cancelled(&mut self) {
        tokio::task::yield_now().await;
        panic_any(Payload(self.payloads.clone()));
    }

    pub async fn rpc_panic_back(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<FragileClient>().rpc_add().then(cx, |me: &mut Self, _, _| panic_any(Payload(me.payloads.clone())));
    }

    pub async fn rpc_panic_later(&mut self, cx: &mut Cx<'_, Self>) {
        cx.after(Duration::from_millis(1), |me, _| panic_any(Payload(me.payloads.clone())));
    }

    #[on(event)]
    fn heard(&mut self, _: &u8) {
        panic_any(Payload(self.payloads.clone()));
    }

    pub async fn rpc_add(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    pub async fn rpc_set(&mut self, calls: u32) {
        self.calls = calls;
    }

    /// Adds modules that panic as they are dropped.
    pub async fn rpc_mine(&mut self, release: bool) {
        for key in 10..16 {
            self.parts.insert(key, Part { _reckless: Some(Reckless), ..Part::default() });
            if release {
                self.parts.release(&key);
            }
        }
    }

    pub async fn rpc_release(&mut self) {
        self.parts.release(&1);
    }
}

/// Passes on what it is told of the end of its node.
struct Stopped(std::sync::mpsc::Sender<String>);

impl ember::hooks::NodeHooks for Stopped {
    fn stopped(&self, _: ember::NodeKey, late: Option<&str>) {
        let _ = self.0.send(late.unwrap_or_default().to_owned());
    }
}

#[derive(Default)]
struct Bombs {
    state: Bomb,
    payloads: Bomb,
    module: Bomb,
    mute: Bomb,
}

fn hosted(bombs: &Bombs) -> Hosted<Fragile> {
    let Bombs { state, payloads, module, mute } = bombs;
    let (bomb, payloads, module, mute) = (state.clone(), payloads.clone(), module.clone(), mute.clone());
    Hosted::with(move || {
        let mut parts = Modules::new();
        parts.insert(1, Part { _bomb: OfModule(module.clone()), _reckless: None });
        let (payloads, mute) = (payloads.clone(), mute.clone());
        Fragile { calls: 0, _bomb: OfState(bomb.clone()), payloads, mute, _reckless: None, parts }
    })
}

async fn node(bombs: &Bombs) -> (Node, FragileClient) {
    let node = Node::builder().seed(3).service(hosted(bombs)).start().await.unwrap();
    let client = node.client::<FragileClient>();
    (node, client)
}

fn says(logged: &Logged, what: &str) -> bool {
    logged.lines().iter().any(|line| line.contains("ERROR") && line.contains(what))
}

#[tokio::test(start_paused = true)]
async fn a_state_that_panics_as_it_is_dropped_is_started_again_like_any_other() {
    let logged = Logged::here();
    let (node, client) = node(&Bombs { state: Bomb::times(3), ..Bombs::default() }).await;
    for _ in 0..3 {
        assert_eq!(client.rpc_add().await, Ok(1));
        assert!(matches!(lost(client.rpc_panic().await), LostReason::Panicked(_)));
    }
    assert_eq!(client.rpc_add().timeout(Duration::from_secs(60)).await, Ok(1), "the budget allows five");
    assert!(says(&logged, "a state went off"), "{:?}", logged.lines());
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn states_that_panic_as_they_are_dropped_use_up_the_budget_and_no_more() {
    let (node, client) = node(&Bombs { state: Bomb::times(99), ..Bombs::default() }).await;
    for _ in 0..5 {
        assert!(matches!(lost(client.rpc_panic().timeout(Duration::from_secs(60)).await), LostReason::Panicked(_)));
    }
    assert_eq!(client.rpc_add().timeout(Duration::from_secs(60)).await, Ok(1), "five restarts are allowed");
    assert!(matches!(lost(client.rpc_panic().await), LostReason::Panicked(_)));
    let failed = |view: &ember::View| view.instances().iter().any(|it| it.state() == ServiceState::Failed);
    within("the service to fail", node.wait_for_view(failed)).await;
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_whose_payload_panics_as_it_is_dropped_is_a_panic_like_any_other() {
    let logged = Logged::here();
    let (node, client) = node(&Bombs { payloads: Bomb::times(99), ..Bombs::default() }).await;
    let pause = Duration::from_secs(60);
    assert!(matches!(lost(client.rpc_panic_any().await), LostReason::Panicked(_)));
    assert!(matches!(lost(client.rpc_panic_any_cancelled().timeout(pause).await), LostReason::Panicked(_)));
    client.rpc_panic_back().timeout(pause).await.unwrap();
    // tidy: sleep: the clock is paused: this is how long it may take to be called back, and to start again.
    tokio::time::sleep(Duration::from_secs(15)).await;
    client.rpc_panic_later().timeout(pause).await.unwrap();
    // tidy: sleep: the same
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(client.rpc_add().timeout(pause).await, Ok(1));
    assert_eq!(node.publish(7_u8), 1);
    assert_eq!(client.rpc_add().timeout(pause).await, Ok(1), "each was a restart: {:?}", logged.lines());
    let panics = logged.lines().iter().filter(|line| line.contains("a handler panicked")).count();
    assert_eq!(panics, 5, "{:?}", logged.lines());
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_payload_that_panics_harms_neither_who_runs_the_service_nor_who_calls_it_next() {
    let payloads = Bomb::times(99);
    let node = Node::builder().service(Fragile { payloads, ..Fragile::default() }).start().await.unwrap();
    let client = node.client::<FragileClient>();
    for call in 1..10 {
        assert!(matches!(lost(client.rpc_panic_any().await), LostReason::Panicked(_)));
        assert_eq!(client.rpc_add().await, Ok(call), "it resumes, without a factory");
    }
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_module_that_panics_as_it_is_dropped_is_a_panic_of_its_service() {
    let (node, client) = node(&Bombs { module: Bomb::times(1), ..Bombs::default() }).await;
    client.rpc_add().await.unwrap();
    client.rpc_release().await.unwrap();
    assert_eq!(client.rpc_add().timeout(Duration::from_secs(60)).await, Ok(1), "it was started again");
    client.rpc_release().await.unwrap();
    let absent = client.parts().key(1).rpc_ping().await;
    assert!(matches!(refused(absent), RefusedReason::NoModule { .. }));
    assert_eq!(client.rpc_add().await, Ok(2), "this time it went well");
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn modules_that_panic_as_they_are_dropped_all_at_once_are_one_panic_of_their_service() {
    let (node, client) = node(&Bombs::default()).await;
    client.rpc_add().await.unwrap();
    // They are dropped beside each other: where they are, and as soon as they are released without having been started.
    for released in [false, true] {
        client.rpc_mine(released).await.unwrap();
        let _failed = client.rpc_panic().await;
        assert_eq!(client.rpc_add().timeout(Duration::from_secs(60)).await, Ok(1), "it was started again: {released}");
    }
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn services_that_panic_as_they_are_dropped_before_they_were_started_are_no_more_than_a_start_that_fails() {
    let reckless = || Fragile { _reckless: Some(Reckless), ..Fragile::default() };
    let fails = Fragile { mute: Bomb::times(1), ..Fragile::default() };
    let start = Node::builder().service(fails).service(reckless()).service(reckless()).start();
    let started = start.await;
    assert!(matches!(started, Err(Error::ServiceStart { .. })), "{started:?}");
    // And given up before it began.
    let builder = Node::builder().service(reckless()).service(reckless());
    let _panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(builder)));
}

#[tokio::test(start_paused = true)]
async fn errors_without_words_and_states_that_panic_do_not_keep_a_restart_from_being_tried_again() {
    let bombs = Bombs { mute: Bomb::default(), state: Bomb::times(2), ..Bombs::default() };
    let (node, client) = node(&bombs).await;
    bombs.mute.0.store(2, Ordering::SeqCst);
    assert!(client.rpc_panic().await.is_err());
    assert_eq!(client.rpc_add().timeout(Duration::from_secs(60)).await, Ok(1));
    assert_eq!(bombs.mute.0.load(Ordering::SeqCst), 0);
    client.rpc_set(99).await.unwrap();
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_panics_with_a_payload_that_panics_is_tried_again() {
    let (bombs, makes) = (Bombs { payloads: Bomb::times(99), ..Bombs::default() }, Arc::new(AtomicU32::new(0)));
    let (payloads, made) = (bombs.payloads.clone(), Arc::clone(&makes));
    let factory = move || {
        let number = made.fetch_add(1, Ordering::SeqCst);
        if (1..=2).contains(&number) {
            panic_any(Payload(payloads.clone()));
        }
        Fragile::default()
    };
    let node = Node::builder().service(Hosted::with(factory)).start().await.unwrap();
    let client = node.client::<FragileClient>();
    assert!(client.rpc_panic().await.is_err());
    assert_eq!(client.rpc_add().timeout(Duration::from_secs(60)).await, Ok(1));
    assert_eq!(makes.load(Ordering::SeqCst), 4);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_with_a_state_that_panics_names_its_cause_all_the_same() {
    let bomb = Bomb::times(1);
    let first = Fragile { _bomb: OfState(bomb.clone()), mute: Bomb::times(1), ..Fragile::default() };
    let (said, words) = std::sync::mpsc::channel();
    let error = Node::builder().service(first).node_hooks(Stopped(said)).start().await.unwrap_err();
    assert!(matches!(error, Error::ServiceStart { .. }));
    assert_eq!(bomb.0.load(Ordering::SeqCst), 0);
    assert_eq!(
        words.try_recv().as_deref(),
        Ok("it did not start: an error that panicked as it was shown: no words"),
        "hooks are told as well"
    );
}

#[tokio::test(start_paused = true)]
async fn states_and_modules_that_panic_as_they_are_dropped_do_not_hold_up_a_shutdown() {
    for (on_panic, panics) in [(OnPanic::Restart, false), (OnPanic::Stop, true)] {
        let logged = Logged::here();
        let bombs = Bombs { state: Bomb::times(9), module: Bomb::times(9), ..Bombs::default() };
        let node = Node::builder().service(hosted(&bombs).on_panic(on_panic)).start().await.unwrap();
        let last = node.spawn(Fragile { _bomb: OfState(Bomb::times(1)), ..Fragile::default() }).await.unwrap();
        if panics {
            let panicked = node.client::<FragileClient>().rpc_panic().await;
            assert!(matches!(lost(panicked), LostReason::Panicked(_)));
        }
        let began = tokio::time::Instant::now();
        node.shutdown().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5));
        assert!(says(&logged, "a state went off"), "{:?}", logged.lines());
        assert!(!node.stop(last));
    }
}
