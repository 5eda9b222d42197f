//! The user's code panics where the runtime runs it: nothing that was acknowledged is lost by that, and nothing is answered from what is gone.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use ember::CallError;

use super::*;

/// The next that is read, in a state that says so, panics.
static ARMED: AtomicBool = AtomicBool::new(false);
static READ: AtomicU32 = AtomicU32::new(0);

#[message]
#[derive(Default)]
pub(crate) struct Sums {
    total: u64,
    #[serde(serialize_with = "write", deserialize_with = "read")]
    is_fragile: bool,
    filling: Vec<u8>,
}

fn write<S: serde::Serializer>(is_fragile: &bool, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bool(*is_fragile)
}

fn read<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let is_fragile = serde::Deserialize::deserialize(from)?;
    if is_fragile && ARMED.swap(false, Ordering::SeqCst) {
        READ.fetch_add(1, Ordering::SeqCst);
        panic!("reading a state panics, once");
    }
    Ok(is_fragile)
}

#[message]
pub(crate) enum Change {
    Add(u64),
    Fragile,
    Fill(Vec<u8>),
    Broken,
}

#[service(elected)]
#[derive(Default)]
pub(crate) struct Adder;

impl Replicated for Adder {
    type State = Sums;
    type Entry = Change;
    type Output = u64;

    fn apply(state: &mut Sums, entry: &Change) -> u64 {
        match entry {
            Change::Add(more) => state.total += more,
            Change::Fragile => state.is_fragile = true,
            Change::Fill(bytes) => state.filling.clone_from(bytes),
            Change::Broken => panic!("an entry that breaks the state"),
        }
        state.total
    }
}

#[rpc]
impl Adder {
    pub(crate) async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>, more: u64) -> u64 {
        cx.commit(Change::Add(more))
    }

    pub(crate) async fn rpc_fill(&mut self, cx: &mut Cx<'_, Self>, bytes: usize) {
        cx.commit_all([Change::Fragile, Change::Fill(vec![0; bytes])]);
    }

    #[rpc(read)]
    pub(crate) async fn rpc_total(&self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().total
    }

    /// Goes on after a panic, which nobody should do: what it answers is from a state that is gone.
    pub(crate) async fn rpc_add_and_break(&mut self, cx: &mut Cx<'_, Self>, more: u64) -> u64 {
        let total = cx.commit(Change::Add(more));
        let broken = catch_unwind(AssertUnwindSafe(|| cx.commit(Change::Broken)));
        assert!(broken.is_err());
        total
    }
}

fn adders(seed: u64) -> Cluster {
    let cluster = Cluster::seed(seed).node("caller", |node| node);
    ["a", "b", "c"].into_iter().fold(cluster, |cluster, name| cluster.node(name, |node| node.service_with(|| Adder)))
}

async fn added(sim: &Sim, more: u64) -> Result<u64, CallError> {
    sim.on("caller", move |node| async move { node.client::<AdderClient>().rpc_add(more).timeout(SLOW).await })
        .await
        .unwrap()
}

const SLOW: Duration = Duration::from_secs(40);

async fn shown(sim: &Sim, name: &str, total: u64) {
    sim.on(name, move |node| async move {
        while node.local::<Adder>().rpc_total().await.ok() != Some(total) {
            tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
        }
    })
    .await
    .unwrap();
}

#[test]
fn a_member_that_panics_as_it_reads_a_state_learns_it_again() {
    adders(300).run(async move |sim| {
        assert_eq!(added(&sim, 1).await, Ok(1));
        for name in ["a", "b", "c"] {
            shown(&sim, name, 1).await;
        }
        let first = master(&sim, None).await;
        let [learner, other] = others(&first)[..] else { unreachable!() };
        // Its log does not begin at the beginning any more.
        for bytes in [7 << 20, 7 << 20, 7 << 20, 1] {
            sim.on("caller", move |node| async move {
                node.client::<AdderClient>().rpc_fill(bytes).timeout(SLOW).await.unwrap();
            })
            .await
            .unwrap();
        }
        sim.kill(learner).await;
        assert_eq!(added(&sim, 1).await, Ok(2));
        ARMED.store(true, Ordering::SeqCst);
        sim.start(learner).await.unwrap();
        shown(&sim, learner, 2).await;
        assert_eq!(READ.load(Ordering::SeqCst), 1);
        assert_eq!(added(&sim, 1).await, Ok(3));
        shown(&sim, learner, 3).await;
        sim.kill(&first).await;
        shown(&sim, other, 3).await;
        sim.kill(other).await;
        // It alone is left, and has all: or the others were not out of the set, and nobody acts.
        let after = added(&sim, 1).await;
        assert!(after.as_ref().ok().is_none_or(|total| *total == 4), "{after:?}");
    });
}

#[test]
fn nothing_is_answered_from_a_state_that_a_panic_of_apply_has_broken() {
    adders(303).run(async move |sim| {
        assert_eq!(added(&sim, 1).await, Ok(1));
        for name in ["a", "b", "c"] {
            shown(&sim, name, 1).await;
        }
        let broken =
            sim.on(
                "caller",
                |node| async move { node.client::<AdderClient>().rpc_add_and_break(100).timeout(SLOW).await },
            );
        let broken = broken.await.unwrap();
        let after = added(&sim, 1).await.unwrap();
        assert!(
            broken == Ok(101) && after == 102 || broken.is_err() && (after == 102 || after == 2),
            "{broken:?}, {after}"
        );
    });
}
