//! A service that does not answer is left alone, until a probe is answered.
// tidy: virtual time

use super::*;

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
