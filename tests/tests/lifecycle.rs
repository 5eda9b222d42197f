//! The life of services and nodes.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{Error, RefusedReason, ServiceState, prelude::*};
use ember_tests::{
    cluster::refused,
    gate::Gate,
    log::Log,
    wait::{eventually, within},
};

#[service]
#[derive(Default)]
pub struct Life {
    name: &'static str,
    log: Log,
    gate: Gate,
    fails: bool,
    panics: bool,
    #[module]
    child: Module<Child>,
}

#[module(parent = Life)]
#[derive(Default)]
pub struct Child;

impl Life {
    fn say(&self, what: &str) {
        self.log.say(format!("{} {what}", self.name));
    }
}

#[rpc]
impl Life {
    #[on(init)]
    async fn init(&mut self) {
        self.say("init");
    }

    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) -> ember::Result<()> {
        assert!(!self.panics, "no such luck");
        if self.fails {
            return Err(Error::other("no database"));
        }
        let seen = cx.select::<LifeClient>().instances().iter().any(|it| it.pid() == cx.pid());
        self.say(if seen { "start, registered" } else { "start" });
        Ok(())
    }

    #[on(started)]
    async fn started(&mut self, cx: &mut Cx<'_, Self>) {
        let seen = cx.select::<LifeClient>().instances().iter().any(|it| it.pid() == cx.pid());
        self.say(if seen { "started, registered" } else { "started" });
    }

    #[on(stop)]
    async fn stop(&mut self) {
        self.say("stop");
    }

    pub async fn rpc_work(&mut self) -> u32 {
        self.gate.pass().await;
        self.say("worked");
        7
    }

    pub async fn rpc_ping(&mut self) {}
}

#[rpc]
impl Child {
    #[on(init)]
    fn init(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent().say("child init");
    }

    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent().say("child start");
    }

    #[on(started)]
    async fn started(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent().say("child started");
    }

    #[on(stop)]
    async fn stop(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent().say("child stop");
    }
}

fn life(name: &'static str, log: &Log, gate: &Gate) -> Life {
    Life { name, log: log.clone(), gate: gate.clone(), ..Life::default() }
}

#[tokio::test]
async fn hooks_run_in_order_and_children_start_after_and_stop_before_their_parent() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(life("a", &log, &gate)).start().await.unwrap();
    node.client::<LifeClient>().rpc_ping().await.unwrap();
    node.shutdown().await.unwrap();
    let expected = [
        "a init",
        "a child init",
        "a start",
        "a child start",
        "a started, registered",
        "a child started",
        "a child stop",
        "a stop",
    ];
    assert_eq!(log.lines(), expected);
}

#[tokio::test]
async fn services_stop_in_the_reverse_order_of_their_start() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder();
    let node = node.service(life("a", &log, &gate)).service(life("b", &log, &gate)).start().await.unwrap();
    node.shutdown().await.unwrap();
    let lines = log.lines();
    let of = |what: &str| lines.iter().position(|line| line == what).unwrap();
    assert!(of("a start") < of("b start") && of("b stop") < of("a stop"), "{lines:?}");
}

