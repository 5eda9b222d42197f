//! Modules of a replicated service commit to its state, and are held to the same.

use super::*;
use ember::CallError;

#[service(elected)]
#[derive(Default)]
pub(crate) struct Forest {
    #[module]
    ranger: Module<Ranger>,
}

impl Replicated for Forest {
    type State = Vec<String>;
    type Entry = String;
    type Output = usize;

    fn apply(state: &mut Vec<String>, entry: &String) -> usize {
        state.push(entry.clone());
        state.len()
    }
}

#[rpc]
impl Forest {
    #[rpc(read)]
    pub(crate) async fn rpc_trees(&self, cx: &mut Cx<'_, Self>) -> Vec<String> {
        cx.state().clone()
    }
}

#[module(parent = Forest)]
#[derive(Default)]
pub(crate) struct Ranger {
    #[module]
    dog: Module<Dog>,
}

#[rpc]
impl Ranger {
    pub(crate) async fn rpc_plant(&mut self, cx: &mut Cx<'_, Self>, tree: String) -> usize {
        cx.commit(tree)
    }

    /// Both or neither, and waits for that itself.
    pub(crate) async fn rpc_plant_both(&mut self, cx: &mut Cx<'_, Self>, trees: Vec<String>) -> Result<usize, String> {
        let counts = cx.commit_all(trees);
        cx.settled().await.map_err(|error| error.to_string())?;
        Ok(counts.into_iter().max().unwrap_or_default())
    }

    #[rpc(read)]
    pub(crate) async fn rpc_count(&self, cx: &mut Cx<'_, Self>) -> usize {
        cx.state().len()
    }
}

#[module(parent = Ranger)]
#[derive(Default)]
pub(crate) struct Dog;

#[rpc]
impl Dog {
    pub(crate) async fn rpc_bury(&mut self, cx: &mut Cx<'_, Self>) -> usize {
        cx.commit("bone".into())
    }

    #[rpc(read)]
    pub(crate) async fn rpc_finds(&self, cx: &mut Cx<'_, Self>) -> bool {
        cx.state().iter().any(|it| it == "bone")
    }
}

async fn plant(sim: &Sim, tree: &str) -> Result<usize, CallError> {
    let tree = tree.to_owned();
    let planted = sim.on("caller", |node| async move {
        node.client::<ForestClient>().ranger().rpc_plant(tree).timeout(Duration::from_secs(40)).await
    });
    planted.await.unwrap()
}

/// Waits until the modules on each node show so much, and what is buried if it `finds` it.
async fn all_show(sim: &Sim, names: &[&str], count: usize, finds: bool) {
    for name in names {
        let shown = sim.on(name, move |node| async move {
            let ranger = node.local::<Forest>().ranger();
            while (ranger.rpc_count().await, ranger.dog().rpc_finds().await) != (Ok(count), Ok(finds)) {
                tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
            }
        });
        shown.await.unwrap();
    }
}

#[test]
fn what_a_module_commits_is_its_services_and_outlives_the_master() {
    let cluster = Cluster::seed(61).node("caller", |node| node);
    let cluster = ["a", "b", "c"]
        .into_iter()
        .fold(cluster, |cluster, name| cluster.node(name, |node| node.service(Forest::default())));
    cluster.run(async move |sim| {
        assert_eq!(plant(&sim, "oak").await, Ok(1));
        let first = master(&sim, None).await;
        all_show(&sim, &["a", "b", "c"], 1, false).await;
        let both = sim.on("caller", |node| async move {
            let ranger = node.client::<ForestClient>().ranger();
            let both = ranger.rpc_plant_both(vec!["elm".into(), "ash".into()]).await;
            (both, ranger.dog().rpc_bury().await)
        });
        assert_eq!(both.await.unwrap(), (Ok(3), Ok(4)));
        all_show(&sim, &["a", "b", "c"], 4, true).await;
        // Its replies wait for the acknowledgement, which never comes.
        others(&first).into_iter().for_each(|other| sim.partition(&first, other));
        sim.partition(&first, "registry");
        let outcome = plant(&sim, "yew").await;
        assert!(outcome.is_err(), "{outcome:?}");
        let next = master(&sim, Some(&first)).await;
        let trees = sim.on("caller", |node| async move {
            node.client::<ForestClient>().rpc_trees().timeout(Duration::from_secs(30)).await
        });
        assert_eq!(trees.await.unwrap(), Ok(["oak", "elm", "ash", "bone"].map(String::from).to_vec()));
        assert_eq!(plant(&sim, "fir").await, Ok(5));
        sim.kill(&next).await;
        let last = others(&first).into_iter().find(|name| *name != next).unwrap();
        all_show(&sim, &[last], 5, true).await;
        assert_eq!(plant(&sim, "lime").await, Ok(6));
    });
}
