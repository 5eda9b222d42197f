//! Whoever is no master any more names the one that is, and callers that know no better ask that one.
// tidy: virtual time

use super::*;

#[test]
fn a_caller_that_hears_nothing_of_elections_is_sent_to_the_master_at_once() {
    let world = World::default();
    world.cluster(41).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        for node in ["a", "b", "c"] {
            sim.linked("caller", node).await;
        }
        sim.partition("caller", "registry");
        // Twice, so that who was named names another.
        let mut now = first.clone();
        for balance in 2..=3 {
            let handed = sim.on(&now, |node| async move { node.hand_over(node.services()[0]) });
            assert!(handed.await.unwrap());
            let (next, _) = master(&sim, &now, Some(&now)).await;
            now = next;
            let begun = sim.elapsed();
            assert_eq!(pay(&sim, 1).await, Ok(balance));
            let took = sim.elapsed() - begun;
            assert!(took < Duration::from_millis(500), "{took:?}");
        }
        let seen = sim.view("caller").unwrap();
        let master = seen.instances().iter().find(|it| it.role() == Some(Role::Master)).unwrap().node().name.clone();
        assert_eq!(master, first, "it knows of no other yet");
        sim.heal("caller", "registry");
    });
}
