//! What a program logs with may panic itself: in whoever runs a service then.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ember::{LocalCalls, ServiceState, View, prelude::*};
use ember_tests::wait::within;
use futures_util::FutureExt;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

/// Panics once, as a handler's panic is reported to it.
struct Full(AtomicBool);

impl<S: Subscriber> Layer<S> for Full {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let of_service = event.metadata().target() == "ember::service" && *event.metadata().level() == Level::ERROR;
        assert!(!of_service || self.0.swap(true, Ordering::Relaxed), "the disk is full");
    }
}

#[service(name = "fragile")]
#[derive(Default)]
pub struct Fragile;

#[rpc]
impl Fragile {
    #[every("10ms")]
    fn tick(&mut self) {}

    pub async fn rpc_break(&mut self) {
        panic!("as asked");
    }

    pub async fn rpc_rest(&mut self) {}
}

#[tokio::test]
async fn service_whose_state_goes_with_a_panic_of_the_log_has_failed_and_holds_nobody_up() {
    let node = Node::builder().local_calls(LocalCalls::Short).service(Fragile).start().await.unwrap();
    let fragile = node.client::<FragileClient>();
    fragile.rpc_rest().await.unwrap();
    let full = tracing_subscriber::registry().with(Full(AtomicBool::new(false)));
    let _logs = tracing::subscriber::set_default(full);
    let panic = AssertUnwindSafe(fragile.rpc_break().into_future()).catch_unwind().await;
    assert!(panic.is_err(), "the caller ran it");
    let has_failed = |view: &View| view.instances().iter().all(|it| it.state() == ServiceState::Failed);
    within("its end", node.wait_for_view(has_failed)).await;
    let refused = within("a refusal", fragile.rpc_rest().timeout(Duration::from_secs(600))).await;
    assert!(matches!(refused, Err(CallError::NotExecuted(_))), "{refused:?}");
    within("the shutdown", node.shutdown()).await.unwrap();
}
