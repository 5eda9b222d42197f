//! A service with modules under keys, and modules within these, that tell what they do.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ember::prelude::*;
use tokio::sync::Notify;

use crate::wait::PATIENCE;

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Vec<String>>, Notify)>);

impl Log {
    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, line: impl Into<String>) {
        self.lines().push(line.into());
        self.0.1.notify_waiters();
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines())
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
    pub bags: Modules<u32, Bag>,
}

impl Player {
    /// Without bags.
    pub fn new(log: &Log) -> Self {
        Self { log: log.clone(), ..Self::default() }
    }
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

    #[on(down)]
    fn down(&mut self) {
        self.log.add("player is told");
    }

    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }

    pub async fn rpc_panic(&mut self) {
        panic!("on purpose");
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
    pub broken: bool,
    #[module]
    lock: Module<Lock>,
    #[module]
    pockets: Modules<String, Pocket>,
}

impl Bag {
    pub fn new(log: &Log, number: u32) -> Self {
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

    #[on(down)]
    fn down(&mut self) {
        self.log.add(format!("bag {} is told", self.number));
    }

    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }

    pub async fn rpc_unwatch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.unwatch(pid);
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

    #[on(down)]
    fn down(&mut self, cx: &mut Cx<'_, Self>) {
        self.log.add(format!("lock of {} is told", cx.parent().number));
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

/// A player on a node of its own.
pub async fn start() -> (Node, Log, PlayerClient) {
    let log = Log::default();
    let player = Player::new(&log);
    let node = Node::builder().service(player).service(Echo).start().await.expect("the node starts");
    let client = node.client::<PlayerClient>();
    (node, log, client)
}

/// Waits until the log has the line. A paused clock goes on meanwhile.
pub async fn logged(log: &Log, line: &str) {
    let found = async {
        loop {
            let more = log.0.1.notified();
            if log.lines().iter().any(|it| it == line) {
                return;
            }
            more.await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, found).await;
    waited.unwrap_or_else(|_| panic!("waited for `{line}` in {:?}", log.lines()));
}
