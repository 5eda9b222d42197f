//! What callers do to a service that does not answer: they repeat few calls, and leave it alone. And what becomes of the calls to one that
//! is paused. In the simulation.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{
    Breaker, BreakerState, RefusedReason, Role, ServiceState,
    prelude::*,
    testing::{Cluster, Registry, Sim},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// How the desks of each node behave, and what they have done.
#[derive(Clone, Default)]
struct World {
    hangs: Arc<Mutex<Vec<&'static str>>>,
    begun: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    panics: Arc<AtomicUsize>,
    /// What those that call themselves were told.
    told: Arc<Mutex<Vec<String>>>,
}

#[service]
pub struct Desk {
    node: &'static str,
    world: World,
}

#[rpc]
impl Desk {
    /// Which node it is on. If that hangs, it does not answer until its caller has gone.
    #[rpc(cancel)]
    pub async fn rpc_where(&mut self) -> String {
        *self.world.begun.lock().unwrap().entry(self.node).or_default() += 1;
        if self.world.hangs(self.node) {
            std::future::pending::<()>().await;
        }
        self.node.into()
    }

    /// Needs longer on a good day than a breaker waits for its probe.
    pub async fn rpc_long(&mut self) {
        // tidy: sleep: it is slow on purpose
        sleep(ms(12_000)).await;
    }

    /// Calls its own service, which would wait for itself.
    pub async fn rpc_itself(&mut self, cx: &mut Cx<'_, Self>) {
        let told = ended(cx.client::<DeskClient>().rpc_where().await);
        self.world.told.lock().unwrap().push(told);
    }

    /// Panics as long as it is to.
    #[rpc(idempotent)]
    pub async fn rpc_try(&mut self) {
        *self.world.begun.lock().unwrap().entry(self.node).or_default() += 1;
        assert!(self.world.panics.load(Ordering::Relaxed) == 0, "it is broken");
    }
}

#[service(elected)]
pub struct Throne(Desk);

#[rpc]
impl Throne {
    #[rpc(cancel)]
    pub async fn rpc_where(&mut self) -> String {
        self.0.rpc_where().await
    }
}

impl World {
    fn hangs(&self, node: &str) -> bool {
        self.hangs.lock().unwrap().contains(&node)
    }

