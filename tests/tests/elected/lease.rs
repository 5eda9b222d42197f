//! Masters whose lease is longer than that of their node: an outage of the registry that is shorter leaves them acting, and when they die nobody
//! acts before it has ended.

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// Three nodes with a ledger each, of which the named ones ask for a long lease, and one that calls.
fn cluster(world: &World, seed: u64, long: &'static [&str]) -> Cluster {
    let mut cluster = Cluster::seed(seed).node("caller", |node| node);
    for name in ["a", "b", "c"] {
        let world = world.clone();
        cluster = cluster.node(name, move |node| {
            let ledger = Hosted::new(world.ledger(name));
            node.service(if long.contains(&name) { ledger.lease(LONG) } else { ledger })
        });
    }
    cluster
}

const ALL: &[&str] = &["a", "b", "c"];

/// Pays once each half second until so much time has passed: those that were refused, and when.
async fn pays(sim: &Sim, time: Duration) -> Vec<(Duration, String)> {
    let load = sim.on("caller", move |node| async move {
        let (ledger, begun, mut refused) = (node.client::<LedgerClient>(), tokio::time::Instant::now(), Vec::new());
        while begun.elapsed() < time {
            let paid = ledger.rpc_pay(1).timeout(Duration::from_millis(500)).await;
            refused.extend(paid.err().map(|error| (begun.elapsed(), error.to_string())));
            tokio::time::sleep(Duration::from_millis(500)).await; // tidy: sleep: virtual time between two calls
        }
        refused
    });
    load.await.unwrap()
}

/// Waits until `name` is the master, by having the others hand over.
async fn make_master(sim: &Sim, name: &str) {
    loop {
        let (other, _) = master(sim, "caller", None).await;
        if other == name {
            return;
        }
        // One that is elected, and has not taken up its office yet, has none to give.
        if sim.on(&other, |node| async move { node.hand_over(node.services()[0]) }).await.unwrap() {
            master(sim, "caller", Some(&other)).await;
        }
    }
}

/// Which calls are refused while the registry is away for 20 s.
fn refused_in_an_outage(seed: u64, long: &'static [&str]) -> Vec<(Duration, String)> {
    let (world, refused) = (World::default(), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&refused);
    cluster(&world.clone(), seed, long).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let before = master(&sim, "caller", None).await;
        sim.registry_down();
        *told.lock().unwrap() = pays(&sim, Duration::from_secs(20)).await;
        sim.registry_up(Registry::Kept);
        sim.settled().await;
        assert!(pay(&sim, 1).await.is_ok());
        if !long.is_empty() {
            assert_eq!(master(&sim, "caller", None).await, before, "the same, in the same epoch");
            assert_eq!(world.database.lock().unwrap().balance, 42, "all were paid");
        }
    });
    std::mem::take(&mut *refused.lock().unwrap())
}

#[test]
fn a_registry_that_is_away_for_less_than_its_lease_leaves_a_master_acting() {
    assert_eq!(refused_in_an_outage(31, ALL), []);
    let refused = refused_in_an_outage(31, &[]);
    assert!(refused.len() > 10 && refused[0].0 > Duration::from_secs(2), "by the lease of its node: {refused:?}");
}

#[test]
fn a_master_that_alone_does_not_reach_the_registry_acts_on_and_is_found() {
    let world = World::default();
    cluster(&world, 32, ALL).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let before = master(&sim, "caller", None).await;
        sim.partition(&before.0, "registry");
        // The lease of its node ends meanwhile, and with it its entry.
        assert_eq!(pays(&sim, Duration::from_secs(20)).await, []);
        sim.heal(&before.0, "registry");
        sim.settled().await;
        assert_eq!(pays(&sim, Duration::from_secs(20)).await, []);
        assert_eq!(master(&sim, "caller", None).await, before);
        // For longer than that it does not.
        sim.partition(&before.0, "registry");
        let (next, _) = master(&sim, "caller", Some(&before.0)).await;
        assert!(pay(&sim, 1).await.is_ok());
        assert_eq!(world.acts.lock().unwrap().last().map(|act| act.1.clone()), Some(next));
        assert_eq!(world.database.lock().unwrap().refused, 0);
    });
}

#[test]
fn nobody_acts_for_a_master_that_was_killed_before_its_lease_has_ended() {
    let world = World::default();
    cluster(&world, 33, ALL).run(async move |sim| {
        assert_eq!(pay(&sim, 5).await, Ok(5));
        let (first, _) = master(&sim, "caller", None).await;
        let killed = sim.elapsed();
        sim.kill(&first).await;
        let (second, _) = master(&sim, "caller", Some(&first)).await;
        let took = sim.elapsed() - killed;
        // It was renewed within the last two seconds.
        assert!(LONG - Duration::from_secs(2) < took && took < LONG + Duration::from_secs(1), "{took:?}");
        assert_eq!(pay(&sim, 2).await, Ok(7));
        assert_ne!(first, second);
    });
}

