//! A shutdown: siblings stop side by side, and whoever may be needed by another stops after it.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::prelude::*;
use ember_tests::log::Log;
use tokio::time::{Instant, sleep};

/// How many are stopping, and how many were at most.
#[derive(Default, Clone)]
struct AtOnce(Arc<(AtomicUsize, AtomicUsize)>);

/// Takes 5 ms to stop, as with a database.
#[service(name = "room")]
struct Room(AtOnce);

#[rpc]
impl Room {
    #[on(stop)]
    async fn stop(&mut self) {
        let (now, most) = &*self.0.0;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // tidy: sleep: virtual time; it stands for a database
        sleep(Duration::from_millis(5)).await;
        now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn five_thousand_whose_stop_waits_are_stopped_in_a_fraction_of_the_drain() {
    let (node, at_once) = (Node::builder().start().await.unwrap(), AtOnce::default());
    for _ in 0..2_500 {
        node.spawn(Room(at_once.clone())).await.unwrap();
    }
    node.spawn_all((0..2_500).map(|_| Room(at_once.clone()))).await.unwrap();
    let asked = Instant::now();
    node.shutdown().await.unwrap();
    let took = asked.elapsed();
    assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(1), "{took:?}");
    assert_eq!(at_once.0.1.load(Ordering::SeqCst), 100);
}

/// Asks somebody at its end, and says how that went.
#[service(name = "asker")]
struct Asker {
    name: String,
    asks: Option<Pid>,
    log: Log,
}

#[rpc]
impl Asker {
    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        // tidy: sleep: virtual time; the others have all the time to stop too early
        sleep(Duration::from_millis(5)).await;
        let heard = match self.asks {
            Some(pid) => {
                cx.select::<AskerClient>().pid(pid).client().rpc_ask().await.unwrap_or_else(|error| error.to_string())
            }
            None => "nobody".into(),
        };
        self.log.say(format!("{} heard {heard}", self.name));
    }

    pub async fn rpc_ask(&mut self) -> String {
        self.name.clone()
    }

    pub async fn rpc_spawn(&mut self, cx: &mut Cx<'_, Self>, names: Vec<String>) -> Vec<Pid> {
        let (log, asks) = (self.log.clone(), Some(cx.pid()));
        let children = names.into_iter().map(move |name| Asker { name, asks, log: log.clone() });
        cx.spawn_all(children).await.expect("they start")
    }
}

/// Another class, which asks too.
#[service(name = "helper")]
struct Helper {
    asks: Pid,
    log: Log,
}

#[rpc]
impl Helper {
    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        // tidy: sleep: virtual time; the others have all the time to stop too early
        sleep(Duration::from_millis(5)).await;
        let heard = cx.select::<AskerClient>().pid(self.asks).client().rpc_ask().await;
        self.log.say(format!("helper heard {}", heard.unwrap_or_else(|error| error.to_string())));
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_spawned_by_its_own_class_stops_before_the_one_that_spawned_it() {
    let log = Log::default();
    let node = Node::builder().start().await.unwrap();
    let asker = |name: &str| Asker { name: name.into(), asks: None, log: log.clone() };
    let one = node.spawn(asker("one")).await.unwrap();
    let client = node.select::<AskerClient>().pid(one).client();
    let children = client.rpc_spawn(vec!["two".into(), "three".into()]).await.unwrap();
    let grandchild = node.select::<AskerClient>().pid(children[0]).client();
    grandchild.rpc_spawn(vec!["four".into()]).await.unwrap();
    node.shutdown().await.unwrap();
    assert_eq!(log.lines(), ["four heard two", "three heard one", "two heard one", "one heard nobody"]);
}

#[tokio::test(start_paused = true)]
async fn another_class_and_what_the_node_was_built_with_stop_in_the_reverse_order_of_their_start() {
    let log = Log::default();
    let asker = |name: &str| Hosted::new(Asker { name: name.into(), asks: None, log: log.clone() }).id(name);
    let node = Node::builder().service(asker("first")).service(asker("second")).start().await.unwrap();
    let third = node.spawn(asker("third")).await.unwrap();
    node.spawn(asker("fourth")).await.unwrap();
    node.spawn_all([0, 1].map(|_| Helper { asks: third, log: log.clone() })).await.unwrap();
    node.shutdown().await.unwrap();
    let (last, first) = (log.lines().split_off(2), log.lines());
    assert_eq!(first[..2], ["helper heard third", "helper heard third"]);
    assert_eq!(last, ["fourth heard nobody", "third heard nobody", "second heard nobody", "first heard nobody"]);
}
