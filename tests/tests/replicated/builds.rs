//! Two builds of one service in one group: whose `Entry` and `State` the group does not have takes no part, and says so.
// tidy: virtual time

use ember::{GroupName, RefusedReason};
use ember_tests::logged::Logged;
use tokio::time::sleep;

use super::*;

/// The same service, but for what its entries are.
macro_rules! build {
    ($name:ident, $entry:ty) => {
        mod $name {
            use ember::prelude::*;

            #[service(elected)]
            #[derive(Default)]
            pub(crate) struct Store;

            impl Replicated for Store {
                type State = u64;
                type Entry = $entry;
                type Output = u64;

                fn apply(state: &mut u64, entry: &$entry) -> u64 {
                    *state += u64::from(*entry);
                    *state
                }
            }

            #[rpc]
            impl Store {
                pub(crate) async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>) -> u64 {
                    cx.commit(1)
                }

                #[rpc(read)]
                pub(crate) async fn rpc_sum(&self, cx: &mut Cx<'_, Self>) -> u64 {
                    *cx.state()
                }
            }
        }
    };
}

build!(old, u64);
build!(new, u32);

async fn add(sim: &Sim, seconds: u64) -> Result<u64, ember::CallError> {
    let added = sim.on("caller", move |node| async move {
        node.client::<old::StoreClient>().rpc_add().timeout(Duration::from_secs(seconds)).await
    });
    added.await.unwrap()
}

/// Whether the one service of this node says that it is left out.
async fn is_left_out(sim: &Sim, name: &str) -> bool {
    let left_out = sim.on(name, |node| async move {
        let (all, left_out) = (node.services(), node.left_out());
        assert!(left_out.is_empty() || left_out == all, "{left_out:?}");
        !left_out.is_empty()
    });
    left_out.await.unwrap()
}

/// What that of `c` shows.
async fn shown(sim: &Sim) -> Result<u64, RefusedReason> {
    let shown = sim.on("c", |node| async move {
        match node.local::<new::Store>().rpc_sum().timeout(Duration::from_secs(1)).await {
            Err(ember::CallError::NotExecuted(refused)) => Err(refused.reason().clone()),
            shown => Ok(shown.unwrap()),
        }
    });
    shown.await.unwrap()
}

#[test]
fn one_of_another_build_is_not_admitted_and_its_node_says_so() {
    let logged = Logged::here();
    let cluster = Cluster::seed(71).node("caller", |node| node);
    let cluster = ["a", "b"]
        .into_iter()
        .fold(cluster, |cluster, name| cluster.node(name, |node| node.service(old::Store)))
        .node("c", |node| node.service(new::Store));
    cluster.run(async move |sim| {
        // It comes when there is a group.
        sim.kill("c").await;
        assert_eq!(add(&sim, 30).await, Ok(1));
        let says = |what: &str| logged.lines().iter().filter(|line| line.contains(what)).count();
        assert_eq!(says("another `Entry`, `State` or `Output`"), 0);
        sim.start("c").await.unwrap();
        sleep(Duration::from_secs(10)).await;
        assert_eq!(shown(&sim).await, Err(RefusedReason::Behind));
        for (name, left_out) in [("a", false), ("b", false), ("c", true)] {
            assert_eq!(is_left_out(&sim, name).await, left_out, "{name}");
        }
        assert_eq!(says("another `Entry`, `State` or `Output`"), 1, "{:?}", logged.lines());
        assert_eq!(add(&sim, 5).await, Ok(2), "nobody waits for it");

        // Nor is it elected when those who have the state are gone.
        sim.kill("a").await;
        sim.kill("b").await;
        let Err(ember::CallError::NotExecuted(refused)) = add(&sim, 30).await else { panic!("it was taken on") };
        assert!(matches!(refused.reason(), RefusedReason::NoMaster(_)), "{refused:?}");
        assert!(shown(&sim).await.is_err());
        assert!(is_left_out(&sim, "c").await);

        // Whoever accepts the loss lets it begin a group of its own.
        let accepted = sim.on("c", |node| async move { node.accept_loss(&GroupName::of("Store"), None).await });
        accepted.await.unwrap().unwrap();
        assert_eq!(add(&sim, 30).await, Ok(1));
        assert_eq!(shown(&sim).await, Ok(1));
        assert!(!is_left_out(&sim, "c").await);
    });
}
