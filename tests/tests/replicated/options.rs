//! What `#[service(elected, …)]` and `Hosted` say of a group: how many must be in sync, whose acknowledgements are waited for, and how many
//! there are.

use super::*;
use ember::{CallError, RefusedReason};

/// A number that is paid into.
macro_rules! account {
    ($name:ident: $($option:tt)+) => {
        #[service(elected, $($option)+)]
        #[derive(Default)]
        pub(crate) struct $name;

        impl Replicated for $name {
            type State = u64;
            type Entry = u64;
            type Output = u64;

            fn apply(state: &mut u64, entry: &u64) -> u64 {
                *state += entry;
                *state
            }
        }

        #[rpc]
        impl $name {
            pub(crate) async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, amount: u64) -> u64 {
                cx.commit(amount)
            }

            /// Pays, and waits itself until that is acknowledged.
            pub(crate) async fn rpc_pay_and_settle(&mut self, cx: &mut Cx<'_, Self>, amount: u64) -> Result<u64, String> {
                let balance = cx.commit(amount);
                cx.settled().await.map_err(|error| error.to_string())?;
                Ok(balance)
            }

            #[rpc(read)]
            pub(crate) async fn rpc_balance(&self, cx: &mut Cx<'_, Self>) -> u64 {
                *cx.state()
            }
        }
    };
}
account!(Vault: min_in_sync = 2);

