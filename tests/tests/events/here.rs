//! Events within one node.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use ember::{Missed, prelude::*};
use ember_tests::{gate::Gate, log::Log, logged::Logged, wait::eventually};

#[derive(Debug)]
pub struct Weather(pub u32);

#[service]
#[derive(Default)]
pub struct Listener {
    name: &'static str,
    log: Log,
    gate: Gate,
    #[module]
    ear: Module<Ear>,
}

#[module(parent = Listener)]
#[derive(Default)]
pub struct Ear;

#[rpc]
impl Listener {
    #[on(event)]
    async fn weather(&mut self, event: &Weather) {
        self.log.say(format!("{} {}", self.name, event.0));
    }

    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_publish(&mut self, cx: &mut Cx<'_, Self>, number: u32) -> usize {
        cx.publish(Weather(number))
    }
}

#[rpc]
impl Ear {
    #[on(event)]
    async fn heard(&mut self, cx: &mut Cx<'_, Self>, event: &String) {
        cx.parent().log.say(format!("ear {event}"));
    }
}

async fn start(names: &[&'static str], mailbox: usize) -> (Node, Log, Gate) {
    let (log, gate) = (Log::default(), Gate::default());
    let mut builder = Node::builder();
    for name in names {
        let listener = Listener { name, log: log.clone(), gate: gate.clone(), ..Listener::default() };
        builder = builder.service(Hosted::new(listener).id(*name).mailbox(mailbox));
    }
    (builder.start().await.unwrap(), log, gate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_subscriber_gets_each_event_in_its_publishers_order() {
    let (node, log, _) = start(&["a", "b"], 1024).await;
    for number in 0..200 {
        assert_eq!(node.publish(Weather(number)), 2);
    }
    let lines = log.until(400).await;
    for name in ["a", "b"] {
        let own: Vec<_> = lines.iter().filter(|line| line.starts_with(name)).cloned().collect();
        assert_eq!(own, (0..200).map(|number| format!("{name} {number}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_handler_publishes_to_everybody_and_itself() {
    let (node, log, _) = start(&["a", "b"], 1024).await;
    assert_eq!(node.client::<ListenerClient>().rpc_publish(7).await, Ok(2));
    let mut lines = log.until(2).await;
    lines.sort();
    assert_eq!(lines, ["a 7", "b 7"]);
}

#[tokio::test]
async fn only_subscribers_of_the_very_type_get_an_event_and_a_module_subscribes_on_its_own() {
    let (node, log, _) = start(&["a"], 1024).await;
    assert_eq!(node.publish(7_u32), 0);
    assert_eq!(node.publish("boo".to_owned()), 1);
    assert_eq!(log.until(1).await, ["ear boo"]);
}

#[tokio::test]
async fn a_full_mailbox_misses_events_and_the_publisher_is_told() {
    let (node, log, gate) = start(&["a"], 2).await;
    let blocked = tokio::spawn(node.client::<ListenerClient>().rpc_block());
    gate.reached().await;
    let taken: usize = (0..5).map(|number| node.publish(Weather(number))).sum();
    assert_eq!(taken, 2);
    gate.open();
    blocked.await.unwrap().unwrap();
    assert_eq!(log.until(2).await, ["a 0", "a 1"]);
    assert_eq!(node.publish(Weather(9)), 1, "the subscription goes on");
    assert_eq!(log.until(3).await[2], "a 9");
}

#[tokio::test]
async fn a_subscription_ends_with_its_service() {
    let (node, ..) = start(&["a"], 2).await;
    node.shutdown().await.unwrap();
    assert_eq!(node.publish(Weather(1)), 0);
}

/// Of a house, for those who live in it.
#[message(event)]
pub struct Bell(u32);

#[service]
#[derive(Default)]
pub struct House {
    log: Log,
    #[module]
    kitchen: Module<Kitchen>,
}

#[module(parent = House)]
#[derive(Default)]
pub struct Kitchen;

#[rpc]
impl House {
    #[on(event, scope = "node")]
    fn street(&mut self, event: &Bell) {
        self.log.say(format!("street {}", event.0));
    }

    #[on(event, retain)]
    fn any(&mut self, cx: &mut Cx<'_, Self>, event: &Bell) {
        let scope = cx.event().expect("it is an event").scope;
        self.log.say(format!("any {scope} {}", event.0));
    }

    pub async fn rpc_ring(&mut self, cx: &mut Cx<'_, Self>, number: u32) -> Vec<u64> {
        let of = |scope| {
            let receipt = cx.publish_to(scope, Bell(number));
            [receipt.nodes() as u64, receipt.subscribers() as u64]
        };
        [Scope::Service, Scope::Node].map(of).concat()
    }
}

#[rpc]
impl Kitchen {
    #[on(event, scope = "service")]
    fn bell(&mut self, cx: &mut Cx<'_, Self>, event: &Bell) {
        cx.parent().log.say(format!("kitchen {}", event.0));
    }
}

#[tokio::test]
async fn what_stays_in_its_service_is_taken_there_by_its_modules_too_and_nowhere_else() {
    let logs = [(); 3].map(|()| Log::default());
    let house = |which: usize| House { log: logs[which].clone(), ..House::default() };
    let node = Node::builder().service(Hosted::new(house(0)).id("a")).service(Hosted::new(house(1)).id("b"));
    let node = node.start().await.unwrap();
    assert_eq!(node.event_reach::<Bell>(Scope::Service).nodes(), 0);
    assert_eq!(node.publish_to(Scope::Service, Bell(7)).confirmed().await.unwrap().nodes, 0, "it is nobody's");
    let client = node.select::<HouseClient>().id("b").client();
    // Two of its own handlers; two handlers of each of the two houses.
    assert_eq!(client.rpc_ring(1).await.unwrap(), [1, 2, 1, 4]);
    let mut lines = logs[1].until(4).await;
    lines.sort();
    assert_eq!(lines, ["any node 1", "any service 1", "kitchen 1", "street 1"]);
    let mut lines = logs[0].until(2).await;
    lines.sort();
    assert_eq!(lines, ["any node 1", "street 1"]);
    // Nobody who comes later has it.
    let _later = node.spawn(house(2)).await.unwrap();
    assert_eq!(logs[2].until(1).await, ["any node 1"]);
    node.shutdown().await.unwrap();
    assert_eq!(logs.map(|log| log.lines().len()), [2, 4, 1]);
}

/// Is told which events it has missed.
#[service]
#[derive(Default)]
pub struct Sorts(Log);

#[rpc]
impl Sorts {
    #[on(event)]
    fn weather(&mut self, _: &Weather) {}

    #[on(event)]
    fn bell(&mut self, _: &Bell) {}

    #[on(missed)]
    fn gap(&mut self, missed: &Missed) {
        let Missed { event, .. } = missed;
        self.0.say(format!("{event}: weather {}, bell {}", missed.is::<Weather>(), missed.is::<Bell>()));
    }
}

#[tokio::test]
async fn whoever_misses_an_event_is_told_of_which_type_it_is_or_else_the_log_what_to_do() {
    let (logged, log) = (Logged::here(), Log::default());
    let node = Node::builder().start().await.unwrap();
    let told = node.spawn(Sorts(log.clone())).await.unwrap();
    let mute = node.spawn(Listener::default()).await.unwrap();
    assert!(node.pause(told) && node.pause(mute));
    assert_eq!((node.publish(Weather(1)), node.publish_to(Scope::Node, Bell(1)).subscribers()), (0, 1));
    assert!(node.resume(told));
    let weather = std::any::type_name::<Weather>();
    let lines = [format!("{weather}: weather true, bell false"), "Bell: weather false, bell true".into()];
    assert_eq!(log.until(2).await, lines);
    let warned = logged.lines();
    assert_eq!(warned.len(), 1, "who is told need not be warned: {warned:?}");
    let says = |what: &str| warned[0].contains(what);
    assert!(
        says("weather") && says("`#[on(missed)]` is told how many") && says("`Hosted::mailbox` makes room"),
        "{warned:?}"
    );
    node.shutdown().await.unwrap();
}

/// Which thread has published it, and which of its events it is.
#[message(event)]
pub struct Beat(usize, u64);

/// What one that joins is given: events, whether each is from before; and what it has missed.
type Given = Arc<Mutex<Vec<Result<(usize, u64, bool), Missed>>>>;

#[service]
pub struct Joins(Given);

#[rpc]
impl Joins {
    #[on(event, retain)]
    fn beat(&mut self, cx: &mut Cx<'_, Self>, event: &Beat) {
        let kept = cx.event().expect("it is an event").retained;
        self.0.lock().unwrap().push(Ok((event.0, event.1, kept)));
    }

    #[on(missed)]
    fn gap(&mut self, missed: &Missed) {
        self.0.lock().unwrap().push(Err(*missed));
    }
}

const THREADS: usize = 2;
/// So many events are published by each of them at most.
const MOST: u64 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_while_threads_publish_has_the_last_event_first_and_each_one_after_it_once() {
    let node = Node::builder().start().await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (node, over) = (node.clone(), Arc::clone(&over));
            tokio::task::spawn_blocking(move || {
                let mut count = 0;
                while count == 0 || !over.load(Ordering::Relaxed) {
                    // All of it has room in a mailbox.
                    if count < MOST {
                        count += 1;
                        let _receipt = node.publish_to(Scope::Node, Beat(thread, count));
                    }
                    std::thread::yield_now();
                }
                count
            })
        })
        .collect();
    // From now on there is a last event.
    let probe = Given::default();
    while probe.lock().unwrap().is_empty() {
        let pid = node.spawn(Joins(Arc::clone(&probe))).await.unwrap();
        tokio::task::yield_now().await;
        node.stop(pid);
    }
    let mut all = Vec::new();
    for which in 0..60 {
        let given = Given::default();
        let hosted = Hosted::new(Joins(Arc::clone(&given))).id(format!("joins {which}")).mailbox(1 << 16);
        let pid = node.spawn(hosted).await.unwrap();
        if which % 2 == 0 {
            node.stop(pid);
        }
        all.push(given);
    }
    over.store(true, Ordering::Relaxed);
    let mut counts = [0; THREADS];
    for (count, thread) in counts.iter_mut().zip(threads) {
        *count = thread.await.unwrap();
    }
    // Whoever has the last of all has what came before.
    let _last = node.publish_to(Scope::Node, Beat(0, counts[0] + 1));
    for (which, given) in all.iter().enumerate() {
        let lives = which % 2 == 1;
        let has_all =
            || given.lock().unwrap().iter().any(|it| matches!(it, Ok((0, value, _)) if *value == counts[0] + 1));
        if lives {
            eventually("the last event", async || has_all().then_some(())).await;
        }
        let given = given.lock().unwrap().clone();
        let mut next = [None; THREADS];
        for (index, one) in given.iter().enumerate() {
            let Ok((thread, value, kept)) = *one else { panic!("{which}: nothing is missed: {given:?}") };
            assert_eq!(kept, index == 0, "{which}: the last from before is first, and alone: {given:?}");
            assert!(next[thread].is_none_or(|next| next == value), "{which}: {value} of {thread}, and not {next:?}");
            next[thread] = Some(value + 1);
        }
    }
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_published_when_its_node_has_ended_is_confirmed_by_nobody() {
    let node = Node::builder().start().await.unwrap();
    assert!(node.publish_to(Scope::Cluster, Beat(0, 1)).confirmed().await.is_ok(), "nobody wants it");
    let ended = node.clone();
    node.shutdown().await.unwrap();
    let receipt = ended.publish_to(Scope::Cluster, Beat(0, 2));
    assert_eq!((receipt.nodes(), receipt.subscribers()), (0, 0));
    let nodes = receipt.confirmed().await.unwrap_err().nodes;
    assert_eq!(nodes, [(ended.key(), ember::UnconfirmedReason::NodeLost)]);
}
