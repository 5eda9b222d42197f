//! Modules under keys: they come and go while their service runs.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

use std::sync::{Arc, Mutex, PoisonError};

use ember::{CallError, RefusedReason, prelude::*};

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Debug, Clone)]
pub struct Bell;

#[service]
#[derive(Default)]
pub struct Player {
    log: Log,
    gold: u64,
    #[module]
    bags: Modules<u32, Bag>,
}

#[rpc]
impl Player {
    #[on(start)]
    fn start(&mut self) {
        self.log.add("player start");
    }

    #[on(stop)]
    fn stop(&mut self) {
        self.log.add("player stop");
    }

    pub async fn rpc_add(&mut self, key: u32) -> bool {
        let bag = Bag::new(&self.log, key);
        let replaced = self.bags.insert(key, bag).is_some();
        self.log.add(format!("add {key} ends"));
        replaced
    }

    pub async fn rpc_add_many(&mut self, keys: Vec<u32>) {
        for key in keys {
            self.bags.insert(key, Bag::new(&self.log, key));
        }
    }

    pub async fn rpc_add_broken(&mut self, key: u32) {
        let mut bag = Bag::new(&self.log, key);
        bag.broken = true;
        self.bags.insert(key, bag);
    }

    pub async fn rpc_release(&mut self, key: u32) -> bool {
        self.bags.release(&key)
    }

    pub async fn rpc_remove(&mut self, key: u32) -> Option<u32> {
        self.bags.remove(&key).map(|bag| bag.items)
    }

    /// Takes a bag out, and puts it back in under another key.
    pub async fn rpc_move(&mut self, from: u32, to: u32) {
        if let Some(bag) = self.bags.remove(&from) {
            self.bags.insert(to, bag);
        }
    }

    /// Lets a bag go, and has another in its place at once.
    pub async fn rpc_renew(&mut self, key: u32) {
        self.bags.release(&key);
        self.bags.insert(key, Bag::new(&self.log, key + 1000));
    }

    pub async fn rpc_keys(&mut self) -> Vec<u32> {
        assert_eq!(self.bags.len(), self.bags.keys().count());
        assert_eq!(self.bags.is_empty(), self.bags.iter_mut().count() == 0);
        self.bags.iter().map(|(key, _)| *key).collect()
    }

    pub async fn api_gold(&mut self) -> u64 {
        self.gold
    }

    pub async fn rpc_ring(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        u32::try_from(cx.publish(Bell)).unwrap_or(u32::MAX)
    }
}

#[module(parent = Player)]
pub struct Bag {
    log: Log,
    number: u32,
    items: u32,
    broken: bool,
    #[module]
    lock: Module<Lock>,
    #[module]
    pockets: Modules<String, Pocket>,
}

impl Bag {
    fn new(log: &Log, number: u32) -> Self {
        let lock = Module::new(Lock { log: log.clone() });
        Self { log: log.clone(), number, items: 0, broken: false, lock, pockets: Modules::new() }
    }
}

impl Drop for Bag {
    fn drop(&mut self) {
        self.log.add(format!("bag {} dropped", self.number));
    }
}

