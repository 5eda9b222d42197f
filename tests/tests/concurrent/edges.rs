//! What the workers of a concurrent service must not lose, or hold up, at the edges of its life.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ember::{LocalCalls, ServiceState, View, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    gate::Gate,
    wait::{PATIENCE, within},
};
use tokio::time::Instant;

use super::{
    hall::{Hall, HallClient, Lungs, LungsClient, Rang, Seen},
    instance,
};

type Act = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// It asks again and again while there is no place for an answer.
#[service(concurrent, workers = 1)]
#[derive(Clone, Default)]
pub struct Asker {
    told: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
    act: Act,
}

fn again(me: &Asker, cx: &mut Cx<'_, Asker>) {
    if !me.is_over.load(SeqCst) {
        cx.client::<LungsClient>().rpc_breathe(1, 1, 0).then(cx, |me, cx, _| {
            me.told.fetch_add(1, SeqCst);
            again(me, cx);
        });
    }
}

#[rpc]
impl Asker {
    #[on(stop)]
    async fn end(&mut self) {
        self.stopped.store(true, SeqCst);
    }

    pub async fn rpc_ask_again(&self, cx: &mut Cx<'_, Self>) {
        cx.client::<LungsClient>().rpc_wait().then(cx, |me, _, _| me.is_over.store(true, SeqCst));
        again(self, cx);
    }

    /// Asks as the last thing, after what the test does.
    pub async fn rpc_act_and_ask(&self, cx: &mut Cx<'_, Self>) {
        let act = self.act.lock().unwrap().take();
        act.into_iter().for_each(|act| act());
        cx.client::<LungsClient>().rpc_wait().then(cx, |me, _, _| {
            me.told.fetch_add(1, SeqCst);
        });
    }
}

pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn callbacks_that_ask_again_while_there_is_no_place_keep_nobody_out() {
    let (seen, asker) = (Seen::default(), Asker::default());
    let lungs = Lungs { seen: seen.clone() };
    let hosted = Hosted::new(asker.clone()).mailbox(1);
    let node = Node::builder().service(lungs).service(hosted).start().await.unwrap();
    node.client::<AskerClient>().rpc_ask_again().await.unwrap();
    seen.gate.reached().await;
    until("many refusals", || asker.told.load(SeqCst) > 100).await;
    seen.gate.open();
    until("the answer", || asker.is_over.load(SeqCst)).await;
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_promised_in_the_last_handler_comes_before_the_end() {
    let (seen, asker) = (Seen::default(), Asker::default());
    let builder = Node::builder().local_calls(LocalCalls::Short);
    let node = builder.service(Lungs { seen: seen.clone() }).service(asker.clone()).start().await.unwrap();
    let pid = instance::<AskerClient>(&node).pid();
    *asker.act.lock().unwrap() = Some(Box::new({
        let node = node.clone();
        move || assert!(node.stop(pid))
    }));
    node.client::<AskerClient>().rpc_act_and_ask().await.unwrap();
    seen.gate.reached().await;
    assert!(!asker.stopped.load(SeqCst), "an answer is owed");
    seen.gate.open();
    until("its end", || asker.stopped.load(SeqCst)).await;
    assert_eq!(asker.told.load(SeqCst), 1);
    node.shutdown().await.unwrap();
}

/// It streams, and has something to say at its end.
#[service(concurrent, workers = 2)]
pub struct Feeds {
    gate: Gate,
    feeds: Mutex<Vec<StreamSender<u64>>>,
    said: Arc<Mutex<Vec<String>>>,
}

#[rpc]
impl Feeds {
    #[on(stop)]
    async fn end(&mut self, cx: &mut Cx<'_, Self>) {
        for feed in self.feeds.get_mut().unwrap() {
            feed.try_send(7).unwrap();
        }
        let answer = cx.client::<FeedsClient>().rpc_nothing(1).await;
        self.said.lock().unwrap().push(format!("{answer:?}"));
    }

    pub async fn rpc_feed(&self, cx: &mut Cx<'_, Self>) -> Streaming<u64> {
        self.gate.pass().await;
        let (sender, feed) = cx.streaming(1);
        self.feeds.lock().unwrap().push(sender);
        feed
    }

    #[rpc(key = "key")]
    pub async fn rpc_nothing(&self, key: u64) {
        let _ = key;
    }

    pub async fn rpc_stop(&self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }
}

#[tokio::test]
async fn streams_of_all_its_workers_last_until_it_has_stopped_and_then_it_cannot_call_itself() {
    let (gate, said) = (Gate::default(), Arc::new(Mutex::new(Vec::new())));
    let make = {
        let (gate, said) = (gate.clone(), Arc::clone(&said));
        move || Feeds { gate: gate.clone(), feeds: Mutex::default(), said: Arc::clone(&said) }
    };
    let hosted = Hosted::with(make).restart(Restart::Always).back_off(Duration::ZERO, Duration::ZERO);
    let node = Node::builder().service(hosted).start().await.unwrap();
    let client = node.client::<FeedsClient>();
    let asked = [0, 1].map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.rpc_feed().await.unwrap() })
    });
    for _ in 0..2 {
        gate.reached().await;
    }
    (0..2).for_each(|_| gate.open());
    let [one, other] = asked;
    let feeds = [one.await.unwrap(), other.await.unwrap()];
    client.rpc_stop().await.unwrap();
    for mut feed in feeds {
        assert!(matches!(within("the last item", feed.next()).await, Some(Ok(7))));
        assert!(!matches!(within("the end", feed.next()).await, Some(Ok(_))));
    }
    until("its answer", || !said.lock().unwrap().is_empty()).await;
    assert!(said.lock().unwrap()[0].contains("would wait for itself: Feeds.end → Feeds.rpc_nothing"), "{said:?}");
    node.shutdown().await.unwrap();
}

