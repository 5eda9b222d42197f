//! Who is in a group: members that join, leave, hand over, and answer what is marked `read`.

use super::*;

#[test]
fn a_member_that_joins_late_learns_the_state_and_can_take_over() {
    cluster(21).run(async move |sim| {
        sim.kill("c").await;
        for paid in 1..=300 {
            assert_eq!(pay(&sim, 1, 1).await, paid);
        }
        sim.start("c").await.unwrap();
        in_sync(&sim, 1, 300).await;
        // One after the other, until the one that has come is the only one.
        for (number, left) in [(301, ["a", "b"]), (302, ["b", "a"])] {
            let now = master(&sim, None).await;
            if left.contains(&now.as_str()) {
                sim.kill(&now).await;
                master(&sim, Some(&now)).await;
            }
            assert_eq!(pay(&sim, 1, 1).await, number, "{now}");
        }
    });
}

#[test]
fn a_master_that_is_shut_down_hands_over_what_it_has() {
    cluster(22).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 5).await, 5);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 5).await;
        let begun = sim.elapsed();
        let (shut, paid) = tokio::join!(sim.shutdown(&first), pay(&sim, 1, 1));
        shut.unwrap();
        assert_eq!(paid, 6);
        assert!(sim.elapsed() - begun < Duration::from_secs(3), "{:?}", sim.elapsed() - begun);
    });
}

#[test]
fn each_member_shows_what_was_acknowledged() {
    cluster(23).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 3).await, 3);
        in_sync(&sim, 1, 3).await;
        let both = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_pay_both(1, 2, 4).await });
        assert_eq!(both.await.unwrap(), Ok(vec![7, 4]));
        in_sync(&sim, 1, 7).await;
        in_sync(&sim, 2, 4).await;
    });
}

#[test]
fn a_group_of_one_acknowledges_by_itself() {
    Cluster::seed(24).node("caller", |node| node.service(Ledger::default())).run(async move |sim| {
        for paid in 1..=20 {
            assert_eq!(pay(&sim, 1, 1).await, paid);
        }
    });
}

#[test]
fn a_run_of_a_seed_is_the_same_again() {
    let run = || {
        cluster(25).run(async move |sim| {
            assert_eq!(pay(&sim, 1, 1).await, 1);
            in_sync(&sim, 1, 1).await;
            let first = master(&sim, None).await;
            sim.kill(&first).await;
            master(&sim, Some(&first)).await;
            assert_eq!(pay(&sim, 1, 1).await, 2);
            sim.trace().digest()
        })
    };
    assert_eq!(run(), run());
}

#[test]
fn the_first_call_of_a_fresh_cluster_does_not_fail_if_it_waits_for_the_group_to_begin() {
    cluster(25).run(async move |sim| {
        let paid = sim.on("caller", |node| async move {
            let nobody = node.select::<LedgerClient>().ready(Duration::from_millis(10)).await;
            assert!(nobody.is_none(), "a new group begins a lease after its first instance");
            let ledger = node.select::<LedgerClient>().ready(Duration::from_secs(30)).await.unwrap();
            ledger.rpc_pay(1, 1).await
        });
        assert_eq!(paid.await.unwrap(), Ok(1));
    });
}