#[rpc]
impl Bag {
    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) -> ember::Result<()> {
        cx.parent().gold += 1;
        self.log.add(format!("bag {} start", self.number));
        if self.broken { Err(ember::Error::other("broken")) } else { Ok(()) }
    }

    #[on(started)]
    async fn started(&mut self) {
        self.log.add(format!("bag {} started", self.number));
    }

    #[on(stop)]
    async fn stop(&mut self) {
        tokio::task::yield_now().await;
        self.log.add(format!("bag {} stop", self.number));
    }

    #[on(event)]
    fn bell(&mut self, _event: &Bell) {
        self.log.add(format!("bag {} hears", self.number));
    }

    #[every("10ms")]
    fn tick(&mut self) {
        self.items += 1;
    }

    pub async fn rpc_put(&mut self, cx: &mut Cx<'_, Self>, count: u32) -> u32 {
        tokio::task::yield_now().await;
        cx.parent().gold += 10;
        self.items += count;
        self.number
    }

    pub async fn rpc_items(&mut self) -> u32 {
        self.items
    }

    pub async fn api_number(&mut self) -> u32 {
        self.number
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
    }

    pub async fn rpc_wait_for_ever(&mut self) {
        self.log.add("waiting");
        std::future::pending::<()>().await;
    }

    pub async fn rpc_reach_myself(&mut self, cx: &mut Cx<'_, Self>, key: u32) -> String {
        let me = cx.parent().bags.try_get(&key).map(|bag| bag.is_some());
        assert_eq!(cx.parent().bags.iter().filter(|(other, _)| **other == key).count(), 0);
        me.expect_err("it is in use").to_string()
    }

    /// Ends itself, by its parent.
    pub async fn rpc_end_myself(&mut self, cx: &mut Cx<'_, Self>, key: u32) -> u32 {
        assert!(cx.parent().bags.remove(&key).is_none(), "a module in use does not come out");
        tokio::task::yield_now().await;
        assert!(!cx.parent().bags.contains(&key));
        self.items += 1;
        self.items
    }

    pub async fn rpc_replace_myself(&mut self, cx: &mut Cx<'_, Self>, key: u32) {
        let new = Self::new(&self.log, key + 100);
        assert!(cx.parent().bags.insert(key, new).is_none());
    }

    pub async fn rpc_add_pocket(&mut self, name: String) {
        let pocket = Pocket { log: self.log.clone(), name: name.clone(), opened: 0 };
        self.pockets.insert(name, pocket);
    }

    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>) {
        let other = cx.client::<EchoClient>().rpc_echo(7);
        other.then(cx, |me, _, _| me.log.add(format!("bag {} called back", me.number)));
    }

    pub async fn rpc_set_timer(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every(std::time::Duration::from_millis(10), |me, cx| {
            cx.parent().gold += 1;
            me.log.add(format!("bag {} alarm", me.number));
        });
    }
}

#[module(parent = Bag)]
pub struct Lock {
    log: Log,
}

#[rpc]
impl Lock {
    #[on(start)]
    fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.add(format!("lock of {} start", cx.parent().number));
    }

    #[on(stop)]
    fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.add(format!("lock of {} stop", cx.parent().number));
    }

    pub async fn rpc_turn(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        cx.parent().number
    }
}

#[module(parent = Bag)]
pub struct Pocket {
    log: Log,
    name: String,
    opened: u32,
}

#[rpc]
impl Pocket {
    #[on(start)]
    fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.add(format!("pocket {} of {} start", self.name, cx.parent().number));
    }

    #[on(stop)]
    fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.add(format!("pocket {} of {} stop", self.name, cx.parent().number));
    }

    pub async fn rpc_open(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        self.opened += 1;
        cx.parent().items += 1;
        self.opened
    }
}

#[service]
#[derive(Default)]
pub struct Echo;

#[rpc]
impl Echo {
    pub async fn rpc_echo(&mut self, value: u32) -> u32 {
        value
    }
}

async fn start() -> (Node, Log, PlayerClient) {
    let log = Log::default();
    let player = Player { log: log.clone(), ..Player::default() };
    let node = Node::builder().service(player).service(Echo).start().await.expect("the node starts");
    let client = node.client::<PlayerClient>();
    (node, log, client)
}

/// Waits until the log has the line.
async fn logged(log: &Log, line: &str) {
    let found = async {
        while !log.0.lock().unwrap().iter().any(|it| it == line) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), found).await;
    waited.unwrap_or_else(|_| panic!("waited for `{line}` in {:?}", log.0.lock().unwrap()));
}

fn refused(error: &CallError) -> &RefusedReason {
    match error {
        CallError::NotExecuted(refused) => refused.reason(),
        other => panic!("expected a refusal, got {other}"),
    }
}

