//! What leaves a replicated service waits until it is acknowledged.

use super::*;
use ember::{CallError, LostReason};

/// What the witness has seen.
async fn seen(sim: &Sim) -> Vec<u64> {
    sim.on("caller", |node| async move { node.client::<WitnessClient>().rpc_seen().await.unwrap() }).await.unwrap()
}

async fn pay_before(sim: &Sim, one_way: bool) -> Result<Result<u64, String>, CallError<String>> {
    sim.on("caller", move |node| async move {
        node.client::<LedgerClient>().rpc_pay_before(7, one_way).timeout(Duration::from_secs(40)).await.map(Ok)
    })
    .await
    .unwrap()
}

#[test]
fn a_member_that_is_cut_off_is_taken_out_before_anything_is_acknowledged_without_it() {
    cluster(11).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let cut = others(&first)[0];
        // It is there for the registry and for callers; only the master does not reach it.
        sim.partition(&first, cut);
        let begun = sim.elapsed();
        assert_eq!(pay(&sim, 1, 1).await, 2);
        let took = sim.elapsed() - begun;
        assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(6), "{took:?}");
        // Whoever was taken out is not elected; whoever is, has all.
        sim.kill(&first).await;
        assert_eq!(pay(&sim, 1, 1).await, 3);
        assert_ne!(master(&sim, Some(&first)).await, cut);
        sim.heal(&first, cut);
    });
}

#[test]
fn calls_and_one_way_calls_leave_when_what_they_follow_from_is_acknowledged() {
    for one_way in [false, true] {
        cluster(12).run(async move |sim| {
            assert_eq!(pay(&sim, 7, 1).await, 1);
            let first = master(&sim, None).await;
            in_sync(&sim, 7, 1).await;
            assert_eq!(pay_before(&sim, one_way).await, Ok(Ok(2)));
            for _ in 0..1_000 {
                if seen(&sim).await == [2] {
                    break;
                }
            }
            assert_eq!(seen(&sim).await, [2]);
            // It acts for a while yet, and nobody of its group hears of it.
            others(&first).into_iter().for_each(|other| sim.partition(&first, other));
            sim.partition(&first, "registry");
            let outcome = pay_before(&sim, one_way).await;
            let balance = sim.on("caller", |node| async move {
                node.client::<LedgerClient>().rpc_balance(7).timeout(Duration::from_secs(30)).await.unwrap()
            });
            let balance = balance.await.unwrap();
            // The witness has seen exactly what the next master knows of.
            let seen = seen(&sim).await;
            assert_eq!(balance, seen.last().copied().unwrap(), "{outcome:?} {seen:?}");
        });
    }
}

#[test]
fn offloaded_work_begins_when_what_it_follows_from_is_acknowledged() {
    let pay_and_offload = async |sim: &Sim| {
        let paid = sim.on("caller", |node| async move {
            node.client::<LedgerClient>().rpc_pay_and_offload(7).timeout(Duration::from_secs(40)).await
        });
        paid.await.unwrap()
    };
    cluster(16).run(async move |sim| {
        assert_eq!(pay(&sim, 7, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 7, 1).await;
        assert_eq!(pay_and_offload(&sim).await, Ok(2));
        for _ in 0..1_000 {
            if seen(&sim).await == [2] {
                break;
            }
        }
        assert_eq!(seen(&sim).await, [2]);
        // It acts for a while yet, and nobody of its group hears of it.
        others(&first).into_iter().for_each(|other| sim.partition(&first, other));
        sim.partition(&first, "registry");
        let outcome = pay_and_offload(&sim).await;
        let balance = sim.on("caller", |node| async move {
            node.client::<LedgerClient>().rpc_balance(7).timeout(Duration::from_secs(30)).await.unwrap()
        });
        let (balance, seen) = (balance.await.unwrap(), seen(&sim).await);
        assert_eq!(balance, seen.last().copied().unwrap(), "{outcome:?} {seen:?}");
    });
}

#[test]
fn a_handler_that_began_in_an_office_that_is_lost_commits_nothing() {
    cluster(13).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let late = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_pay_late(1, 15).await });
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, so that the handler has begun
        sim.partition(&first, "registry");
        let outcome = late.await.unwrap();
        let Err(CallError::MaybeExecuted(lost)) = outcome else { panic!("{outcome:?}") };
        // The next master has been asked.
        assert_eq!(lost.reason(), &LostReason::NothingCommitted, "{lost:?}");
        sim.heal(&first, "registry");
        assert_eq!(pay(&sim, 1, 1).await, 2);
        in_sync(&sim, 1, 2).await;
    });
}

#[test]
fn who_waits_for_the_acknowledgement_goes_on_when_it_is_there() {
    cluster(14).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let paid = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_pay_and_settle(1).await });
        assert_eq!(paid.await.unwrap(), Ok(2));
    });
}

