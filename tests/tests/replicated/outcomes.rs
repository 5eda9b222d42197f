//! What became of a call: its group knows it, whoever is the master, and the runtime of the caller asks.

use super::*;
use ember::{CallError, LostReason, RefusedReason};

type Paid = Result<u64, CallError>;

/// The first master, once all three have this.
async fn ready(sim: &Sim) -> String {
    assert_eq!(pay(sim, 1, 1).await, 1);
    let first = master(sim, None).await;
    in_sync(sim, 1, 1).await;
    first
}

async fn balance(sim: &Sim) -> u64 {
    let balance = sim.on("caller", |node| async move {
        // Of the master, which all that was acknowledged is in.
        node.client::<LedgerClient>().rpc_pay(1, 0).timeout(Duration::from_secs(60)).await.unwrap()
    });
    balance.await.unwrap()
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time, until the handler is where it is to be
}

fn lost(outcome: &Paid) -> &LostReason {
    let Err(CallError::MaybeExecuted(lost)) = outcome else { panic!("{outcome:?}") };
    lost.reason()
}

/// A call of the caller's that takes so long before it commits.
fn pays_late(sim: &Sim, seconds: u64) -> impl Future<Output = Paid> + use<> {
    let paid =
        sim.on("caller", move |node| async move { node.client::<LedgerClient>().rpc_pay_late(1, seconds).await });
    async move { paid.await.unwrap() }
}

#[test]
fn a_call_whose_master_is_killed_after_the_commit_has_its_true_reply() {
    cluster(61).run(async move |sim| {
        let first = ready(&sim).await;
        let paid = pays_late(&sim, 2);
        seconds(1).await;
        // Its reply does not arrive, and what it has committed does.
        sim.partition("caller", &first);
        seconds(2).await;
        sim.kill(&first).await;
        assert_eq!(paid.await, Ok(2));
        assert_eq!(balance(&sim).await, 2, "it was not run again");
    });
}

#[test]
fn a_call_whose_link_breaks_has_its_reply_from_the_same_master_also_if_its_handler_runs_still() {
    for takes in [2, 30] {
        cluster(62).run(async move |sim| {
            let first = ready(&sim).await;
            let paid = pays_late(&sim, takes);
            seconds(1).await;
            sim.partition("caller", &first);
            seconds(15).await;
            sim.heal("caller", &first);
            assert_eq!(paid.await, Ok(2), "{takes}");
            assert_eq!(balance(&sim).await, 2);
            assert_eq!(master(&sim, None).await, first);
        });
    }
}

#[test]
fn a_call_that_had_not_committed_never_does_and_its_caller_knows() {
    cluster(63).run(async move |sim| {
        let first = ready(&sim).await;
        let paid = pays_late(&sim, 40);
        seconds(1).await;
        sim.kill(&first).await;
        assert_eq!(lost(&paid.await), &LostReason::NothingCommitted);
        assert_eq!(balance(&sim).await, 1);
    });
}

#[test]
fn a_call_that_waits_behind_another_is_not_run_when_its_caller_has_been_told_so() {
    cluster(64).run(async move |sim| {
        let first = ready(&sim).await;
        let long = pays_late(&sim, 25);
        seconds(1).await;
        let behind = pays_late(&sim, 0);
        seconds(1).await;
        sim.partition("caller", &first);
        seconds(15).await;
        sim.heal("caller", &first);
        let (long, behind) = (long.await, behind.await);
        assert_eq!(long, Ok(2));
        assert_eq!(lost(&behind), &LostReason::NothingCommitted);
        assert_eq!(balance(&sim).await, 2);
    });
}

#[test]
fn a_call_that_had_committed_and_was_not_at_its_end_is_unfinished_and_not_run_again() {
    cluster(65).run(async move |sim| {
        let first = ready(&sim).await;
        let paid = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_pay_and_rest(1, 40).await });
        seconds(1).await;
        sim.kill(&first).await;
        assert_eq!(lost(&paid.await.unwrap()), &LostReason::Unfinished);
        assert_eq!(balance(&sim).await, 2);
    });
}

