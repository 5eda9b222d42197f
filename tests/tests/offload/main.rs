//! Work outside of the actors: order by key, bounds, panics, and the end of whoever asked for it.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

mod ends;
mod work;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ember::{OffloadCounts, prelude::*};
use ember_tests::{gate::Gate, log::Log, wait::eventually};
use tokio::runtime::Handle;

/// What a clerk was given.
#[derive(Clone, Default)]
pub struct Desk {
    /// What the work says.
    log: Log,
    /// In front of work that is held.
    gate: Gate,
}

/// Has its work done by others.
#[service]
pub struct Clerk {
    desk: Desk,
    callbacks: Vec<String>,
    #[module]
    drawers: Modules<u32, Drawer>,
}

#[module]
pub struct Drawer {
    desk: Desk,
}

impl Clerk {
    fn new(desk: &Desk) -> Self {
        Self { desk: desk.clone(), callbacks: Vec::new(), drawers: Modules::new() }
    }
}

/// Blocks its thread at the gate.
fn hold(desk: &Desk, what: &str) -> String {
    Handle::current().block_on(desk.gate.pass());
    desk.log.say(what);
    what.to_owned()
}

/// Whether it is dropped.
struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.say(format!("{} is dropped", self.1));
    }
}

fn said(done: Result<String, OffloadError>) -> Result<String, String> {
    done.map_err(|error| error.to_string())
}

#[rpc]
impl Clerk {
    /// Waits at the gate on a thread.
    #[rpc(timeout = "60s")]
    pub fn rpc_hold(&mut self, cx: &mut Cx<'_, Self>, key: u32) -> Deferred<Result<String, String>> {
        let (answer, replier) = cx.defer();
        let desk = self.desk.clone();
        cx.offload(key, move || hold(&desk, &format!("held {key}"))).then(cx, move |me, _, done| {
            me.callbacks.push(format!("held {key}"));
            replier.reply(said(done));
        });
        answer
    }

    pub fn rpc_file(&mut self, cx: &mut Cx<'_, Self>, key: u32) -> Deferred<Result<String, String>> {
        let (answer, replier) = cx.defer();
        let log = self.desk.log.clone();
        let work = move || {
            log.say(format!("filed {key}"));
            format!("filed {key}")
        };
        cx.offload(key, work).then(cx, move |me, _, done| {
            me.callbacks.push(format!("filed {key}"));
            replier.reply(said(done));
        });
        answer
    }

    /// A future that waits at the gate.
    #[rpc(timeout = "60s")]
    pub fn rpc_hold_async(&mut self, cx: &mut Cx<'_, Self>, key: u32) -> Deferred<Result<String, String>> {
        let (answer, replier) = cx.defer();
        let desk = self.desk.clone();
        let work = async move {
            let _dropped = Dropped(desk.log.clone(), "the future");
            desk.gate.pass().await;
            "waited".to_owned()
        };
        cx.offload_async(key, work).then(cx, move |_, _, done| replier.reply(said(done)));
        answer
    }

