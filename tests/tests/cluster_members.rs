//! Nodes that come, go, and come back; what their callers notice of it.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ember::{LostReason, ServiceState, prelude::*};
use ember_tests::{
    cluster::{Cluster, lost, sees},
    gate::Gate,
    wait::{eventually, within},
};

#[service(name = "provider")]
pub struct Provider {
    node: String,
}

#[rpc]
impl Provider {
    pub async fn rpc_node(&mut self) -> String {
        tokio::task::yield_now().await;
        self.node.clone()
    }
}

/// Takes its time to stop.
#[service(name = "lingerer")]
pub struct Lingerer {
    gate: Gate,
}

#[rpc]
impl Lingerer {
    #[on(stop)]
    async fn stop(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_linger(&mut self) {
        self.gate.pass().await;
    }
}

/// Asks a provider before it has started.
#[service(name = "asker")]
pub struct Asker {
    gate: Gate,
    heard: Option<String>,
}

#[rpc]
impl Asker {
    #[on(start)]
    async fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.heard = Some(cx.client::<ProviderClient>().rpc_node().await.unwrap());
        self.gate.pass().await;
    }

    pub fn rpc_heard(&mut self) -> Option<String> {
        self.heard.clone()
    }
}

async fn provider(cluster: &Cluster, name: &str) -> Node {
    cluster.node(name).service(Provider { node: name.into() }).start().await.unwrap()
}

/// Waits until `node` sees this many nodes, itself included.
async fn sees_nodes(node: &Node, count: usize) {
    within("the nodes in the view", node.wait_for_view(|view| view.nodes().len() == count)).await;
}

#[tokio::test]
async fn a_service_that_starts_may_call_other_nodes_and_no_view_lists_its_node_yet() {
    let cluster = Cluster::default();
    let alpha = provider(&cluster, "alpha").await;
    let gate = Gate::default();
    let asker = Asker { gate: gate.clone(), heard: None };
    let joining = tokio::spawn(cluster.node("beta").service(asker).start());
    // Its call has come and was answered: it is recognised.
    within("the call", gate.reached()).await;
    assert_eq!(alpha.view().nodes().len(), 1, "a node that has not joined is not in a view");
    gate.open();
    let beta = within("the start", joining).await.unwrap().unwrap();
    sees_nodes(&alpha, 2).await;
    let heard = within("its answer", async { alpha.client::<AskerClient>().rpc_heard().await }).await;
    assert_eq!(heard.unwrap().as_deref(), Some("alpha"));
    beta.shutdown().await.unwrap();
    sees_nodes(&alpha, 1).await;
}

