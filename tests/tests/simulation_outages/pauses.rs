//! What becomes of the calls to a service that is paused.
// tidy: virtual time

use super::*;

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
