//! An `apply` that is no function of its arguments: members that have come to something else than the master notice it, and learn its state.

use std::sync::atomic::{AtomicU64, Ordering};

use ember::CallError;

use super::*;

/// What nobody may look at in an `apply`.
static APPLIED: AtomicU64 = AtomicU64::new(0);

#[message]
pub(crate) enum Step {
    Add(u64),
    Drift,
}

#[service(elected)]
#[derive(Default)]
pub(crate) struct Drifter;

impl Replicated for Drifter {
    type State = u64;
    type Entry = Step;
    type Output = u64;

    fn apply(state: &mut u64, entry: &Step) -> u64 {
        *state += match entry {
            Step::Add(more) => *more,
            Step::Drift => 1 + APPLIED.fetch_add(1, Ordering::SeqCst),
        };
        *state
    }
}

#[rpc]
impl Drifter {
    pub(crate) async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>, more: u64) -> u64 {
        cx.commit(Step::Add(more))
    }

    pub(crate) async fn rpc_drift(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.commit_all([Step::Drift, Step::Add(10)])[1]
    }

    #[rpc(read)]
    pub(crate) async fn rpc_total(&self, cx: &mut Cx<'_, Self>) -> u64 {
        *cx.state()
    }
}

const SLOW: Duration = Duration::from_secs(40);

async fn shown(sim: &Sim, total: u64) {
    for name in ["a", "b", "c"] {
        sim.on(name, move |node| async move {
            while node.local::<Drifter>().rpc_total().await.ok() != Some(total) {
                tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
            }
        })
        .await
        .unwrap();
    }
}

#[test]
fn a_member_that_has_come_to_something_else_than_the_master_learns_its_state() {
    let cluster = Cluster::seed(310).node("caller", |node| node);
    let cluster = ["a", "b", "c"]
        .into_iter()
        .fold(cluster, |cluster, name| cluster.node(name, |node| node.service_with(|| Drifter)));
    cluster.run(async move |sim| {
        let add = async |more| {
            sim.on(
                "caller",
                move |node| async move { node.client::<DrifterClient>().rpc_add(more).timeout(SLOW).await },
            )
            .await
            .unwrap()
        };
        assert_eq!(add(5).await, Ok(5));
        shown(&sim, 5).await;
        let drifted =
            sim.on("caller", |node| async move { node.client::<DrifterClient>().rpc_drift().timeout(SLOW).await });
        let total: Result<u64, CallError> = drifted.await.unwrap();
        let total = total.expect("the master goes by what it has come to itself");
        shown(&sim, total).await;
        assert!(APPLIED.load(Ordering::SeqCst) > 1, "only the master has applied it");
        // Whoever takes over has what was answered.
        let first = master(&sim, None).await;
        assert_eq!(add(1).await, Ok(total + 1));
        shown(&sim, total + 1).await;
        sim.kill(&first).await;
        assert_eq!(add(1).await, Ok(total + 2));
    });
}
