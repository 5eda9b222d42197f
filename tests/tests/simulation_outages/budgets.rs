//! Callers repeat few of the calls that fail.
// tidy: virtual time

use super::*;

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
