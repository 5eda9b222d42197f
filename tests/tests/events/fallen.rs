//! A panic that ends what one node does for another. Nothing in that is the user's but the log.
// tidy: virtual time

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ember::{Missed, prelude::*, testing::Cluster};
use ember_tests::{log::Log, logged::Logged};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::set_default,
};

use super::listeners::{ms, until};

/// What the other node takes.
const SMALL: usize = 16 * 1024;

#[message(event)]
pub struct Load(u64, String);

#[service]
#[derive(Default)]
pub struct Quay(Log);

#[rpc]
impl Quay {
    #[on(event)]
    fn load(&mut self, event: &Load) {
        self.0.say(event.0.to_string());
    }

    #[on(missed)]
    fn gap(&mut self, missed: &Missed) {
        self.0.say(format!("{:?} {:?}", missed.count, missed.why));
    }
}

/// Panics the first time that it is told of this.
struct Panics(&'static str, Arc<AtomicUsize>);

impl Subscriber for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "ember::event"
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut Text(&mut text));
        let is_first = text.contains(self.0) && self.1.fetch_add(1, Ordering::Relaxed) == 0;
        assert!(!is_first, "a log that panics");
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            *self.0 = format!("{value:?}");
        }
    }
}

#[test]
fn what_a_panic_has_ended_is_begun_again_when_the_view_changes() {
    // There must be another listener, so that each thread is asked what it wants to hear.
    let _another = Logged::here();
    let told = Arc::new(AtomicUsize::new(0));
    let _listens = set_default(Panics("too large for another node", Arc::clone(&told)));
    let log = Log::default();
    let quay = log.clone();
    let cluster = Cluster::seed(1).limit(ms(120_000)).node("ada", |node| node).node("cy", |node| node);
    let cluster = cluster.node("bob", move |node| node.max_message(SMALL).service(Quay(quay.clone())));
    cluster.run(async move |sim| {
        let published = sim.on("ada", async |node: Node| {
            while node.event_reach::<Load>(Scope::Cluster).nodes() != 1 {
                tokio::time::sleep(ms(5)).await;
            }
            let _receipt = node.publish_to(Scope::Cluster, Load(1, "x".repeat(SMALL + 1)));
            let _receipt = node.publish_to(Scope::Cluster, Load(2, String::new()));
        });
        published.await.unwrap();
        until("the panic", || told.load(Ordering::Relaxed) == 1).await;
        sim.shutdown("cy").await.unwrap();
        until("what waits", || log.lines() == ["Some(1) NotSent", "2"]).await;
        assert_eq!(told.load(Ordering::Relaxed), 2, "it was sent once more, and said once more");
    });
}