/// Nodes with a vault each, and one that calls.
fn vaults(seed: u64, names: &[&'static str]) -> Cluster {
    let cluster = Cluster::seed(seed).node("caller", |node| node.service(Witness::default()));
    names.iter().fold(cluster, |cluster, name| cluster.node(name, |node| node.service(Vault)))
}

async fn pay_in(sim: &Sim, seconds: u64) -> Result<u64, CallError> {
    let paid = sim.on("caller", move |node| async move {
        node.client::<VaultClient>().rpc_pay(1).timeout(Duration::from_secs(seconds)).await
    });
    paid.await.unwrap()
}

/// Waits until the instance on each of these shows this.
async fn shown(sim: &Sim, names: &[&str], balance: u64) {
    for name in names {
        sim.on(name, move |node| async move {
            while node.local::<Vault>().rpc_balance().await.ok() != Some(balance) {
                tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
            }
        })
        .await
        .unwrap();
    }
}

fn is_too_few(outcome: Result<u64, CallError>) -> bool {
    let Err(CallError::NotExecuted(refused)) = &outcome else { panic!("{outcome:?}") };
    *refused.reason() == RefusedReason::TooFewInSync { in_sync: 1, needed: 2 }
}

#[test]
fn too_few_in_sync_begin_nothing_and_acknowledge_nothing_until_there_are_enough() {
    vaults(31, &["a", "b", "c"]).run(async |sim| {
        assert_eq!(pay_in(&sim, 30).await, Ok(1));
        let first = master(&sim, None).await;
        shown(&sim, &["a", "b", "c"], 1).await;
        for other in others(&first) {
            sim.kill(other).await;
        }
        let begun = async {
            let paid = pay_in(&sim, 120).await;
            (paid, sim.elapsed())
        };
        let refused = async {
            tokio::time::sleep(Duration::from_secs(8)).await; // tidy: sleep: virtual time, until the others are given up
            assert!(is_too_few(pay_in(&sim, 10).await));
            let back = sim.elapsed();
            sim.start(others(&first)[0]).await.unwrap();
            back
        };
        // What was begun with enough waits for as many.
        let ((paid, at), back) = tokio::join!(begun, refused);
        assert_eq!(paid, Ok(2));
        assert!(at >= back, "{at:?} {back:?}");
        assert_eq!(pay_in(&sim, 30).await, Ok(3));
        // So it is with who has come back.
        sim.kill(&first).await;
        shown(&sim, &[others(&first)[0]], 3).await;
    });
}

#[test]
fn who_takes_over_alone_shows_what_there_is_and_takes_calls_when_there_are_enough() {
    vaults(32, &["a", "b"]).run(async |sim| {
        assert_eq!(pay_in(&sim, 30).await, Ok(1));
        let first = master(&sim, None).await;
        shown(&sim, &["a", "b"], 1).await;
        sim.kill(&first).await;
        assert_ne!(master(&sim, Some(&first)).await, first);
        assert!(is_too_few(pay_in(&sim, 5).await));
        let balance = sim.on("caller", |node| async move { node.client::<VaultClient>().rpc_balance().await });
        assert_eq!(balance.await.unwrap(), Ok(1));
        let (paid, started) = tokio::join!(pay_in(&sim, 60), sim.start(&first));
        started.unwrap();
        assert_eq!(paid, Ok(2));
    });
}

#[test]
fn one_alone_founds_its_group_and_takes_no_calls() {
    vaults(33, &["a"]).run(async |sim| {
        assert!(is_too_few(pay_in(&sim, 20).await));
        shown(&sim, &["a"], 0).await;
    });
}

account!(Counter: acks = "leader");

/// Three nodes with a counter each, and one that calls.
fn counters(seed: u64) -> Cluster {
    let cluster = Cluster::seed(seed).node("caller", |node| node.service(Witness::default()));
    ["a", "b", "c"].into_iter().fold(cluster, |cluster, name| cluster.node(name, |node| node.service(Counter)))
}

async fn count(sim: &Sim) -> u64 {
    let counted = sim.on("caller", |node| async move {
        node.client::<CounterClient>().rpc_pay(1).timeout(Duration::from_secs(30)).await.unwrap()
    });
    counted.await.unwrap()
}

/// Waits until the instance on each of these shows this.
async fn counted(sim: &Sim, names: &[&str], count: u64) {
    for name in names {
        sim.on(name, move |node| async move {
            while node.local::<Counter>().rpc_balance().await.ok() != Some(count) {
                tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
            }
        })
        .await
        .unwrap();
    }
}

#[test]
fn by_the_masters_word_alone_replies_do_not_wait_and_a_fail_over_may_lose_them() {
    counters(41).run(async |sim| {
        assert_eq!(count(&sim).await, 1);
        let first = master(&sim, None).await;
        counted(&sim, &["a", "b", "c"], 1).await;
        others(&first).into_iter().for_each(|other| sim.partition(&first, other));
        let begun = sim.elapsed();
        assert_eq!(count(&sim).await, 2);
        // Others would be taken out of the set first.
        assert!(sim.elapsed() - begun < Duration::from_millis(500), "{:?}", sim.elapsed() - begun);
        sim.kill(&first).await;
        master(&sim, Some(&first)).await;
        assert_eq!(count(&sim).await, 2, "nobody else has heard of the first 2");
    });
}

#[test]
fn by_the_masters_word_alone_the_others_have_it_all_the_same() {
    counters(42).run(async |sim| {
        assert_eq!(count(&sim).await, 1);
        let first = master(&sim, None).await;
        counted(&sim, &["a", "b", "c"], 1).await;
        assert_eq!(count(&sim).await, 2);
        counted(&sim, &["a", "b", "c"], 2).await;
        sim.kill(&first).await;
        assert_eq!(count(&sim).await, 3);
    });
}

#[test]
fn by_the_masters_word_alone_a_handler_can_still_wait_for_the_others() {
    counters(43).run(async |sim| {
        assert_eq!(count(&sim).await, 1);
        let first = master(&sim, None).await;
        counted(&sim, &["a", "b", "c"], 1).await;
        others(&first).into_iter().for_each(|other| sim.partition(&first, other));
        let begun = sim.elapsed();
        let settled = sim.on("caller", |node| async move {
            node.client::<CounterClient>().rpc_pay_and_settle(1).timeout(Duration::from_secs(30)).await
        });
        assert_eq!(settled.await.unwrap(), Ok(2));
        assert!(sim.elapsed() - begun >= Duration::from_secs(1), "{:?}", sim.elapsed() - begun);
    });
}

pub(super) const ALL: [&str; 4] = ["a", "b", "c", "d"];

/// Four nodes with a ledger each, of which two have the state, and one that calls.
pub(super) fn two_of_four(seed: u64) -> Cluster {
    let cluster = Cluster::seed(seed).node("caller", |node| node.service(Witness::default()));
    ALL.into_iter().fold(cluster, |cluster, name| {
        cluster.node(name, |node| node.service(Hosted::new(Ledger::default()).replicas(2)))
    })
}

/// Those of these nodes whose instances show something; the others are behind.
async fn showing(sim: &Sim, names: &[&'static str]) -> Vec<&'static str> {
    let mut showing = Vec::new();
    for name in names {
        let shown = sim.on(name, |node| async move {
            node.local::<Ledger>().rpc_balance(1).timeout(Duration::from_millis(200)).await
        });
        match shown.await.unwrap() {
            Ok(_) => showing.push(*name),
            Err(CallError::NotExecuted(_)) => {}
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
    showing
}

/// Why the instance on this node shows nothing.
async fn reason(sim: &Sim, name: &str) -> RefusedReason {
    let shown =
        sim.on(
            name,
            |node| async move { node.local::<Ledger>().rpc_balance(1).timeout(Duration::from_millis(200)).await },
        );
    let Err(CallError::NotExecuted(refused)) = shown.await.unwrap() else { panic!("{name} shows something") };
    refused.reason().clone()
}

/// The same, once these are two.
pub(super) async fn two_showing(sim: &Sim, names: &[&'static str]) -> Vec<&'static str> {
    loop {
        let showing = showing(sim, names).await;
        if showing.len() == 2 {
            return showing;
        }
    }
}

fn without(names: &[&'static str], name: &str) -> Vec<&'static str> {
    names.iter().copied().filter(|it| *it != name).collect()
}

#[test]
fn a_spare_instance_has_nothing_until_it_takes_the_place_of_a_member_that_has_gone() {
    two_of_four(51).run(async |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        let members = two_showing(&sim, &ALL).await;
        let [member] = without(&members, &first)[..] else { panic!("{members:?} {first}") };
        sim.kill(member).await;
        assert_eq!(pay(&sim, 1, 1).await, 2);
        let rest = without(&ALL, member);
        let now = two_showing(&sim, &rest).await;
        assert!(now.contains(&first.as_str()), "{now:?}");
        // Whoever comes back is spare.
        sim.start(member).await.unwrap();
        tokio::time::sleep(Duration::from_secs(20)).await; // tidy: sleep: virtual time, in which nothing is to change
        assert_eq!(showing(&sim, &ALL).await, now);
        assert_eq!(reason(&sim, member).await, RefusedReason::Behind);
        sim.kill(&first).await;
        assert_eq!(pay(&sim, 1, 1).await, 3);
        let last = two_showing(&sim, &without(&ALL, &first)).await;
        assert!(last.contains(&without(&now, &first)[0]), "{last:?} after {now:?}");
    });
}

#[test]
fn a_spare_instance_takes_the_place_of_a_member_that_its_master_does_not_reach() {
    two_of_four(52).run(async |sim| {
        assert_eq!(pay(&sim, 1, 1).await, 1);
        let first = master(&sim, None).await;
        let members = two_showing(&sim, &ALL).await;
        let [member] = without(&members, &first)[..] else { panic!("{members:?} {first}") };
        sim.partition(&first, member);
        assert_eq!(pay(&sim, 1, 1).await, 2);
        let now = two_showing(&sim, &without(&ALL, member)).await;
        assert!(now.contains(&first.as_str()), "{now:?}");
        // It is there, and shows nothing of what it had.
        sim.heal(&first, member);
        tokio::time::sleep(Duration::from_secs(20)).await; // tidy: sleep: virtual time, in which nothing is to change
        assert_eq!(showing(&sim, &ALL).await, now);
        assert_eq!(reason(&sim, member).await, RefusedReason::Behind);
        assert_eq!(pay(&sim, 1, 1).await, 3);
    });
}

#[tokio::test]
async fn members_that_cannot_be_so_many_are_refused_when_the_service_starts() {
    let node = || Node::builder().registry(ember::registry::InProcess::default());
    let none = node().service(Hosted::new(Ledger::default()).replicas(0)).start().await.unwrap_err().to_string();
    assert!(none.starts_with("the service `Ledger`: `.replicas(0)` cannot be"), "{none}");
    let few = node().service(Hosted::new(Vault).replicas(1)).start().await.unwrap_err().to_string();
    assert!(few.contains("its service asks for 2 in sync"), "{few}");
    let other = node().service(Hosted::new(Witness::default()).replicas(3)).start().await.unwrap_err().to_string();
    assert!(other.contains("only replicated services"), "{other}");
    let node = node().service(Hosted::new(Ledger::default()).replicas(1)).start().await.unwrap();
    // A new group is begun a lease after the node has found none.
    let paid = node.client::<LedgerClient>().rpc_pay(1, 1).timeout(Duration::from_secs(30)).await;
    assert_eq!(paid.unwrap(), 1);
}