    /// So many pieces under each key, of both kinds; and none of a key beside another of it.
    pub fn rpc_file_all(&mut self, cx: &mut Cx<'_, Self>, keys: u32, each: u32) {
        let at_work: BTreeMap<u32, Arc<AtomicBool>> = (0..keys).map(|key| (key, Arc::default())).collect();
        for (piece, key) in (0..each).flat_map(|piece| (0..keys).map(move |key| (piece, key))) {
            let (log, at_work) = (self.desk.log.clone(), Arc::clone(&at_work[&key]));
            let work = move || {
                assert!(!at_work.swap(true, Ordering::SeqCst), "two of the key {key} at once");
                log.say(format!("{key}:{piece}"));
                assert!(at_work.swap(false, Ordering::SeqCst));
            };
            let done = move |me: &mut Self, _: &mut Cx<'_, Self>, done: Result<(), OffloadError>| {
                done.unwrap();
                me.callbacks.push(format!("{key}:{piece}"));
            };
            if piece % 2 == 0 {
                cx.offload(key, work).then(cx, done);
            } else {
                cx.offload_async(key, async move { work() }).then(cx, done);
            }
        }
    }

    pub async fn rpc_callbacks(&mut self) -> Vec<String> {
        self.callbacks.clone()
    }

    /// Work that panics, of both kinds.
    pub fn rpc_panic(&mut self, cx: &mut Cx<'_, Self>, blocks: bool) -> Deferred<Result<String, String>> {
        let (answer, replier) = cx.defer();
        let work = || -> String { panic!("the paper is out") };
        let work = if blocks { cx.offload((), work) } else { cx.offload_async((), async move { work() }) };
        work.then(cx, move |_, cx, done| {
            assert!(cx.deadline().is_none() && cx.caller().is_none(), "a callback is no call");
            assert_eq!(cx.header("desk"), Some("7"), "headers go on to callbacks");
            replier.reply(said(done));
        });
        answer
    }

    /// The service waits with its handler.
    pub async fn rpc_wait(&mut self, cx: &mut Cx<'_, Self>, key: u32) -> Result<u64, String> {
        let thread = cx.offload(key, move || u64::from(key) * 2).await;
        thread.map_err(|error| error.to_string())
    }

    /// The same, at the gate, and until its caller goes.
    #[rpc(cancel, timeout = "60s")]
    pub async fn rpc_wait_cancelled(&mut self, cx: &mut Cx<'_, Self>) {
        let desk = self.desk.clone();
        drop(cx.offload(1, move || hold(&desk, "cancelled")).await);
    }

    /// As many pieces as the mailbox has no places for: how many were told so.
    pub fn rpc_flood(&mut self, cx: &mut Cx<'_, Self>, pieces: u32) -> Deferred<String> {
        let (answer, replier) = cx.defer();
        let mut replier = Some(replier);
        for _ in 0..pieces {
            let first = replier.take();
            cx.offload(Unordered, || {}).then(cx, move |me, _, done| {
                match done {
                    Err(OffloadError::NoPlace { limit }) => me.callbacks.push(format!("no place of {limit}")),
                    done => done.unwrap(),
                }
                if let Some(replier) = first {
                    replier.reply("done".into());
                }
            });
        }
        answer
    }

    pub async fn rpc_fail(&mut self) {
        panic!("the clerk falls");
    }

    pub fn rpc_leave(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }

    pub async fn rpc_add_drawer(&mut self) {
        assert!(self.drawers.insert(1, Drawer { desk: self.desk.clone() }).is_none());
    }

    pub async fn rpc_remove_drawer(&mut self) {
        assert!(self.drawers.release(&1));
    }

    #[on(stop)]
    async fn close(&mut self, cx: &mut Cx<'_, Self>) {
        let [first, called, saved] = [(); 3].map(|()| self.desk.log.clone());
        cx.offload(1, move || first.say("first"))
            .then(cx, move |_, _, _| called.say("nobody is called back after `stop`"));
        cx.offload(1, move || saved.say("saved")).await.unwrap();
    }
}

#[rpc]
impl Drawer {
    #[rpc(timeout = "60s")]
    pub fn rpc_hold(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<Result<String, String>> {
        let (answer, replier) = cx.defer();
        let desk = self.desk.clone();
        cx.offload("drawer", move || hold(&desk, "drawer")).then(cx, move |_, _, done| replier.reply(said(done)));
        answer
    }
}

/// A node with a clerk that can be started again.
async fn node(desk: &Desk, pool: Offload) -> Node {
    let desk = desk.clone();
    Node::builder().offload(pool).service_with(move || Clerk::new(&desk)).start().await.unwrap()
}

/// Waits until the pool is like this.
async fn pool(node: &Node, what: &str, is_so: impl Fn(&OffloadCounts) -> bool) -> OffloadCounts {
    eventually(what, async || Some(node.offload_counts()).filter(&is_so)).await
}

fn idle(counts: &OffloadCounts) -> bool {
    (counts.keys, counts.waiting, counts.running, counts.futures) == (0, 0, 0, 0)
}
