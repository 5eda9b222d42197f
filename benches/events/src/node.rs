//! Ember: a node in each process. The publisher's has the registry.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use ember::{prelude::*, registry::Embedded};
use tokio::{sync::mpsc, time::sleep};

use crate::windows::{NODES, SIZE, SUBSCRIBERS, Tally, publish};

/// What is published.
#[message(event)]
#[derive(Debug)]
pub(crate) struct Weather {
    body: Bytes,
}

static DONE: OnceLock<mpsc::Sender<()>> = OnceLock::new();
static TALLY: OnceLock<Tally> = OnceLock::new();

/// Hears of windows.
#[service]
#[derive(Debug, Default)]
pub(crate) struct Desk;

#[rpc]
impl Desk {
    /// The subscribers of a node have a window.
    pub(crate) async fn rpc_done(&mut self) {
        DONE.get().expect("it is set before").send(()).await.expect("the publisher waits");
    }
}

/// One of the subscribers of a node.
#[service]
#[derive(Debug, Default)]
pub(crate) struct Subscriber {
    taken: u64,
}

#[rpc]
impl Subscriber {
    #[on(event)]
    async fn weather(&mut self, cx: &mut Cx<'_, Self>, event: &Weather) {
        assert_eq!(event.body.len(), SIZE);
        if TALLY.get_or_init(Tally::default).takes(&mut self.taken) {
            cx.client::<DeskClient>().rpc_done().send().expect("a link");
        }
    }

    #[on(missed)]
    async fn gap(&mut self, missed: &Missed) {
        panic!("nothing is to be missed in this benchmark: {missed:?}");
    }
}

/// Publishes, and says what came of it.
pub(crate) async fn publisher(address: &str) {
    let (tell, done) = mpsc::channel(64);
    DONE.set(tell).expect("it is the only one");
    let node = node("publisher", address).service(Desk).start().await.expect("a node");
    println!("here");
    while node.event_reach::<Weather>(Scope::Cluster).subscribers() < (NODES * SUBSCRIBERS) as usize {
        sleep(Duration::from_millis(5)).await;
    }
    let node = Arc::new(node);
    let body = Bytes::from(vec![7; SIZE]);
    let one = || {
        node.publish_to(Scope::Cluster, Weather { body: body.clone() });
        std::future::ready(())
    };
    publish(one, done).await;
}

/// Ten subscribers in this process.
pub(crate) async fn subscribers(address: &str) {
    let name = format!("subscribers-{}", std::process::id());
    let subscribers = (0..SUBSCRIBERS).fold(node(&name, address), |node, _| node.service(Subscriber::default()));
    let node = subscribers.start().await.expect("a node");
    node.run().await.expect("its end");
}

fn node(name: &str, address: &str) -> NodeBuilder {
    Node::builder().name(name).cluster(format!("events-{address}")).registry(Embedded::default())
}
