//! What a handler publishes after a commit leaves when that is acknowledged, and not at all if it never is.
// tidy: virtual time

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{sleep, timeout};

use super::*;

/// Does not leave its node.
pub(crate) struct Here(pub(crate) u64);

#[message(event)]
#[derive(Debug, Clone)]
pub(crate) struct Everywhere(pub(crate) u64);

/// On which node it was heard, whether it is of that node alone, and the balance.
type News = (&'static str, bool, u64);

/// What was heard.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<News>>>);

impl Heard {
    fn add(&self, on: &'static str, alone: bool, balance: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((on, alone, balance));
    }

    /// All that is about this balance, in an order that says nothing.
    fn of(&self, balance: u64) -> Vec<(&'static str, bool)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of: Vec<_> = all.iter().filter(|(.., it)| *it == balance).map(|(on, alone, _)| (*on, *alone)).collect();
        of.sort_unstable();
        of
    }

    async fn all_hear_of(&self, balance: u64, master: &'static str) {
        let mut expected = vec![("a", false), ("b", false), ("c", false), ("caller", false), (master, true)];
        expected.sort_unstable();
        let all = async {
            while self.of(balance).len() < expected.len() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let heard = timeout(Duration::from_secs(30), all).await;
        assert!(heard.is_ok(), "{balance}: {:?}", self.of(balance));
        assert_eq!(self.of(balance), expected);
    }
}

#[service]
struct Ear {
    on: &'static str,
    heard: Heard,
}

#[rpc]
impl Ear {
    #[on(event)]
    async fn here(&mut self, event: &Here) {
        self.heard.add(self.on, true, event.0);
    }

    #[on(event)]
    async fn everywhere(&mut self, event: &Everywhere) {
        self.heard.add(self.on, false, event.0);
    }
}

/// Three nodes with a ledger each, one that calls, and an ear on all of them.
fn heard_everywhere(seed: u64, heard: &Heard) -> Cluster {
    ["a", "b", "c", "caller"].into_iter().fold(Cluster::seed(seed), |cluster, on| {
        let heard = heard.clone();
        cluster.node(on, move |node| {
            let node = node.service(Ear { on, heard: heard.clone() });
            if on == "caller" { node } else { node.service(Ledger::default()) }
        })
    })
}

/// The master, when all three have the same and its node knows of the ears of all.
async fn ready(sim: &Sim, heard: &Heard) -> &'static str {
    assert_eq!(pay(sim, 7, 1).await, 1);
    let first = master(sim, None).await;
    in_sync(sim, 7, 1).await;
    let known = sim.on(&first, |node| async move {
        while node.publish_to(Scope::Cluster, Everywhere(0)).nodes() < 4 {
            sleep(Duration::from_millis(50)).await;
        }
    });
    known.await.unwrap();
    let first = ["a", "b", "c"].into_iter().find(|name| *name == first).unwrap();
    assert_eq!(publish(sim).await, Ok(2));
    heard.all_hear_of(2, first).await;
    first
}

async fn publish(sim: &Sim) -> Result<u64, ember::CallError> {
    let published = sim.on("caller", |node| async move {
        node.client::<LedgerClient>().rpc_pay_and_publish(7).timeout(Duration::from_secs(40)).await
    });
    published.await.unwrap()
}

#[test]
fn an_event_leaves_when_what_it_follows_from_is_acknowledged() {
    let heard = Heard::default();
    heard_everywhere(31, &heard).run({
        let heard = heard.clone();
        async move |sim| {
            let first = ready(&sim, &heard).await;
            // Nothing is acknowledged before this one is out of the set, which takes a second.
            let cut = others(first)[0];
            sim.partition(first, cut);
            let begun = sim.elapsed();
            let paid = tokio::join!(publish(&sim), async {
                sleep(Duration::from_millis(700)).await;
                assert_eq!(heard.of(3), [], "it is not acknowledged yet");
            });
            assert_eq!(paid.0, Ok(3));
            assert!(sim.elapsed() - begun > Duration::from_secs(1), "{:?}", sim.elapsed() - begun);
            sim.heal(first, cut);
            heard.all_hear_of(3, first).await;
        }
    });
}

#[test]
fn an_event_whose_commit_is_never_acknowledged_goes_to_nobody() {
    let heard = Heard::default();
    heard_everywhere(32, &heard).run({
        let heard = heard.clone();
        async move |sim| {
            let first = ready(&sim, &heard).await;
            // It acts for a while yet, and nobody of its group hears of it; whoever calls does.
            others(first).into_iter().for_each(|other| sim.partition(first, other));
            sim.partition(first, "registry");
            let outcome = publish(&sim).await;
            assert!(outcome.is_err(), "{outcome:?}");
            let balance = sim.on("caller", |node| async move {
                node.client::<LedgerClient>().rpc_balance(7).timeout(Duration::from_secs(30)).await
            });
            assert_eq!(balance.await.unwrap(), Ok(2), "the next master knows nothing of it");
            // Also when it has heard of that: then it throws away what it had alone.
            others(first).into_iter().for_each(|other| sim.heal(first, other));
            sim.heal(first, "registry");
            in_sync(&sim, 7, 2).await;
            assert_eq!(heard.of(3), [], "{first}");
            // Of the next master, a third is told as the second was.
            let second = master(&sim, Some(first)).await;
            let second = others(first).into_iter().find(|name| *name == second).unwrap();
            assert_eq!(publish(&sim).await, Ok(3));
            heard.all_hear_of(3, second).await;
        }
    });
}
