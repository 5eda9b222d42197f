//! What a half-open breaker makes of calls: one is its probe, and others are not.
// tidy: virtual time

use super::*;

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
fn one_way_calls_go_past_a_half_open_breaker_and_are_no_probes() {
    let world = World::default();
    let own = world.clone();
    let cluster = Cluster::seed(14).node("ada", |node| node).node("one", move |node| node.service(own.desk("one")));
    cluster.run(async move |sim| {
        sim.settled().await;
        world.hang(&["one"]);
        while breaker(&sim, "one") != BreakerState::Open {
            calls(&sim, "ada", ms(50)).await;
        }
        world.hang(&[]);
        let send = || {
            sim.on("ada", |node| async move {
                let desk = node.client::<DeskClient>();
                let refused = (0..10).filter_map(|_| desk.rpc_where().send().err());
                refused.map(|refused| ended::<String>(Err(CallError::NotExecuted(refused.refused)))).collect::<Vec<_>>()
            })
        };
        let before = world.begun("one");
        assert_eq!(send().await.unwrap(), ["BreakerOpen"; 10]);
        while breaker(&sim, "one") == BreakerState::Open {
            sleep(ms(10)).await;
        }
        assert_eq!(world.begun("one"), before, "nothing went past the open one");
        assert_eq!(send().await.unwrap(), [""; 0]);
        while world.begun("one") < before + 10 {
            sleep(ms(1)).await;
        }
        assert_eq!(breaker(&sim, "one"), BreakerState::HalfOpen, "nobody hears how they end");
        assert_eq!(calls(&sim, "ada", ms(5)).await, Ends::from([("one".into(), 1)]));
        assert_eq!(breaker(&sim, "one"), BreakerState::Closed);
    });
}

#[test]
fn a_key_goes_to_the_next_while_a_breaker_is_open_and_comes_back() {
    let world = World::default();
    world.cluster(15).run(async move |sim| {
        sim.settled().await;
        // By whom each key is answered.
        let keys = |sim: &Sim| {
            let asked = sim.on("ada", |node| async move {
                let mut ends = Vec::new();
                for key in 0..20_u64 {
                    let desk = node.select::<DeskClient>().by_key(key).client();
                    ends.push(ended(desk.rpc_where().timeout(ms(200)).await));
                }
                ends
            });
            async move { asked.await.unwrap() }
        };
        let before = keys(&sim).await;
        assert!(before.contains(&"one".into()) && before.contains(&"two".into()), "{before:?}");
        world.hang(&["one"]);
        while breaker(&sim, "one") != BreakerState::Open {
            calls(&sim, "ada", ms(50)).await;
        }
        assert_eq!(keys(&sim).await, ["two"; 20]);
        world.hang(&[]);
        while breaker(&sim, "one") != BreakerState::Closed {
            keys(&sim).await;
            sleep(ms(50)).await;
        }
        assert_eq!(keys(&sim).await, before);
    });
}

#[test]
fn a_probe_whose_caller_goes_away_has_failed_and_another_gets_its_turn() {
    let world = World::default();
    let own = world.clone();
    let cluster = Cluster::seed(16).node("ada", |node| node).node("one", move |node| node.service(own.desk("one")));
    cluster.run(async move |sim| {
        sim.settled().await;
        world.hang(&["one"]);
        while breaker(&sim, "one") != BreakerState::HalfOpen {
            calls(&sim, "ada", ms(50)).await;
        }
        let before = world.begun("one");
        let ends = sim.on("ada", |node| async move {
            let desk = node.client::<DeskClient>();
            let probe = tokio::spawn(desk.rpc_where().timeout(ms(60_000)).into_future());
            sleep(ms(50)).await;
            let beside = ended(desk.rpc_where().await);
            probe.abort();
            let _gone = probe.await;
            (beside, ended(desk.rpc_where().await))
        });
        assert_eq!(ends.await.unwrap(), ("BreakerOpen".into(), "BreakerOpen".into()));
        assert_eq!((breaker(&sim, "one"), world.begun("one") - before), (BreakerState::Open, 1));
        world.hang(&[]);
        while breaker(&sim, "one") != BreakerState::HalfOpen {
            sleep(ms(10)).await;
        }
        assert_eq!(calls(&sim, "ada", ms(5)).await, Ends::from([("one".into(), 1)]));
        assert_eq!(breaker(&sim, "one"), BreakerState::Closed);
    });
}

#[test]
fn a_call_that_is_dropped_has_given_back_what_others_wait_for_before_its_arguments_are_dropped() {
    let world = World::default();
    let own = world.clone();
    let cluster = Cluster::seed(17).node("ada", |node| node).node("one", move |node| node.service(own.desk("one")));
    cluster.run(async move |sim| {
        sim.settled().await;
        world.hang(&["one"]);
        while breaker(&sim, "one") != BreakerState::HalfOpen {
            calls(&sim, "ada", ms(50)).await;
        }
        let (before, seen) = (world.begun("one"), Arc::new(Mutex::new(Vec::new())));
        let sees = Arc::clone(&seen);
        let dropped = sim.on("ada", |node| async move {
            let desk = node.client::<DeskClient>();
            let parcel = Parcel(Some(Box::new(move || {
                let breaker = node.view().instances().iter().find(|it| it.node().name == "one").map(|it| it.breaker());
                sees.lock().unwrap().push(breaker);
            })));
            let probe = tokio::spawn(desk.rpc_take(parcel).timeout(ms(60_000)).into_future());
            sleep(ms(50)).await;
            probe.abort();
            let _gone = probe.await;
        });
        dropped.await.unwrap();
        assert_eq!(world.begun("one") - before, 1);
        assert_eq!(*seen.lock().unwrap(), [Some(BreakerState::Open)], "the probe has failed by then");
    });
}

#[test]
fn whom_chance_has_drawn_is_the_one_that_is_probed() {
    let (world, breaker_of_ada) = (World::default(), Breaker::after(1).open_for(ms(100), ms(100)));
    let cluster = ["one", "two"].into_iter().fold(Cluster::seed(9), |cluster, name| {
        let world = world.clone();
        cluster.node(name, move |node| node.service(Hosted::new(world.desk(name)).id(name)))
    });
    cluster.node("ada", move |node| node.breaker(breaker_of_ada)).run(async move |sim| {
        sim.settled().await;
        let ask = |choice: Choice, id: Option<&'static str>| {
            sim.on("ada", move |node| async move {
                let select = node.select::<DeskClient>().choice(choice);
                let desk = id.into_iter().fold(select, |select, id| select.id(id)).client();
                ended(desk.rpc_where().timeout(ms(20)).await)
            })
        };
        for choice in [Choice::Random, Choice::LeastInFlight, Choice::LeastBusy] {
            let mut first = 0;
            for _ in 0..32 {
                world.hang(&["one"]);
                assert_eq!(ask(choice.clone(), Some("one")).await.unwrap(), "Deadline");
                while breaker(&sim, "one") != BreakerState::HalfOpen {
                    sleep(ms(10)).await;
                }
                world.hang(&[]);
                first += usize::from(ask(choice.clone(), None).await.unwrap() == "one");
                assert_eq!(ask(choice.clone(), Some("one")).await.unwrap(), "one");
                assert_eq!(breaker(&sim, "one"), BreakerState::Closed);
            }
            // One call in two is drawn to it. Were it drawn once more, it were one in four.
            assert!((12..=22).contains(&first), "{choice:?}: the first call was the probe {first} times of 32");
        }
    });
}