    fn hang(&self, nodes: &[&'static str]) {
        *self.hangs.lock().unwrap() = nodes.to_vec();
    }

    fn begun(&self, node: &str) -> usize {
        self.begun.lock().unwrap().get(node).copied().unwrap_or_default()
    }

    fn desk(&self, node: &'static str) -> Desk {
        Desk { node, world: self.clone() }
    }

    /// Two desks, and two who call.
    fn cluster(&self, seed: u64) -> Cluster {
        let breaker = Breaker::after(5).open_for(ms(1_000), ms(2_000));
        let mut cluster = Cluster::seed(seed).node("ada", move |node| node.breaker(breaker)).node("bob", |node| node);
        for name in ["one", "two"] {
            let world = self.clone();
            cluster = cluster.node(name, move |node| node.service(world.desk(name)));
        }
        cluster
    }

    /// Three thrones, and one who calls.
    fn thrones(&self, seed: u64) -> Cluster {
        let mut cluster = Cluster::seed(seed).node("ada", |node| node);
        for name in ["one", "two", "three"] {
            let world = self.clone();
            cluster = cluster.node(name, move |node| node.service(Throne(world.desk(name))));
        }
        cluster
    }
}

/// What became of calls: by whom they were answered, or why not.
type Ends = BTreeMap<String, usize>;

fn ended<E: std::fmt::Display>(end: Result<String, CallError<E>>) -> String {
    match end {
        Ok(node) => node,
        Err(CallError::App(error)) => error.to_string(),
        Err(CallError::NotExecuted(refused)) => format!("{:?}", refused.reason()).split('(').next().unwrap().to_owned(),
        Err(CallError::MaybeExecuted(lost)) => format!("{:?}", lost.reason()),
    }
}

/// Calls from `node`, one every 10 ms, each with 200 ms; until so much time has passed.
async fn calls(sim: &Sim, node: &str, time: Duration) -> Ends {
    calls_every(sim, node, ms(10), time).await
}

async fn calls_every(sim: &Sim, node: &str, every: Duration, time: Duration) -> Ends {
    let load = sim.on(node, move |node| async move {
        let (desk, begun) = (node.client::<DeskClient>(), Instant::now());
        let mut calls = tokio::task::JoinSet::new();
        while begun.elapsed() < time {
            calls.spawn(desk.rpc_where().timeout(ms(200)));
            sleep(every).await;
        }
        let mut ends = Ends::new();
        while let Some(end) = calls.join_next().await {
            *ends.entry(ended(end.unwrap())).or_default() += 1;
        }
        ends
    });
    load.await.unwrap()
}

fn total(ends: &Ends, of: &str) -> usize {
    ends.get(of).copied().unwrap_or_default()
}

/// How `ada`'s breaker for the desk of a node is.
fn breaker(sim: &Sim, at: &str) -> BreakerState {
    let view = sim.view("ada").unwrap();
    let desk = view.instances().iter().find(|it| it.node().name == at).expect("it is listed");
    desk.breaker()
}

#[test]
fn an_outage_of_all_instances_gets_a_fifth_more_calls_and_those_that_are_free() {
    let world = World::default();
    world.cluster(4).run(async move |sim| {
        sim.settled().await;
        world.panics.store(1, Ordering::Relaxed);
        let load = || {
            sim.on("ada", |node| async move {
                let desk = node.client::<DeskClient>();
                let policy = ember::Retry::new(5).backoff(ms(1), ms(5)).maybe_executed();
                let (mut done, mut unrepeated) = (0, 0);
                for _ in 0..400 {
                    match desk.rpc_try().retry(policy).await {
                        Ok(()) => done += 1,
                        Err(CallError::MaybeExecuted(lost)) if lost.is_out_of_retries() => {
                            assert!(lost.to_string().contains("panicked") && lost.to_string().contains("retry budget"));
                            unrepeated += 1;
                        }
                        Err(error) => assert!(matches!(error, CallError::MaybeExecuted(_)), "{error}"),
                    }
                    sleep(ms(10)).await;
                }
                (done, unrepeated)
            })
        };
        let begun = sim.elapsed();
        let (done, unrepeated) = load().await.unwrap();
        assert!(sim.elapsed() - begun < ms(9_000), "all within one window");
        let attempts = world.begun("one") + world.begun("two");
        assert!((480..=400 + 80 + 20).contains(&attempts), "{attempts} attempts of 400 calls");
        assert!(done == 0 && unrepeated >= 300, "{unrepeated}");
        assert_eq!(breaker(&sim, "one"), BreakerState::Closed, "whoever panics answers");
        world.panics.store(0, Ordering::Relaxed);
        assert_eq!(load().await.unwrap(), (400, 0));
    });
}

#[test]
fn one_that_hangs_is_left_alone_but_for_single_probes_until_one_is_answered() {
    let world = World::default();
    world.cluster(5).run(async move |sim| {
        sim.settled().await;
        let ends = calls(&sim, "ada", ms(1_000)).await;
        assert!(total(&ends, "one") > 40 && total(&ends, "two") > 40 && ends.len() == 2, "{ends:?}");
        world.hang(&["one"]);
        let ends = calls(&sim, "ada", ms(1_000)).await;
        // Every other one goes there, until those of five moments of 100 ms have ended.
        assert!((25..=35).contains(&total(&ends, "Deadline")) && ends.len() == 2, "{ends:?}");
        assert_ne!(breaker(&sim, "one"), BreakerState::Closed);
        assert_eq!(breaker(&sim, "two"), BreakerState::Closed);
        let before = world.begun("one");
        let ends = calls_every(&sim, "ada", ms(40), ms(8_000)).await;
        // After 1 s, 2, 2, 2 at the most, and half of that at the least.
        let probes = total(&ends, "Deadline");
        assert!((3..=7).contains(&probes) && ends.len() == 2, "{ends:?}");
        assert_eq!(world.begun("one") - before, probes, "each of them was one call");
        world.hang(&[]);
        let ends = calls(&sim, "ada", ms(2_800)).await;
        assert_eq!(breaker(&sim, "one"), BreakerState::Closed);
        assert!(total(&ends, "Deadline") <= 1 && total(&ends, "one") > 10, "{ends:?}");
        // Others have their own opinion, which they have never had a reason to change.
        let bob = sim.view("bob").unwrap();
        assert!(bob.instances().iter().all(|it| it.breaker() == BreakerState::Closed));
    });
}

#[test]
fn a_process_that_stands_still_is_left_alone_and_called_again_when_it_goes_on() {
    let world = World::default();
    world.cluster(6).run(async move |sim| {
        sim.settled().await;
        calls(&sim, "ada", ms(500)).await;
        sim.pause("one");
        // Shorter than it takes until the link is lost.
        let ends = calls(&sim, "ada", ms(900)).await;
        assert_ne!(breaker(&sim, "one"), BreakerState::Closed, "{ends:?}");
        let ends = calls(&sim, "ada", ms(3_000)).await;
        assert!(total(&ends, "Deadline") <= 3 && total(&ends, "two") > 250, "{ends:?}");
        sim.resume("one");
        calls(&sim, "ada", ms(3_000)).await;
        assert_eq!(breaker(&sim, "one"), BreakerState::Closed);
        let ends = calls(&sim, "ada", ms(500)).await;
        assert!(total(&ends, "one") > 20 && ends.len() == 2, "{ends:?}");
    });
}

#[test]
fn with_all_breakers_open_calls_end_at_once_and_say_so() {
    let world = World::default();
    world.cluster(1).run(async move |sim| {
        sim.settled().await;
        world.hang(&["one", "two"]);
        let ends = calls(&sim, "ada", ms(900)).await;
        assert!(total(&ends, "BreakerOpen") > 10 && total(&ends, "Deadline") >= 10 && ends.len() == 2, "{ends:?}");
        let refused = sim.on("ada", |node| async move {
            let desk = node.client::<DeskClient>();
            let begun = Instant::now();
            let refused = loop {
                match desk.rpc_where().timeout(ms(200)).await {
                    Err(CallError::NotExecuted(refused)) => break refused,
                    // It was the probe.
                    Err(CallError::MaybeExecuted(_)) => {}
                    other => panic!("{other:?}"),
                }
            };
            assert!(begun.elapsed() < ms(500), "two probes at most came first");
            let begun = Instant::now();
            let one = node.view().instances()[0].pid();
            let pinned = node.select::<DeskClient>().pid(one).client().rpc_where().send();
            let pinned = pinned.expect_err("a one-way call goes past no breaker that is open");
            assert!(matches!(pinned.refused.reason(), RefusedReason::BreakerOpen(_)), "{pinned}");
            assert_eq!(begun.elapsed(), Duration::ZERO);
            refused
        });
        let refused = refused.await.unwrap();
        assert!(matches!(refused.reason(), RefusedReason::BreakerOpen(_)), "{refused}");
        assert!(refused.to_string().contains("breakers are open"), "{refused}");
        world.hang(&[]);
        calls(&sim, "ada", ms(3_000)).await;
        assert_eq!([breaker(&sim, "one"), breaker(&sim, "two")], [BreakerState::Closed; 2]);
    });
}

#[test]
fn the_late_answer_of_a_probe_closes_the_breaker_of_a_service_whose_methods_are_long() {
    let world = World::default();
    let own = world.clone();
    let cluster = Cluster::seed(9).node("ada", |node| node).node("one", move |node| node.service(own.desk("one")));
    cluster.run(async move |sim| {
        sim.settled().await;
        world.hang(&["one"]);
        while breaker(&sim, "one") == BreakerState::Closed {
            calls(&sim, "ada", ms(100)).await;
        }
        world.hang(&[]);
        let begun = sim.elapsed();
        // All that is called from now on takes 12 s, and a probe has 5.
        let load = sim.on("ada", |node| async move {
            let mut calls = tokio::task::JoinSet::new();
            loop {
                calls.spawn(node.client::<DeskClient>().rpc_long().timeout(ms(60_000)));
                sleep(ms(500)).await;
                while let Some(end) = calls.try_join_next() {
                    match end.unwrap() {
                        Ok(()) => return,
                        Err(error) => assert!(matches!(error, CallError::NotExecuted(_)), "{error}"),
                    }
                }
            }
        });
        load.await.unwrap();
        assert_eq!(breaker(&sim, "one"), BreakerState::Closed);
        let took = sim.elapsed() - begun;
        assert!(ms(12_000) < took && took < ms(15_000), "{took:?}");
    });
}

#[test]
fn a_call_that_would_wait_for_itself_is_no_probe() {
    let world = World::default();
    let own = world.clone();
    Cluster::seed(13).node("ada", move |node| node.service(own.desk("ada"))).run(async move |sim| {
        sim.settled().await;
        world.hang(&["ada"]);
        while breaker(&sim, "ada") != BreakerState::HalfOpen {
            calls(&sim, "ada", ms(50)).await;
        }
        world.hang(&[]);
        let sent = sim.on("ada", |node| async move { node.client::<DeskClient>().rpc_itself().send().is_ok() });
        assert!(sent.await.unwrap(), "a one-way call goes there");
        while world.told.lock().unwrap().is_empty() {
            sleep(ms(1)).await;
        }
        assert_eq!(*world.told.lock().unwrap(), ["Cycle"]);
        assert_eq!(breaker(&sim, "ada"), BreakerState::HalfOpen);
        let ends = calls(&sim, "ada", ms(50)).await;
        assert_eq!((total(&ends, "ada"), ends.len(), breaker(&sim, "ada")), (5, 1, BreakerState::Closed), "{ends:?}");
    });
}

#[test]
fn attempts_that_only_wait_for_a_master_are_not_paid_for() {
    let world = World::default();
    let own = world.clone();
    let budget = ember::RetryBudget::percent(0).free(0);
    let mut cluster = Cluster::seed(10).node("ada", move |node| node.retry_budget(budget));
    for name in ["one", "two"] {
        let world = own.clone();
        cluster = cluster.node(name, move |node| node.service(Throne(world.desk(name))));
    }
    cluster.run(async move |sim| {
        sim.settled().await;
        let call = |sim: &Sim, policy| {
            let called = sim.on("ada", move |node| async move {
                ended(node.client::<ThroneClient>().rpc_where().timeout(ms(60_000)).retry(policy).await)
            });
            async move { called.await.unwrap() }
        };
        let policy = ember::Retry::new(1_000).backoff(ms(10), ms(10));
        let master = call(&sim, policy).await;
        sim.kill(&master).await;
        let begun = sim.elapsed();
        let next = call(&sim, policy.attempt_timeout(ms(100))).await;
        assert!(["one", "two"].contains(&&*next) && next != master, "{next}");
        assert!(sim.elapsed() - begun > ms(500), "it took several attempts");
        // One that may have reached somebody is.
        world.hang(&["one", "two"]);
        let begun = sim.elapsed();
        assert_eq!(call(&sim, policy.attempt_timeout(ms(100))).await, "Deadline");
        assert!(sim.elapsed() - begun < ms(150));
    });
}

#[test]
fn callers_that_stood_still_past_the_deadlines_of_their_calls_leave_nobody_alone_for_that() {
    let world = World::default();
    world.cluster(11).run(async move |sim| {
        sim.settled().await;
        calls(&sim, "ada", ms(200)).await;
        for name in ["one", "two"] {
            sim.latency("ada", name, ms(20));
        }
        let ends = sim.on("ada", |node| async move {
            let desk = node.client::<DeskClient>();
            let calls: Vec<_> =
                (0..40).map(|_| tokio::spawn(desk.rpc_where().timeout(ms(200)).into_future())).collect();
            let mut ends = Ends::new();
            for call in calls {
                *ends.entry(ended(call.await.unwrap())).or_default() += 1;
            }
            ends
        });
        sleep(ms(5)).await;
        // The calls are on their way, and so is nothing else: a machine stands still with all its processes.
        for name in ["ada", "one", "two"] {
            sim.pause(name);
        }
        sleep(ms(700)).await;
        for name in ["ada", "one", "two"] {
            sim.resume(name);
        }
        let ends = ends.await.unwrap();
        assert_eq!((total(&ends, "Deadline"), ends.len()), (40, 1), "{ends:?}");
        assert_eq!([breaker(&sim, "one"), breaker(&sim, "two")], [BreakerState::Closed; 2]);
    });
}

#[test]
fn a_call_waits_for_the_one_behind_a_breaker_while_another_retires() {
    let world = World::default();
    world.cluster(12).run(async move |sim| {
        sim.settled().await;
        world.hang(&["two"]);
        while breaker(&sim, "two") == BreakerState::Closed {
            calls(&sim, "ada", ms(50)).await;
        }
        world.hang(&[]);
        sim.on("one", |node| async move { node.retire().await }).await.unwrap();
        let is_known = |sim: &Sim| {
            let view = sim.view("ada").unwrap();
            view.instances().iter().any(|it| it.state() == ServiceState::Retiring)
        };
        while !is_known(&sim) {
            sleep(ms(1)).await;
        }
        assert_eq!(breaker(&sim, "two"), BreakerState::Open);
        let called = sim.on("ada", |node| async move { ended(node.client::<DeskClient>().rpc_where().await) });
        assert_eq!(called.await.unwrap(), "two");
    });
}

#[test]
fn calls_by_name_that_are_not_the_probe_go_to_the_others() {
    let world = World::default();
    world.cluster(8).run(async move |sim| {
        sim.settled().await;
        world.hang(&["one"]);
        while breaker(&sim, "one") != BreakerState::HalfOpen {
            calls(&sim, "ada", ms(50)).await;
        }
        let ends = sim.on("ada", |node| async move {
            // Nobody has asked yet what the method is: half of them ask `one`, and meanwhile another call is its probe.
            let mut by_name = tokio::task::JoinSet::new();
            for _ in 0..8 {
                by_name.spawn(node.call("Desk", "rpc_where", json!({})).timeout(ms(1_000)).into_future());
            }
            let desk = node.client::<DeskClient>();
            let typed = [(); 2].map(|()| tokio::spawn(desk.rpc_where().timeout(ms(200)).into_future()));
            let mut ends = Ends::new();
            while let Some(end) = by_name.join_next().await {
                let end = end.unwrap().map(|value| value.as_str().unwrap_or_default().to_owned());
                *ends.entry(ended(end)).or_default() += 1;
            }
            let mut probes = 0;
            for typed in typed {
                probes += usize::from(ended(typed.await.unwrap()) == "Deadline");
            }
            (ends, probes)
        });
        let (ends, probes) = ends.await.unwrap();
        assert_eq!((total(&ends, "two"), probes), (8, 1), "{ends:?}");
    });
}

#[test]
fn a_breaker_that_is_off_never_opens() {
    let world = World::default();
    let own = world.clone();
    let cluster = Cluster::seed(2)
        .node("ada", |node| node.breaker(Breaker::off()))
        .node("bob", |node| node.breaker_of("Desk", Breaker::off()))
        .node("one", move |node| node.service(own.desk("one")));
    cluster.run(async move |sim| {
        sim.settled().await;
        world.hang(&["one"]);
        for name in ["ada", "bob"] {
            let ends = calls(&sim, name, ms(500)).await;
            assert_eq!((total(&ends, "Deadline"), ends.len()), (50, 1), "{ends:?}");
        }
    });
}

#[test]
fn a_master_behind_an_open_breaker_is_an_error_and_not_a_slave() {
    let world = World::default();
    world.thrones(3).run(async move |sim| {
        let call = |sim: &Sim| {
            let called = sim.on("ada", |node| async move {
                ended(node.client::<ThroneClient>().rpc_where().timeout(ms(1_000)).await)
            });
            async move { called.await.unwrap() }
        };
        let master = loop {
            let master = call(&sim).await;
            if let Some(master) = ["one", "two", "three"].into_iter().find(|name| *name == master) {
                break master;
            }
        };
        world.hang(&[master]);
        for _ in 0..5 {
            assert_eq!(call(&sim).await, "Deadline");
        }
        let begun = sim.elapsed();
        assert_eq!(call(&sim).await, "BreakerOpen");
        assert!(sim.elapsed() - begun < ms(100));
        world.hang(&[]);
        sleep(ms(1_100)).await;
        assert_eq!(call(&sim).await, master, "the probe");
        assert_eq!(call(&sim).await, master);
    });
}

#[test]
fn a_master_that_says_that_its_lease_has_ended_is_behind_no_breaker() {
    let world = World::default();
    world.thrones(12).latency(ms(5)..=ms(20)).run(async move |sim| {
        sim.settled().await;
        let calls = |sim: &Sim, time: Duration| {
            let load = sim.on("ada", move |node| async move {
                let (throne, begun) = (node.client::<ThroneClient>(), Instant::now());
                let mut calls = tokio::task::JoinSet::new();
                while begun.elapsed() < time {
                    calls.spawn(throne.rpc_where().timeout(ms(300)));
                    sleep(ms(20)).await;
                }
                let mut ends = Ends::new();
                while let Some(end) = calls.join_next().await {
                    *ends.entry(ended(end.unwrap())).or_default() += 1;
                }
                ends
            });
            async move { load.await.unwrap() }
        };
        calls(&sim, ms(1_000)).await;
        sim.registry_down();
        // Each asks it again and again; many are on their way when their time is over.
        let ends = calls(&sim, ms(20_000)).await;
        assert!(total(&ends, "Deadline") >= 5, "as many as open a breaker: {ends:?}");
        assert_eq!(total(&ends, "BreakerOpen"), 0, "{ends:?}");
        sim.registry_up(Registry::Kept);
        sleep(ms(6_000)).await;
        let ends = calls(&sim, ms(1_000)).await;
        assert_eq!(
            ends.values().sum::<usize>(),
            ["one", "two", "three"].iter().map(|it| total(&ends, it)).sum::<usize>(),
            "{ends:?}"
        );
    });
}

#[test]
fn a_paused_service_is_chosen_by_no_node_and_nothing_fails() {
    let world = World::default();
    world.cluster(7).run(async move |sim| {
        sim.settled().await;
        let load = async |time| {
            let (mut ends, bob) = tokio::join!(calls(&sim, "ada", time), calls(&sim, "bob", time));
            bob.into_iter().for_each(|(end, count)| *ends.entry(end).or_default() += count);
            ends
        };
        let pause = |paused: bool| {
            sim.on("one", move |node| async move {
                let desk = node.services()[0];
                assert!(if paused { node.pause(desk) } else { node.resume(desk) });
            })
        };
        let turned = async {
            sleep(ms(300)).await;
            pause(true).await.unwrap();
        };
        let (ends, ()) = tokio::join!(load(ms(1_000)), turned);
        assert_eq!(ends.keys().collect::<Vec<_>>(), ["one", "two"], "{ends:?}");
        for name in ["ada", "bob"] {
            let view = sim.view(name).unwrap();
            let one = view.instances().iter().find(|it| it.node().name == "one").unwrap();
            assert_eq!((one.state(), one.breaker()), (ServiceState::Paused, BreakerState::Closed));
        }
        let ends = load(ms(500)).await;
        assert_eq!(ends.keys().collect::<Vec<_>>(), ["two"], "{ends:?}");
        pause(false).await.unwrap();
        sleep(ms(200)).await;
        let ends = load(ms(500)).await;
        assert!(total(&ends, "one") > 40 && ends.len() == 2, "{ends:?}");
    });
}

#[test]
fn a_master_that_is_paused_hands_over_and_no_call_fails() {
    let world = World::default();
    world.thrones(4).run(async move |sim| {
        let load = |sim: &Sim, calls: usize| {
            let load = sim.on("ada", move |node| async move {
                let (throne, mut by) = (node.client::<ThroneClient>(), Vec::new());
                for _ in 0..calls {
                    by.push(ended(throne.rpc_where().await));
                    by.dedup();
                    sleep(ms(5)).await;
                }
                by
            });
            async move { load.await.unwrap() }
        };
        let pause = |name: &str, paused: bool| {
            sim.on(name, move |node| async move {
                let throne = node.services()[0];
                assert!(if paused { node.pause(throne) } else { node.resume(throne) });
            })
        };
        let first = load(&sim, 1).await.remove(0);
        let turned = async {
            sleep(ms(200)).await;
            pause(&first, true).await.unwrap();
        };
        let (by, ()) = tokio::join!(load(&sim, 200), turned);
        assert!(by.len() == 2 && by[0] == first && by[1] != first, "{by:?}");
        // It does not stand again while it is paused, and with all paused calls are refused at once.
        let mut names = vec!["one", "two", "three"];
        names.retain(|name| *name != first);
        for name in &names {
            pause(name, true).await.unwrap();
        }
        sleep(ms(3_000)).await;
        let view = sim.view("ada").unwrap();
        assert!(view.instances().iter().all(|it| it.role() != Some(Role::Master)), "{:?}", view.instances());
        let begun = sim.elapsed();
        assert_eq!(load(&sim, 1).await, ["Paused"]);
        assert!(sim.elapsed() - begun < ms(100));
        pause(&first, false).await.unwrap();
        sleep(ms(200)).await;
        assert_eq!(load(&sim, 20).await, [first]);
    });
}
