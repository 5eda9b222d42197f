//! Reads of a replicated service: who answers, and how new that is.

use super::*;
use ember::{CallError, Hosted, RefusedReason};

/// What the slaves say of the account, as the caller asks them.
async fn of_slaves(sim: &Sim, of: u64) -> Result<u64, CallError> {
    sim.on(
        "caller",
        move |node| async move { node.select::<LedgerClient>().slaves_only().client().rpc_balance(of).await },
    )
    .await
    .unwrap()
}

#[test]
fn who_has_seen_something_reads_nothing_older_whoever_answers() {
    cluster(41).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        for paid in 2..=60 {
            // The reply and the commit index are on their way to different nodes.
            assert_eq!(pay(&sim, 1, 1).await, paid);
            assert_eq!(of_slaves(&sim, 1).await.unwrap(), paid);
        }
    });
}

#[test]
fn what_was_read_at_one_instance_is_not_unread_at_another() {
    cluster(42).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let pays = sim.on("a", |node| async move {
            let ledger = node.client::<LedgerClient>();
            for _ in 0..300 {
                ledger.rpc_pay(1, 1).timeout(Duration::from_secs(30)).await.unwrap();
            }
        });
        let reads = sim.on("caller", |node| async move {
            let all = node.select::<LedgerClient>().include_slaves().client();
            let mut seen = 0;
            while seen < 301 {
                let balance = all.rpc_balance(1).await.unwrap();
                assert!(balance >= seen, "{balance} after {seen}");
                seen = balance;
            }
        });
        let (pays, reads) = tokio::join!(pays, reads);
        pays.unwrap();
        reads.unwrap();
    });
}

#[test]
fn a_slave_that_has_not_heard_of_its_master_for_a_lease_shows_nothing_and_others_do() {
    cluster(43).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let cut = others(&first)[0];
        // It is there for callers, and nothing tells it that there is a master.
        sim.partition(&first, cut);
        sim.partition("registry", cut);
        sim.partition(others(&first)[1], cut);
        assert_eq!(pay(&sim, 1, 1).await, 2);
        let local = |sim: &Sim| {
            sim.on(cut, |node| async move {
                node.local::<Ledger>().rpc_balance(1).timeout(Duration::from_millis(500)).await
            })
        };
        assert_eq!(local(&sim).await.unwrap(), Ok(1), "its lease goes on");
        tokio::time::sleep(Duration::from_secs(6)).await; // tidy: sleep: virtual time, in which the lease ends
        let refused = local(&sim).await.unwrap();
        assert!(
            matches!(&refused, Err(CallError::NotExecuted(refused)) if *refused.reason() == RefusedReason::Behind),
            "{refused:?}"
        );
        // Who was told that there is more asks another.
        for _ in 0..6 {
            let balance = sim.on("caller", |node| async move {
                node.select::<LedgerClient>().include_slaves().client().rpc_balance(1).await
            });
            assert_eq!(balance.await.unwrap(), Ok(2));
        }
        for other in [&*first, "registry", others(&first)[1]] {
            sim.heal(other, cut);
        }
        in_sync(&sim, 1, 2).await;
    });
}

#[test]
fn a_reader_says_how_old_what_it_is_shown_may_be() {
    cluster(44).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let cut = others(&first)[0];
        sim.partition(&first, cut);
        let within = |sim: &Sim, age: u64| {
            sim.on(cut, move |node| async move {
                let ledger = node.local::<Ledger>();
                ledger.rpc_balance(1).within(Duration::from_millis(age)).timeout(Duration::from_secs(2)).await
            })
        };
        assert_eq!(within(&sim, 4_000).await.unwrap(), Ok(1));
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time that is too long for some
        assert_eq!(within(&sim, 4_000).await.unwrap(), Ok(1));
        let refused = within(&sim, 500).await.unwrap();
        assert!(
            matches!(&refused, Err(CallError::NotExecuted(refused)) if *refused.reason() == RefusedReason::Behind),
            "{refused:?}"
        );
        sim.heal(&first, cut);
        in_sync(&sim, 1, 1).await;
        // Its master is asked anew, as often as need be.
        for _ in 0..5 {
            assert_eq!(within(&sim, 700).await.unwrap(), Ok(1));
            tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time that is too long for all
        }
    });
}

#[test]
fn a_fresh_read_has_all_that_was_acknowledged_to_anybody() {
    cluster(45).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let reader = others(&first)[0];
        // The caller pays, and another node, which has seen nothing of it, reads what it has itself.
        for paid in 2..=40 {
            assert_eq!(pay(&sim, 1, 1).await, paid);
            let read = sim.on(reader, |node| async move { node.local::<Ledger>().rpc_balance(1).fresh().await });
            assert_eq!(read.await.unwrap(), Ok(paid));
        }
    });
}

#[test]
fn a_fresh_read_waits_until_who_does_not_answer_is_out_of_the_set_and_never_shows_less() {
    cluster(46).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let [reader, other] = others(&first)[..] else { panic!("there are three") };
        // Two of them go on without the reader, which is shown nothing of that.
        sim.partition(&first, reader);
        sim.partition(other, reader);
        sim.partition("registry", reader);
        assert_eq!(pay(&sim, 1, 1).await, 2);
        let fresh = |sim: &Sim, time: u64| {
            sim.on(reader, move |node| async move {
                node.local::<Ledger>().rpc_balance(1).fresh().timeout(Duration::from_secs(time)).await
            })
        };
        let refused = fresh(&sim, 3).await.unwrap();
        assert!(
            matches!(&refused, Err(CallError::NotExecuted(refused)) if *refused.reason() == RefusedReason::Behind),
            "{refused:?}"
        );
        for cut in [&*first, other, "registry"] {
            sim.heal(cut, reader);
        }
        assert_eq!(fresh(&sim, 30).await.unwrap(), Ok(2));
        // One that is dead does not answer, until the master has put it out.
        sim.kill(other).await;
        assert_eq!(fresh(&sim, 30).await.unwrap(), Ok(2));
    });
}

#[test]
fn a_fresh_read_has_all_that_was_acknowledged_where_members_go_on_from_their_journals() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = ["a", "b", "c"].into_iter().fold(Cluster::seed(47).node("caller", |node| node), |cluster, name| {
        let journal = folder.path().join(name);
        cluster.node(name, move |node| node.service(Hosted::new(Ledger::default()).journal(&journal)))
    });
    cluster.run(async move |sim| {
        let mut paid = 1;
        assert_eq!(pay(&sim, 1, 1).await, paid);
        in_sync(&sim, 1, 1).await;
        for round in 0..6 {
            // Whoever is started again is the same member, at another address.
            let first = master(&sim, None).await;
            let again = if round % 3 == 2 { &*first } else { others(&first)[round % 2] };
            sim.kill(again).await;
            sim.start(again).await.unwrap();
            for _ in 0..5 {
                paid += 1;
                assert_eq!(pay(&sim, 1, 1).await, paid);
                for reader in ["a", "b", "c"] {
                    let read = sim.on(reader, |node| async move {
                        node.local::<Ledger>().rpc_balance(1).fresh().timeout(Duration::from_secs(30)).await
                    });
                    assert_eq!(read.await.unwrap(), Ok(paid), "round {round}, at {reader}");
                }
            }
        }
    });
}