#[test]
fn a_reply_that_comes_later_waits_for_what_it_was_made_from() {
    cluster(15).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let later = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_wait().await });
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, so that its handler has ended
        others(&first).into_iter().for_each(|other| sim.partition(&first, other));
        sim.partition(&first, "registry");
        let answered =
            sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_pay_and_answer(1).await });
        let (later, answered) = (later.await.unwrap(), answered.await.unwrap());
        let balance = sim.on("caller", |node| async move {
            node.client::<LedgerClient>().rpc_balance(1).timeout(Duration::from_secs(30)).await.unwrap()
        });
        // The next master knows nothing of it, so neither must any caller.
        assert_eq!(balance.await.unwrap(), 1, "{answered:?}");
        assert!(matches!(later, Err(CallError::MaybeExecuted(_))), "{later:?}");
    });
}

#[test]
fn what_hooks_commit_goes_to_the_others_without_any_call() {
    cluster(16).run(async move |sim| {
        let first = master(&sim, None).await;
        in_sync(&sim, MASTERS, 1).await;
        sim.shutdown(&first).await.unwrap();
        master(&sim, Some(&first)).await;
        for name in others(&first) {
            let seen = sim.on(name, |node| async move {
                let ledger = node.local::<Ledger>();
                while ledger.rpc_balance(MASTERS).await.ok() != Some(2) {
                    tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
                }
            });
            seen.await.unwrap();
        }
    });
}

#[test]
fn what_leaves_a_service_leaves_in_the_order_in_which_it_was_made() {
    cluster(17).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let told = sim.on("caller", |node| async move {
            let ledger = node.client::<LedgerClient>();
            for number in 0..300 {
                // Some have something to wait for, and some have not.
                ledger.rpc_tell(number, number % 4 == 0).send().unwrap();
                if number % 7 == 0 {
                    ledger.rpc_balance(7).await.unwrap();
                }
            }
            let witness = node.client::<WitnessClient>();
            while witness.rpc_seen().await.unwrap().len() < 300 {
                tokio::time::sleep(Duration::from_millis(10)).await; // tidy: sleep: virtual time, until all have come
            }
        });
        told.await.unwrap();
        assert!(seen(&sim).await.into_iter().eq(0..300), "{first}");
    });
}

#[test]
fn no_more_one_way_calls_wait_than_may() {
    cluster(18).run(async move |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        master(&sim, None).await;
        in_sync(&sim, 1, 1).await;
        let flood = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_flood().await.unwrap() });
        let (sent, why) = flood.await.unwrap();
        assert_eq!(sent, 16_384);
        assert!(why.contains("what its group has not acknowledged yet"), "{why}");
    });
}

#[test]
fn items_of_streams_wait_too_and_what_is_not_acknowledged_ends_the_stream() {
    for at_once in [false, true] {
        cluster(19).run(async move |sim| {
            assert_eq!(pay(&sim, 1, 1).await, 1);
            let first = master(&sim, None).await;
            in_sync(&sim, 1, 1).await;
            let (items, mut came) = tokio::sync::mpsc::channel(8);
            let pay_and_feed = |sim: &Sim| {
                sim.on(
                    "caller",
                    move |node| async move { node.client::<LedgerClient>().rpc_pay_and_feed(1, at_once).await },
                )
            };
            let reads = sim.on("caller", move |node| async move {
                let mut feed = node.client::<LedgerClient>().rpc_feed().await.unwrap();
                items.try_send(None).unwrap();
                while let Some(item) = feed.next().await {
                    items.try_send(Some(item)).unwrap();
                }
            });
            assert_eq!(came.recv().await, Some(None), "the stream is there");
            assert_eq!(pay_and_feed(&sim).await.unwrap(), Ok(2));
            assert_eq!(came.recv().await, Some(Some(Ok(2))));
            others(&first).into_iter().for_each(|other| sim.partition(&first, other));
            sim.partition(&first, "registry");
            let outcome = pay_and_feed(&sim).await.unwrap();
            assert_eq!(pay(&sim, 1, 1).await, 3, "the next master knows nothing of it");
            // The stream has ended, or does when its master hears of that.
            others(&first).into_iter().for_each(|other| sim.heal(&first, other));
            sim.heal(&first, "registry");
            reads.await.unwrap();
            let end = came.recv().await;
            assert!(matches!(end, Some(Some(Err(_)))), "nor must the reader: {end:?}, {outcome:?}");
            assert_eq!(came.recv().await, None);
        });
    }
}

#[test]
fn who_waits_at_a_master_that_reaches_nobody_is_told_when_its_lease_is_over() {
    cluster(13).run(async move |sim| {
        assert_eq!(pay(&sim, 7, 1).await, 1);
        let first = master(&sim, None).await;
        in_sync(&sim, 7, 1).await;
        others(&first).into_iter().for_each(|other| sim.partition(&first, other));
        sim.partition(&first, "registry");
        // The first is asked for until its time is over, for others may know what became of it; the second is a read.
        let read = sim.on(&first, |node| async move {
            let (ledger, begun) = (node.local::<Ledger>(), tokio::time::Instant::now());
            let pays = ledger.rpc_pay(7, 1).timeout(Duration::from_secs(60));
            let reads = async {
                let read = ledger.rpc_balance(7).timeout(Duration::from_secs(60)).await;
                (read, begun.elapsed())
            };
            tokio::join!(pays, reads)
        });
        let (paid, (read, took)) = read.await.unwrap();
        assert!(paid.is_err() && read.is_err(), "{paid:?}, {read:?}");
        assert!(took < Duration::from_secs(15), "{read:?} came after {took:?}");
    });
}