#[test]
fn a_long_lease_holds_nobody_up_who_hands_over_or_shuts_down() {
    let world = World::default();
    cluster(&world, 34, ALL).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        let begun = sim.elapsed();
        let handed = sim.on(&first, |node| async move { node.hand_over(node.services()[0]) });
        assert!(handed.await.unwrap());
        let (second, _) = master(&sim, "caller", Some(&first)).await;
        assert!(sim.elapsed() - begun <= Duration::from_millis(200), "{:?}", sim.elapsed() - begun);
        let begun = sim.elapsed();
        let (shut, paid) = tokio::join!(sim.shutdown(&second), pay(&sim, 1));
        shut.unwrap();
        assert_eq!(paid, Ok(2));
        // The last ones: each acts until it stops, and takes nothing with it that others wait for.
        for _ in 0..2 {
            let (last, _) = master(&sim, "caller", None).await;
            sim.shutdown(&last).await.unwrap();
            if last != first {
                break;
            }
        }
        sim.start(&second).await.unwrap();
        assert!(pay(&sim, 1).await.is_ok());
        assert!(sim.elapsed() - begun < Duration::from_secs(5), "{:?}", sim.elapsed() - begun);
    });
}

#[test]
fn an_office_goes_with_its_longer_lease_when_the_registry_ends_that_early() {
    let world = World::default();
    cluster(&world, 37, ALL).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, epoch) = master(&sim, "caller", None).await;
        let begun = sim.elapsed();
        sim.expire_lease(&first);
        let later = sim.on("caller", move |node| async move {
            node.wait_for_view(|view| {
                view.instances().iter().any(|it| it.role() == Some(Role::Master) && it.epoch() > Some(epoch))
            })
            .await;
        });
        later.await.unwrap();
        assert!(sim.elapsed() - begun < Duration::from_secs(2), "{:?}", sim.elapsed() - begun);
        assert_eq!(pay(&sim, 1).await, Ok(2));
    });
}

#[test]
fn where_the_registry_has_lost_its_data_others_wait_for_the_lease_of_the_master_whatever_theirs_is() {
    for long in [ALL, &["a"]] {
        let world = World::default();
        cluster(&world, 35, long).run(async move |sim| {
            assert_eq!(pay(&sim, 1).await, Ok(1));
            make_master(&sim, "a").await;
            let paid = pay(&sim, 1).await;
            assert_eq!(paid, Ok(2));
            sim.registry_down();
            sim.partition("a", "registry");
            tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, of an outage
            sim.registry_up(Registry::Empty);
            let back = sim.elapsed();
            let (next, _) = master(&sim, "b", Some("a")).await;
            let took = sim.elapsed() - back;
            assert!(LONG <= took && took < LONG + Duration::from_secs(2), "{next} after {took:?}, long: {long:?}");
            assert!(pay(&sim, 1).await.is_ok());
            assert_eq!(world.database.lock().unwrap().refused, 0);
        });
    }
}

#[tokio::test]
async fn a_lease_that_cannot_be_is_refused_when_the_service_starts() {
    let world = World::default();
    let node = || Node::builder().registry(ember::registry::InProcess::default());
    let ledger = |lease| Hosted::new(world.ledger("a")).lease(lease);
    for (lease, say) in [
        (Duration::ZERO, "its node, whose lease is 5s; write more than that"),
        (Duration::from_secs(4), "`.lease(4s)` cannot be"),
        (Duration::MAX, "longer than a year"),
    ] {
        let refused = node().service(ledger(lease)).start().await.unwrap_err().to_string();
        assert!(refused.starts_with("the service `Ledger`: `.lease(") && refused.contains(say), "{refused}");
    }
    let other = node().service(Hosted::new(Payer).lease(LONG)).start().await.unwrap_err().to_string();
    assert!(other.contains("this service elects none") && other.contains("#[service(elected)]"), "{other}");
    let node = node().lease(Duration::from_secs(4)).service(ledger(Duration::from_secs(4))).start().await.unwrap();
    assert_eq!(node.client::<LedgerClient>().rpc_pay(1).await.unwrap(), 1);
    node.shutdown().await.unwrap();
    // Without a registry there is nobody to wait.
    let alone = Node::builder().service(ledger(LONG)).start().await.unwrap();
    assert_eq!(alone.client::<LedgerClient>().rpc_pay(1).await.unwrap(), 2);
    alone.shutdown().await.unwrap();
}