#[tokio::test]
async fn a_failing_start_fails_the_node_with_name_and_cause_and_stops_what_was_started() {
    for (fails, panics, cause) in [(true, false, "no database"), (false, true, "no such luck")] {
        let (log, gate) = (Log::default(), Gate::default());
        let bad = Life { fails, panics, ..life("bad", &log, &gate) };
        let builder = Node::builder().service(life("a", &log, &gate)).service(life("b", &log, &gate)).service(bad);
        let error = builder.service(life("never", &log, &gate)).start().await.unwrap_err();
        assert!(matches!(error, Error::ServiceStart { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("`Life`") && text.contains(cause), "{text}");
        let lines = log.lines();
        let stops: Vec<_> = lines.iter().filter(|line| line.ends_with(" stop") && !line.contains("child")).collect();
        assert_eq!(stops, ["b stop", "a stop"]);
        assert!(!lines.iter().any(|line| line.starts_with("never") || line.contains("started")), "{lines:?}");
    }
}

#[tokio::test]
async fn a_second_service_with_the_same_name_and_id_is_refused() {
    let (log, gate) = (Log::default(), Gate::default());
    let twin = || Hosted::new(life("a", &log, &gate)).id("42");
    let error = Node::builder().service(twin()).service(twin()).start().await.unwrap_err();
    assert!(matches!(error, Error::Configuration(_)) && error.to_string().contains("`42`"), "{error}");
    assert!(log.lines().contains(&"a stop".into()), "the first one was stopped");
}

#[tokio::test]
async fn a_shutdown_finishes_the_work_in_flight_and_refuses_new_work() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(life("a", &log, &gate)).start().await.unwrap();
    let client = node.client::<LifeClient>();
    let working = tokio::spawn(client.rpc_work());
    gate.reached().await;
    let queued = tokio::spawn(client.rpc_work());
    tokio::task::yield_now().await;
    let shutdown = tokio::spawn({
        let node = node.clone();
        async move { node.shutdown().await }
    });
    let retiring = node.wait_for_view(|view| view.instances().iter().any(|it| it.state() == ServiceState::Retiring));
    within("the service to retire", retiring).await;
    assert_eq!(client.rpc_work().send().unwrap_err().refused.reason(), &RefusedReason::Retiring);
    gate.open();
    gate.open();
    assert_eq!(working.await.unwrap(), Ok(7));
    assert_eq!(queued.await.unwrap(), Ok(7), "it was accepted before");
    shutdown.await.unwrap().unwrap();
    assert!(matches!(refused(client.rpc_work().await), RefusedReason::NodeClosed));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_takes_too_long_is_cut_short_and_says_by_whom() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().drain(Duration::from_secs(1)).service(life("a", &log, &gate)).start().await.unwrap();
    let working = tokio::spawn(node.client::<LifeClient>().rpc_work());
    gate.reached().await;
    let error = node.shutdown().await.unwrap_err();
    assert!(matches!(&error, Error::CutShort(text) if text.contains("`Life`")), "{error}");
    assert!(working.await.unwrap().is_err());
    let again = node.shutdown().await.unwrap_err();
    assert_eq!(again.to_string(), error.to_string(), "shutting down again gives the same result");
}

#[tokio::test]
async fn shutdowns_at_the_same_time_and_later_give_the_same_result() {
    let node = Node::builder().service(life("a", &Log::default(), &Gate::default())).start().await.unwrap();
    let (first, second) = tokio::join!(node.shutdown(), node.shutdown());
    first.unwrap();
    second.unwrap();
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn dropping_the_last_clone_of_a_node_ends_its_tasks() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(life("a", &log, &gate)).start().await.unwrap();
    let client = node.client::<LifeClient>();
    let working = tokio::spawn(client.rpc_work());
    gate.reached().await;
    drop(node);
    assert!(within("the call to end", working).await.unwrap().is_err());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    eventually("all tasks of the node to end", async || (tasks() == 0).then_some(())).await;
    assert!(matches!(refused(client.rpc_ping().await), RefusedReason::NodeClosed));
    assert!(!log.lines().contains(&"a stop".into()), "as in a crash");
}

#[tokio::test]
async fn two_nodes_of_one_process_know_nothing_of_each_other() {
    let (log, gate) = (Log::default(), Gate::default());
    let a = Node::builder().service(Hosted::new(life("a", &log, &gate)).id("1")).start().await.unwrap();
    let b = Node::builder().service(Hosted::new(life("b", &log, &gate)).id("1")).start().await.unwrap();
    assert_ne!(a.key(), b.key());
    a.shutdown().await.unwrap();
    b.client::<LifeClient>().rpc_ping().await.unwrap();
    assert!(a.client::<LifeClient>().rpc_ping().await.is_err());
    b.shutdown().await.unwrap();
}