fn hall(seen: &Seen) -> Hosted<Hall> {
    let seen = seen.clone();
    let hosted = Hosted::with(move || Hall::new(&seen)).restart(Restart::Always);
    hosted.back_off(Duration::ZERO, Duration::ZERO)
}

#[tokio::test(start_paused = true)]
async fn who_does_not_end_in_time_after_it_has_asked_for_a_new_start_is_dropped() {
    let seen = Seen::default();
    let node = Node::builder().service(hall(&seen)).start().await.unwrap();
    let client = node.client::<HallClient>();
    let other = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_wait().await }
    });
    seen.gate.reached().await;
    let began = Instant::now();
    client.rpc_stop().await.unwrap();
    assert!(matches!(other.await.unwrap(), Err(CallError::MaybeExecuted(_))));
    assert_eq!(began.elapsed().as_secs(), 1);
    assert_eq!((client.rpc_count().await, seen.now(), seen.stopped.load(SeqCst)), (Ok(1000), 0, 1));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_panic_while_it_ends_for_a_new_start_is_a_failure_all_the_same() {
    let seen = Seen::default();
    let node = Node::builder().service(hall(&seen).on_panic(OnPanic::Stop)).start().await.unwrap();
    let client = node.client::<HallClient>();
    let other = tokio::spawn({
        let client = client.clone();
        async move { client.rpc_wait_and_panic().await }
    });
    seen.gate.reached().await;
    client.rpc_stop().await.unwrap();
    seen.gate.open();
    assert!(other.await.unwrap().is_err());
    let has_failed = |view: &View| view.instances().iter().all(|it| it.state() == ServiceState::Failed);
    within("its end", node.wait_for_view(has_failed)).await;
    assert_eq!((seen.lives.load(SeqCst), seen.stopped.load(SeqCst)), (1, 0));
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn its_load_is_what_runs_and_it_is_nothing_at_rest() {
    let seen = Seen::default();
    let node = Node::builder().service(Hall::new(&seen)).start().await.unwrap();
    let (client, hall) = (node.client::<HallClient>(), instance::<HallClient>(&node));
    until("rest", || hall.load().total() == 0).await;
    for _ in 0..2 {
        client.rpc_wait().send().unwrap();
        seen.gate.reached().await;
    }
    assert_eq!(hall.load().running, 2);
    (0..2).for_each(|_| seen.gate.open());
    until("rest again", || hall.load().total() == 0).await;
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn it_is_told_of_events_that_found_no_place_and_that_is_a_handler_among_others() {
    let seen = Seen::default();
    let node = Node::builder().service(Hosted::new(Hall::new(&seen)).mailbox(1)).start().await.unwrap();
    let client = node.client::<HallClient>();
    for _ in 0..4 {
        client.rpc_wait().send().unwrap();
        seen.gate.reached().await;
    }
    for _ in 0..3 {
        node.publish(Rang);
    }
    (0..4).for_each(|_| seen.gate.open());
    // The one that had a place, and what tells of the others.
    for _ in 0..2 {
        seen.gate.reached().await;
    }
    assert_eq!((seen.events.load(SeqCst), seen.missed.load(SeqCst)), (1, 1));
    (0..2).for_each(|_| seen.gate.open());
    node.shutdown().await.unwrap();
}

/// It asks a service of another node, which asks it back.
#[service(concurrent, workers = 2)]
pub struct Wing {
    gate: Gate,
}

#[rpc]
impl Wing {
    pub async fn rpc_ask(&self, cx: &mut Cx<'_, Self>) -> Result<String, String> {
        self.gate.pass().await;
        let asked = cx.client::<EchoClient>().rpc_back().timeout(2 * PATIENCE).await;
        asked.map_err(|error| error.to_string())
    }

    pub async fn rpc_ping(&self) {}
}

#[service]
pub struct Echo;

#[rpc]
impl Echo {
    pub async fn rpc_back(&mut self, cx: &mut Cx<'_, Self>) -> String {
        format!("{:?}", cx.client::<WingClient>().rpc_ping().timeout(2 * PATIENCE).await)
    }
}

#[tokio::test]
async fn a_call_back_from_another_node_while_it_retires_waits_for_nobody() {
    let (cluster, gate) = (Cluster::default(), Gate::default());
    let here = cluster.node("here").service(Wing { gate: gate.clone() }).start().await.unwrap();
    let there = cluster.node("there").service(Echo).start().await.unwrap();
    sees(&here, "Echo", 1).await;
    sees(&there, "Wing", 1).await;
    let client = here.client::<WingClient>();
    let asks = tokio::spawn(async move { client.rpc_ask().timeout(2 * PATIENCE).await });
    gate.reached().await;
    assert!(here.stop(instance::<WingClient>(&here).pid()));
    let retires = |view: &View| view.instances().iter().any(|it| it.state() == ServiceState::Retiring);
    within("the other node to see that it retires", there.wait_for_view(retires)).await;
    gate.open();
    let told = within("an answer, long before the time of the call is over", asks).await.unwrap().unwrap();
    assert!(told.contains("it is retiring"), "{told}");
    there.shutdown().await.unwrap();
    here.shutdown().await.unwrap();
}