#[test]
fn a_handler_that_pended_after_its_commit_has_an_outcome_at_its_end() {
    cluster(66).run(async move |sim| {
        let first = ready(&sim).await;
        let paid = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_pay_and_rest(1, 2).await });
        seconds(1).await;
        sim.partition("caller", &first);
        seconds(2).await;
        sim.kill(&first).await;
        assert_eq!(paid.await.unwrap(), Ok(2));
        assert_eq!(balance(&sim).await, 2);
    });
}

#[test]
fn a_reply_that_comes_later_is_known_when_it_is_there_and_unfinished_before() {
    for answered in [true, false] {
        cluster(67).run(async move |sim| {
            let first = ready(&sim).await;
            let later = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_wait().await });
            seconds(1).await;
            sim.partition("caller", &first);
            if answered {
                let other = others(&first)[0];
                let paid =
                    sim.on(other, |node| async move { node.client::<LedgerClient>().rpc_pay_and_answer(1).await });
                assert_eq!(paid.await.unwrap(), Ok(2));
            }
            sim.kill(&first).await;
            let later = later.await.unwrap();
            if answered {
                assert_eq!(later, Ok(2));
            } else {
                assert_eq!(lost(&later), &LostReason::Unfinished);
            }
        });
    }
}

async fn pay_once(sim: &Sim, on: &str, (id, amount, most): (u64, u64, u64)) -> Result<u64, CallError<String>> {
    sim.on(on, move |node| async move {
        let client = node.client::<LedgerClient>();
        client.rpc_pay_up_to(1, amount, most).once(id).timeout(Duration::from_secs(60)).await
    })
    .await
    .unwrap()
}

#[test]
fn an_id_of_the_users_gives_the_same_reply_for_ever_whoever_is_the_master_and_whichever_run_asks() {
    cluster(68).run(async move |sim| {
        let first = ready(&sim).await;
        assert_eq!(pay_once(&sim, "caller", (7, 5, 9)).await, Ok(6));
        assert_eq!(pay_once(&sim, "caller", (8, 5, 9)).await, Err(CallError::App("6".into())), "nothing was committed");
        let both = async |sim: &Sim| {
            assert_eq!(pay_once(sim, "caller", (7, 5, 9)).await, Ok(6));
            assert_eq!(pay_once(sim, "caller", (8, 5, 9)).await, Err(CallError::App("6".into())));
            let other = pay_once(sim, "caller", (7, 4, 9)).await;
            let Err(CallError::NotExecuted(refused)) = &other else { panic!("{other:?}") };
            assert!(matches!(refused.reason(), RefusedReason::NotOnce(_)), "{refused:?}");
        };
        both(&sim).await;
        sim.kill(&first).await;
        both(&sim).await;
        sim.kill("caller").await;
        sim.start("caller").await.unwrap();
        both(&sim).await;
        // It is the id of a node: that of another is another.
        assert_eq!(pay_once(&sim, others(&first)[0], (7, 1, 9)).await, Ok(7));
        // Whoever comes empty learns it with the state.
        sim.start(&first).await.unwrap();
        in_sync(&sim, 1, 7).await;
        for other in others(&first) {
            let now = master(&sim, None).await;
            sim.kill(other).await;
            if now == other {
                master(&sim, Some(other)).await;
            }
            assert!(pay(&sim, 2, 1).await > 0);
        }
        assert_eq!(master(&sim, None).await, first);
        both(&sim).await;
        assert_eq!(balance(&sim).await, 7);
    });
}

#[test]
fn a_call_with_an_id_of_the_users_is_made_again_by_the_runtime_to_the_next_master() {
    for takes in [2, 40] {
        cluster(69).run(async move |sim| {
            let first = ready(&sim).await;
            let paid = sim.on("caller", move |node| async move {
                node.client::<LedgerClient>()
                    .rpc_pay_once_late(1, takes)
                    .once(1_u64)
                    .timeout(Duration::from_secs(200))
                    .await
            });
            seconds(1).await;
            sim.partition("caller", &first);
            seconds(2).await;
            sim.kill(&first).await;
            // It has the reply of the first, or is run by the next: the first has committed nothing then.
            assert_eq!(paid.await.unwrap(), Ok(2), "{takes}");
            assert_eq!(balance(&sim).await, 2);
        });
    }
}
