//! Code of the user's that runs beside a handler may panic too: when an argument is dropped that nobody wants any more, and when
//! a key is read. The service lives on.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::sync::Arc;

use ember::{LostReason, prelude::*};
use ember_tests::cluster::lost;
use futures_util::FutureExt;
use tokio::sync::Notify;

/// Panics when it is dropped.
pub struct Touchy(Arc<Notify>);

impl Drop for Touchy {
    fn drop(&mut self) {
        self.0.notify_one();
        assert!(std::thread::panicking(), "touched");
    }
}

/// Its reader panics.
#[message]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[serde(from = "u32", into = "u32")]
pub struct Label(u32);

impl From<Label> for u32 {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl From<u32> for Label {
    fn from(number: u32) -> Self {
        assert_ne!(number, 13, "unlucky");
        Self(number)
    }
}

#[service]
#[derive(Default)]
pub struct Desk {
    calls: u32,
    #[module]
    drawers: Modules<Label, Drawer>,
}

#[module(parent = Desk)]
#[derive(Default)]
pub struct Drawer;

#[rpc]
impl Desk {
    pub async fn api_wait(&mut self, until: Arc<Notify>) {
        until.notified().await;
    }

    pub async fn api_take(&mut self, touchy: Touchy) {
        self.calls += 1;
        std::mem::forget(touchy);
    }

    pub async fn api_make(&mut self, told: Arc<Notify>) -> Touchy {
        self.calls += 1;
        Touchy(told)
    }

    pub async fn rpc_add(&mut self, number: u32) {
        self.drawers.insert(Label(number), Drawer);
    }

    pub async fn rpc_calls(&mut self) -> u32 {
        self.calls
    }
}

#[rpc]
impl Drawer {
    pub async fn rpc_open(&mut self) -> u32 {
        1
    }
}

#[tokio::test]
async fn an_argument_that_panics_when_its_caller_has_gone_harms_nobody() {
    let node = Node::builder().service(Desk::default()).start().await.unwrap();
    let (desk, go_on, dropped) = (node.local::<Desk>(), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut busy = desk.api_wait(Arc::clone(&go_on));
    assert!((&mut busy).now_or_never().is_none());
    let mut waits = desk.api_take(Touchy(Arc::clone(&dropped)));
    assert!((&mut waits).now_or_never().is_none(), "it waits behind the other");
    drop(waits);
    go_on.notify_one();
    dropped.notified().await;
    assert_eq!(desk.rpc_calls().await, Ok(0), "the call of the caller that has gone was not executed");
    busy.await.unwrap();
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_result_that_panics_because_nobody_wants_it_harms_nobody() {
    let node = Node::builder().service(Desk::default()).start().await.unwrap();
    let (desk, dropped) = (node.local::<Desk>(), Arc::new(Notify::new()));
    desk.api_make(Arc::clone(&dropped)).send().unwrap();
    dropped.notified().await;
    assert_eq!(desk.rpc_calls().await, Ok(1));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_key_whose_reader_panics_is_the_callers_answer() {
    let node = Node::builder().service(Desk::default()).start().await.unwrap();
    let desk = node.client::<DeskClient>();
    desk.rpc_add(1).await.unwrap();
    for _ in 0..2 {
        let outcome = desk.drawers().key(Label(13)).rpc_open().await;
        assert!(matches!(lost(outcome), LostReason::Panicked(text) if text.contains("unlucky")));
        assert_eq!(desk.drawers().key(Label(1)).rpc_open().await, Ok(1), "the others are there");
    }
    node.shutdown().await.unwrap();
}