/// Callers that never stop calling, until they are told.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    fn start(node: &Node, callers: usize) -> Self {
        let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let caller = |_| {
            let (client, stop, done) = (node.client::<ProviderClient>(), Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                let mut failures = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    match client.rpc_node().await {
                        Ok(_) => drop(done.fetch_add(1, Ordering::Relaxed)),
                        Err(error) => failures.push(error.to_string()),
                    }
                }
                failures
            })
        };
        Self { tasks: (0..callers).map(caller).collect(), stop, done }
    }

    /// Waits until this many more calls have been made.
    async fn goes_on(&self, count: u64) {
        let goal = self.done.load(Ordering::Relaxed) + count;
        eventually("calls to go on", async || (self.done.load(Ordering::Relaxed) >= goal).then_some(())).await;
    }

    /// Ends it; what failed.
    async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        for task in self.tasks {
            failures.extend(within("a caller to end", task).await.unwrap());
        }
        failures
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shutdown_of_one_of_two_providers_under_load_loses_no_call() {
    let cluster = Cluster::default();
    let (a, b) = (provider(&cluster, "a").await, provider(&cluster, "b").await);
    let caller = cluster.node("caller").start().await.unwrap();
    sees(&caller, "provider", 2).await;
    let load = Load::start(&caller, 8);
    load.goes_on(200).await;
    a.shutdown().await.unwrap();
    load.goes_on(200).await;
    assert_eq!(load.end().await, Vec::<String>::new());
    sees(&caller, "provider", 1).await;
    sees_nodes(&b, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_of_three_nodes_under_load_loses_no_call() {
    let cluster = Cluster::default();
    let names = ["a", "b", "c"];
    let mut nodes = Vec::new();
    for name in names {
        nodes.push(provider(&cluster, name).await);
    }
    let caller = cluster.node("caller").start().await.unwrap();
    sees(&caller, "provider", 3).await;
    let load = Load::start(&caller, 8);
    for (index, name) in names.iter().enumerate() {
        load.goes_on(100).await;
        nodes[index].shutdown().await.unwrap();
        load.goes_on(100).await;
        nodes[index] = provider(&cluster, name).await;
        sees(&caller, "provider", 3).await;
    }
    load.goes_on(100).await;
    assert_eq!(load.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_node_that_leaves_is_gone_from_every_view_with_its_services() {
    let cluster = Cluster::default();
    let (a, b) = (provider(&cluster, "a").await, provider(&cluster, "b").await);
    let c = provider(&cluster, "c").await;
    for node in [&a, &b, &c] {
        sees_nodes(node, 3).await;
        sees(node, "provider", 3).await;
    }
    for _ in 0..6 {
        b.client::<ProviderClient>().rpc_node().await.unwrap();
    }
    a.shutdown().await.unwrap();
    for node in [&b, &c] {
        sees_nodes(node, 2).await;
        sees(node, "provider", 2).await;
        assert!(node.view().instances().iter().all(|it| it.pid().node != a.key()));
    }
}

#[tokio::test]
async fn a_node_that_restarts_under_its_name_replaces_its_earlier_run() {
    let cluster = Cluster::default();
    let watcher = cluster.node("watcher").start().await.unwrap();
    let first = provider(&cluster, "a").await;
    sees(&watcher, "provider", 1).await;
    watcher.client::<ProviderClient>().rpc_node().await.unwrap();
    let (old, client) = (first.key(), watcher.client::<ProviderClient>());
    drop(first);
    let second = provider(&cluster, "a").await;
    assert_eq!((second.key().id, second.key().incarnation > old.incarnation), (old.id, true));
    let replaced =
        watcher.wait_for_view(|view| view.instances().len() == 1 && view.instances()[0].pid().node == second.key());
    within("the new run to replace the old", replaced).await;
    assert_eq!(client.rpc_node().await.unwrap(), "a", "an old client finds the new run");
    sees_nodes(&watcher, 2).await;
}

#[tokio::test]
async fn a_node_that_crashed_is_gone_even_if_somebody_keeps_a_client_of_it() {
    let cluster = Cluster::default();
    let (a, b) = (provider(&cluster, "a").await, provider(&cluster, "b").await);
    sees(&a, "provider", 2).await;
    sees(&b, "provider", 2).await;
    let kept = a.client::<ProviderClient>();
    for _ in 0..4 {
        kept.rpc_node().await.unwrap();
        b.client::<ProviderClient>().rpc_node().await.unwrap();
    }
    drop(a);
    sees_nodes(&b, 1).await;
    sees(&b, "provider", 1).await;
    for _ in 0..4 {
        assert_eq!(b.client::<ProviderClient>().rpc_node().await.unwrap(), "b");
    }
    within("the client of the lost node to fail", kept.rpc_node().timeout(Duration::from_secs(1))).await.unwrap_err();
}

#[tokio::test]
async fn a_service_that_was_announced_as_retiring_is_never_announced_as_running_again() {
    let (cluster, gate) = (Cluster::default(), Gate::default());
    let leaving = cluster.node("a").service(Provider { node: "a".into() }).service(Lingerer { gate: gate.clone() });
    let leaving = leaving.start().await.unwrap();
    let caller = cluster.node("caller").start().await.unwrap();
    sees(&caller, "provider", 1).await;
    let watching = tokio::spawn({
        let caller = caller.clone();
        async move {
            let mut seen = Vec::new();
            let gone = caller.wait_for_view(|view| {
                let state = view.instances().iter().find(|it| it.identity().name == "provider").map(|it| it.state());
                if seen.last() != Some(&state) {
                    seen.push(state);
                }
                state.is_none()
            });
            within("the provider to be gone", gone).await;
            seen
        }
    });
    let shutdown = tokio::spawn(async move { leaving.shutdown().await });
    gate.reached().await;
    let states = caller.wait_for_view(|view| view.instances().iter().all(|it| it.state() == ServiceState::Retiring));
    within("both services to be seen retiring", states).await;
    gate.open();
    shutdown.await.unwrap().unwrap();
    let seen = watching.await.unwrap();
    assert_eq!(seen, [Some(ServiceState::Running), Some(ServiceState::Retiring), None]);
}

#[tokio::test]
async fn a_call_in_flight_to_a_node_that_crashes_is_lost_at_once() {
    let (cluster, gate) = (Cluster::default(), Gate::default());
    let crashing = cluster.node("a").service(Lingerer { gate: gate.clone() }).start().await.unwrap();
    let caller = cluster.node("caller").start().await.unwrap();
    sees(&caller, "lingerer", 1).await;
    let call = tokio::spawn(caller.client::<LingererClient>().rpc_linger().timeout(Duration::from_secs(3600)));
    gate.reached().await;
    drop(crashing);
    let outcome = within("the call to be given up", call).await.unwrap();
    assert!(matches!(lost(outcome), LostReason::LinkLost(_)));
}