#[tokio::test]
async fn a_key_leads_to_its_own_module_with_its_parent() {
    let (node, _, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    assert_eq!(player.bags().key(1).rpc_put(5).await.unwrap(), 1);
    assert_eq!(player.bags().key(2).rpc_put(7).await.unwrap(), 2);
    let local = node.local::<Player>();
    assert_eq!(local.api_gold().await.unwrap(), 22);
    assert_eq!(local.bags().key(2).api_number().await.unwrap(), 2);
    assert_eq!(player.bags().key(2).lock().rpc_turn().await.unwrap(), 2);
    assert_eq!(player.rpc_keys().await.unwrap(), [1, 2]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_absent_key_is_a_refusal_that_names_module_and_key() {
    let (node, _, player) = start().await;
    let error = player.bags().key(9).rpc_put(5).await.unwrap_err();
    assert_eq!(*refused(&error), RefusedReason::NoModule { module: "Bag".into(), key: "9".into() });
    assert!(error.to_string().ends_with("there is no module `Bag` under the key 9"), "{error}");
    player.rpc_add(9).await.unwrap();
    let error = player.bags().key(9).pockets().key("left".to_owned()).rpc_open().await.unwrap_err();
    assert_eq!(*refused(&error), RefusedReason::NoModule { module: "Pocket".into(), key: "\"left\"".into() });
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_starts_after_the_handler_and_stops_before_its_parent() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_add_pocket("left".into()).await.unwrap();
    node.shutdown().await.unwrap();
    assert_eq!(
        log.take(),
        [
            "player start",
            "add 1 ends",
            "bag 1 start",
            "lock of 1 start",
            "bag 1 started",
            "pocket left of 1 start",
            "pocket left of 1 stop",
            "lock of 1 stop",
            "bag 1 stop",
            "bag 1 dropped",
            "player stop",
        ]
    );
}

#[tokio::test]
async fn a_released_module_stops_with_all_within_it_and_is_gone() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_add_pocket("left".into()).await.unwrap();
    logged(&log, "pocket left of 1 start").await;
    log.take();
    assert!(player.rpc_release(1).await.unwrap());
    assert!(!player.rpc_release(1).await.unwrap());
    assert_eq!(log.take(), ["pocket left of 1 stop", "lock of 1 stop", "bag 1 stop", "bag 1 dropped"]);
    // Releasing a module takes nothing from its parent.
    assert_eq!(player.rpc_keys().await.unwrap(), [0; 0]);
    assert!(matches!(refused(&player.bags().key(1).rpc_items().await.unwrap_err()), RefusedReason::NoModule { .. }));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn another_under_the_same_key_does_not_stand_in_for_the_one_that_stops() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_add_pocket("left".into()).await.unwrap();
    player.rpc_keys().await.unwrap();
    log.take();
    player.rpc_renew(1).await.unwrap();
    assert_eq!(player.bags().key(1).rpc_put(0).await.unwrap(), 1001);
    assert_eq!(
        log.take(),
        [
            "pocket left of 1 stop",
            "lock of 1 stop",
            "bag 1 stop",
            "bag 1 dropped",
            "bag 1001 start",
            "lock of 1001 start",
            "bag 1001 started",
        ]
    );
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_that_does_not_start_is_removed_and_its_service_goes_on() {
    let (node, log, player) = start().await;
    player.rpc_add_broken(1).await.unwrap();
    assert_eq!(player.rpc_keys().await.unwrap(), [0; 0]);
    assert!(log.take().contains(&"bag 1 dropped".to_owned()));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn modules_of_the_first_hour_start_with_their_service_and_fail_with_it() {
    let log = Log::default();
    let mut player = Player { log: log.clone(), ..Player::default() };
    player.bags.insert(1, Bag::new(&log, 1));
    let node = Node::builder().service(player).start().await.unwrap();
    logged(&log, "bag 1 started").await;
    assert_eq!(log.take(), ["player start", "bag 1 start", "lock of 1 start", "bag 1 started"]);
    assert_eq!(node.client::<PlayerClient>().bags().key(1).rpc_put(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();

    let mut player = Player { log: log.clone(), ..Player::default() };
    let mut bag = Bag::new(&log, 1);
    bag.broken = true;
    player.bags.insert(1, bag);
    let error = Node::builder().service(player).start().await.unwrap_err();
    assert_eq!(error.to_string(), "the service `Player` did not start: broken");
}

#[tokio::test]
async fn a_module_in_use_can_be_seen_as_such_by_itself() {
    let (node, _, player) = start().await;
    player.rpc_add(1).await.unwrap();
    let busy = player.bags().key(1).rpc_reach_myself(1).await.unwrap();
    assert!(busy.contains("`Bag` is in use"), "{busy}");
    assert_eq!(player.bags().key(1).rpc_put(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_panic_puts_the_module_back() {
    let (node, _, player) = start().await;
    player.rpc_add(1).await.unwrap();
    assert!(matches!(player.bags().key(1).rpc_panic().await, Err(CallError::MaybeExecuted(_))));
    assert_eq!(player.bags().key(1).rpc_put(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_that_ends_itself_answers_then_stops() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    log.take();
    assert!(player.bags().key(1).rpc_end_myself(1).await.unwrap() > 0);
    assert_eq!(player.rpc_keys().await.unwrap(), [0; 0]);
    let log = log.take();
    assert_eq!(log[log.len() - 3..], ["lock of 1 stop", "bag 1 stop", "bag 1 dropped"]);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_module_that_replaces_itself_leaves_the_key_to_the_other() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    player.bags().key(1).rpc_replace_myself(1).await.unwrap();
    assert_eq!(player.bags().key(1).rpc_put(0).await.unwrap(), 101);
    let log = log.take();
    let tail: Vec<_> = log.iter().rev().take(6).rev().collect();
    assert_eq!(
        tail,
        ["lock of 1 stop", "bag 1 stop", "bag 1 dropped", "bag 101 start", "lock of 101 start", "bag 101 started"]
    );
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_removed_module_is_given_out_and_starts_again_where_it_is_put() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    let bag = player.bags().key(1);
    bag.rpc_put(5).await.unwrap();
    bag.rpc_add_pocket("left".into()).await.unwrap();
    player.rpc_keys().await.unwrap();
    log.take();
    player.rpc_move(1, 2).await.unwrap();
    assert_eq!(player.bags().key(2).pockets().key("left".to_owned()).rpc_open().await.unwrap(), 1);
    assert_eq!(log.take(), ["bag 1 start", "lock of 1 start", "pocket left of 1 start", "bag 1 started"]);
    assert!(player.rpc_remove(2).await.unwrap().is_some_and(|items| items >= 6));
    assert_eq!(log.take(), ["bag 1 dropped"], "a module that was taken out does not stop by itself");
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_callback_comes_back_to_the_module_that_asked() {
    let (node, log, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    player.bags().key(2).rpc_ask().await.unwrap();
    logged(&log, "bag 2 called back").await;
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_handler_puts_the_module_back() {
    let (node, log, player) = start().await;
    player.rpc_add(1).await.unwrap();
    let waits = tokio::spawn({
        let bag = player.bags().key(1);
        async move { bag.rpc_wait_for_ever().await }
    });
    logged(&log, "waiting").await;
    log.take();
    // The node ends at once, the handler in the middle.
    drop((node, player));
    assert!(waits.await.unwrap().is_err());
    logged(&log, "bag 1 dropped").await;
}

#[tokio::test(start_paused = true)]
async fn timers_and_subscriptions_die_with_their_module() {
    let (node, log, player) = start().await;
    player.rpc_add_many(vec![1, 2]).await.unwrap();
    player.bags().key(1).rpc_set_timer().await.unwrap();
    logged_in_time(&log, "bag 1 alarm").await;
    assert_eq!(player.rpc_ring().await.unwrap(), 2);
    logged_in_time(&log, "bag 2 hears").await;
    player.rpc_renew(1).await.unwrap();
    assert_eq!(player.rpc_ring().await.unwrap(), 2);
    player.rpc_keys().await.unwrap();
    log.take();
    let before = player.bags().key(2).rpc_items().await.unwrap();
    // tidy: sleep: the clock is paused; ten ticks and a half of it
    tokio::time::sleep(std::time::Duration::from_millis(105)).await;
    assert_eq!(player.bags().key(2).rpc_items().await.unwrap(), before + 10);
    assert!(player.bags().key(1).rpc_items().await.unwrap() >= 10, "the new one has timers of its own");
    assert_eq!(log.take(), [""; 0], "an alarm rang for a module that is gone");
    player.rpc_release(2).await.unwrap();
    assert_eq!(player.rpc_ring().await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

/// As `logged`, letting the paused clock go on.
async fn logged_in_time(log: &Log, line: &str) {
    for _ in 0..1000 {
        if log.0.lock().unwrap().iter().any(|it| it == line) {
            return;
        }
        // tidy: sleep: the clock is paused; this lets it go on
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("waited for `{line}` in {:?}", log.0.lock().unwrap());
}

#[tokio::test]
async fn a_module_is_reached_on_another_node() {
    let registry = ember::registry::InProcess::default();
    let start = || Node::builder().registry(registry.clone());
    let player = Player::default();
    let server = start().service(player).start().await.unwrap();
    let caller = start().start().await.unwrap();
    caller.wait_for_view(|view| !view.instances().is_empty()).await;
    let player = caller.client::<PlayerClient>();
    player.rpc_add(7).await.unwrap();
    let bag = player.bags().key(7);
    assert_eq!(bag.rpc_put(3).await.unwrap(), 7);
    bag.rpc_add_pocket("left".into()).await.unwrap();
    let pocket = bag.pockets().key("left".to_owned());
    assert_eq!((pocket.rpc_open().await.unwrap(), pocket.rpc_open().await.unwrap()), (1, 2));
    let error = player.bags().key(8).rpc_put(3).await.unwrap_err();
    assert_eq!(*refused(&error), RefusedReason::NoModule { module: "Bag".into(), key: "8".into() });
    bag.rpc_put(1).send().unwrap();
    caller.shutdown().await.unwrap();
    server.shutdown().await.unwrap();
}
