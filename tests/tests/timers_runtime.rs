//! Timers that handlers make, and timers that follow the calendar. The clock of tokio is paused: it goes on by itself when nobody
//! has anything to do.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

use std::{sync::Arc, time::Duration};

use ember::{Clock, MissedTicks, TimerHandle, prelude::*};
use ember_tests::{simulation::scale, wait::eventually};
use tokio::time::{Instant, sleep};

/// The wall clock of a simulation: it goes with the clock of tokio, and can be set.
#[derive(Debug, Clone)]
struct Wall {
    start: Instant,
    at_start: Arc<std::sync::atomic::AtomicU64>,
}

impl Wall {
    /// 2024-10-27, in seconds after midnight UTC.
    fn at(seconds: u64) -> Self {
        Self { start: Instant::now(), at_start: Arc::new((1_729_987_200 + seconds).into()) }
    }

    fn set_forward(&self, seconds: u64) {
        self.at_start.fetch_add(seconds, std::sync::atomic::Ordering::Relaxed);
    }

    fn set_back(&self, seconds: u64) {
        self.at_start.fetch_sub(seconds, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Clock for Wall {
    fn now(&self) -> Duration {
        Duration::from_secs(self.at_start.load(std::sync::atomic::Ordering::Relaxed)) + self.start.elapsed()
    }
}

#[service]
#[derive(Default)]
pub struct Alarm {
    ticks: u32,
    calendar: u32,
    handles: Vec<TimerHandle>,
}

#[rpc]
impl Alarm {
    pub async fn rpc_every(&mut self, cx: &mut Cx<'_, Self>, millis: u64) {
        self.handles.push(cx.every(Duration::from_millis(millis), |me, _| me.ticks += 1));
    }

    pub async fn rpc_after(&mut self, cx: &mut Cx<'_, Self>, millis: u64) {
        self.handles.push(cx.after(Duration::from_millis(millis), |me, cx| {
            assert!(cx.deadline().is_none(), "a timer inherits no deadline");
            me.ticks += 1;
        }));
    }

    /// Makes a timer and forgets its handle.
    pub async fn rpc_forget(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every(Duration::from_millis(100), |me, _| me.ticks += 1);
    }

    pub async fn rpc_panic_once(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every(Duration::from_millis(100), |me, _| {
            me.ticks += 1;
            assert!(me.ticks > 1, "on purpose");
        });
    }

    /// Cancels all, at a time when a tick may wait in the mailbox.
    pub async fn rpc_cancel(&mut self, after_millis: u64) {
        sleep(Duration::from_millis(after_millis)).await;
        for handle in &self.handles {
            handle.cancel();
        }
        assert!(self.handles.iter().all(TimerHandle::is_over));
    }

    pub async fn rpc_busy(&mut self, millis: u64) {
        sleep(Duration::from_millis(millis)).await;
    }

    pub async fn rpc_ticks(&mut self) -> u32 {
        self.ticks
    }

    pub async fn rpc_over(&mut self) -> usize {
        self.handles.iter().filter(|handle| handle.is_over()).count()
    }

    #[cron("0 */5 * * * *")]
    fn on_the_five(&mut self) {
        self.calendar += 1;
    }

    pub async fn rpc_calendar(&mut self) -> u32 {
        self.calendar
    }
}

/// Has many timers.
#[service]
#[derive(Default)]
pub struct Crowd {
    handles: Vec<TimerHandle>,
    /// How often each came.
    came: Vec<u8>,
    late: Duration,
    captured: Arc<()>,
    made_up: u32,
}

#[rpc]
impl Crowd {
    /// Makes so many, due within a minute; every third of them is to be cancelled.
    pub async fn rpc_make(&mut self, cx: &mut Cx<'_, Self>, count: usize, seed: u64) {
        let mut state = seed;
        self.came = vec![0; count];
        for number in 0..count {
            // Any numbers will do.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (delay, captured) =
                (Duration::from_micros(1_000_000 + (state >> 33) % 60_000_000), self.captured.clone());
            let due = Instant::now() + delay;
            self.handles.push(cx.after(delay, move |me, _| {
                let _captured = captured;
                let late = Instant::now().checked_duration_since(due).expect("none is early");
                me.came[number] += 1;
                me.late = me.late.max(late);
            }));
        }
    }

    pub async fn rpc_cancel_thirds(&mut self) -> usize {
        let before = Arc::strong_count(&self.captured);
        self.handles.iter().step_by(3).for_each(TimerHandle::cancel);
        before - Arc::strong_count(&self.captured)
    }

    pub async fn rpc_came(&mut self) -> (Vec<u8>, u64, usize) {
        (self.came.clone(), self.late.as_micros() as u64, Arc::strong_count(&self.captured) - 1)
    }

    pub async fn rpc_three(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every_with(Duration::from_millis(100), MissedTicks::CatchUp(3), |me, _| me.made_up += 1);
    }

    pub async fn rpc_busy(&mut self, millis: u64) {
        sleep(Duration::from_millis(millis)).await;
    }

    pub async fn rpc_made_up(&mut self) -> u32 {
        self.made_up
    }
}

#[service]
#[derive(Default)]
pub struct Lost;

#[rpc]
impl Lost {
    #[cron("0 0 0 * * *", tz = "Mars/Olympus")]
    fn never(&mut self) {}
}

async fn start(wall: Wall) -> (Node, AlarmClient) {
    let node = Node::builder().clock(wall).service(Alarm::default()).start().await.expect("the node starts");
    let client = node.client::<AlarmClient>();
    (node, client)
}

#[tokio::test(start_paused = true)]
async fn a_timer_made_at_run_time_ticks_until_it_is_cancelled() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_every(100).await.unwrap();
    sleep(Duration::from_millis(1050)).await;
    assert_eq!(alarm.rpc_ticks().await.unwrap(), 10);
    alarm.rpc_cancel(0).await.unwrap();
    sleep(Duration::from_millis(1000)).await;
    assert_eq!(alarm.rpc_ticks().await.unwrap(), 10);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_after_timer_fires_once_and_is_over() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_after(100).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_eq!((alarm.rpc_ticks().await.unwrap(), alarm.rpc_over().await.unwrap()), (0, 0));
    sleep(Duration::from_millis(1000)).await;
    assert_eq!((alarm.rpc_ticks().await.unwrap(), alarm.rpc_over().await.unwrap()), (1, 1));
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_handle_lets_its_timer_go_on() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_forget().await.unwrap();
    sleep(Duration::from_millis(250)).await;
    assert_eq!(alarm.rpc_ticks().await.unwrap(), 2);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_waits_when_its_timer_is_cancelled_does_not_run() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_every(100).await.unwrap();
    alarm.rpc_cancel(150).await.unwrap();
    sleep(Duration::from_millis(1000)).await;
    assert_eq!(alarm.rpc_ticks().await.unwrap(), 0);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ticks_do_not_pile_up_behind_a_busy_handler() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_every(100).await.unwrap();
    alarm.rpc_busy(1050).await.unwrap();
    assert_eq!(alarm.rpc_ticks().await.unwrap(), 1);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_panics_does_not_end_its_timer() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_panic_once().await.unwrap();
    sleep(Duration::from_millis(350)).await;
    assert_eq!(alarm.rpc_ticks().await.unwrap(), 3);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn timers_end_with_their_service() {
    let (node, alarm) = start(Wall::at(0)).await;
    alarm.rpc_every(100).await.unwrap();
    node.shutdown().await.unwrap();
    let alive = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    sleep(Duration::from_millis(500)).await;
    assert!(alive <= 1, "{alive} tasks outlive the node");
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_timers_comes_once_each_none_early_and_cancelled_ones_never_and_gives_all_back() {
    let node = Node::builder().service(Crowd::default()).start().await.unwrap();
    let (crowd, count) = (node.client::<CrowdClient>(), 30_000 * scale() as usize);
    crowd.rpc_make(count, 7).await.unwrap();
    assert_eq!(crowd.rpc_cancel_thirds().await, Ok(count.div_ceil(3)), "what they had captured is gone at once");
    sleep(Duration::from_secs(62)).await;
    let (came, late, captured) = crowd.rpc_came().await.unwrap();
    for (number, times) in came.iter().enumerate() {
        assert_eq!(*times, u8::from(number % 3 != 0), "{number}");
    }
    assert!(late <= 2_000, "{late} µs");
    assert_eq!(captured, 0);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn timers_of_a_service_that_ends_give_all_back_though_their_time_is_far() {
    let (crowd, captured) = (Crowd::default(), Arc::new(()));
    let crowd = Crowd { captured: captured.clone(), ..crowd };
    let node = Node::builder().service(crowd).start().await.unwrap();
    node.client::<CrowdClient>().rpc_make(1_000, 1).await.unwrap();
    assert_eq!(Arc::strong_count(&captured), 1_002);
    assert!(node.stop(node.services()[0]));
    eventually("all is given back", async || (Arc::strong_count(&captured) == 1).then_some(())).await;
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_catches_up_comes_as_often_as_it_says_when_the_handler_has_ended() {
    let node = Node::builder().service(Crowd::default()).start().await.unwrap();
    let crowd = node.client::<CrowdClient>();
    crowd.rpc_three().await.unwrap();
    crowd.rpc_busy(1050).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(crowd.rpc_made_up().await, Ok(4), "the one that waited, and three more");
    assert_eq!(node.call_counts(node.services()[0]).unwrap().overruns, 6);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_calendar_timer_follows_the_nodes_wall_clock() {
    let (node, alarm) = start(Wall::at(4 * 60)).await;
    sleep(Duration::from_secs(59)).await;
    assert_eq!(alarm.rpc_calendar().await.unwrap(), 0);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(alarm.rpc_calendar().await.unwrap(), 1);
    sleep(Duration::from_secs(15 * 60)).await;
    assert_eq!(alarm.rpc_calendar().await.unwrap(), 4);
    node.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_tick_makes_up_for_all_that_a_clock_leaps_over_and_none_comes_twice() {
    let wall = Wall::at(4 * 60);
    let (node, alarm) = start(wall.clone()).await;
    sleep(Duration::from_secs(1)).await;
    wall.set_forward(3600);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(alarm.rpc_calendar().await.unwrap(), 1);
    wall.set_back(600);
    sleep(Duration::from_secs(590)).await;
    assert_eq!(alarm.rpc_calendar().await.unwrap(), 1, "those of the last ten minutes have come already");
    sleep(Duration::from_secs(120)).await;
    assert_eq!(alarm.rpc_calendar().await.unwrap(), 2);
    node.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_unknown_time_zone_fails_the_start_and_names_the_timer() {
    let error = Node::builder().service(Lost).start().await.unwrap_err().to_string();
    assert!(error.contains("`never` of the service `Lost`") && error.contains("Mars/Olympus"), "{error}");
}
