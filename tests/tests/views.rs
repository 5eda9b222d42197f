//! What a node says of its services, and what its peers and the registry have of that: the same, whatever happens at once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ember::{
    Pid, ServiceState,
    net::OsNetwork,
    prelude::*,
    registry::{Context, InProcess, Registry, Session},
};
use ember_runtime::rng::Rng;
use ember_tests::{
    cluster::sees,
    leaf::{Leaf, LeafClient},
    simulation::scale,
    wait::within,
};

/// Fails when it is told to.
#[service(name = "fragile")]
#[derive(Default)]
struct Fragile;

#[rpc]
impl Fragile {
    pub(crate) async fn rpc_break(&mut self) {
        panic!("as asked");
    }
}

async fn session(registry: &InProcess) -> Arc<dyn Session> {
    let context = Context { cluster: "default".into(), network: Arc::new(OsNetwork), rng: Rng::from_seed(1) };
    registry.open(context).await.expect("the in-process registry opens")
}

async fn pair(registry: &InProcess) -> (Node, Node) {
    let a = Node::builder().name("a").registry(registry.clone()).start().await.unwrap();
    let b = Node::builder().name("b").registry(registry.clone()).start().await.unwrap();
    (a, b)
}

/// What a view has of the services of one node, with their states.
fn listed(view: &ember::View, of: &Node) -> BTreeMap<u64, String> {
    let mine = view.instances().iter().filter(|it| it.pid().node == of.key());
    mine.map(|it| (it.pid().number, format!("{:?}", it.state()))).collect()
}

/// What the registry has of them.
async fn written(session: &dyn Session) -> BTreeMap<u64, String> {
    let entries = session.list("/ember/default/services/".into()).await.unwrap().entries;
    let read = |value: &[u8]| -> serde_json::Value { serde_json::from_slice(value).unwrap() };
    let number = |key: &str| key.rsplit('/').next().unwrap().parse().unwrap();
    entries
        .iter()
        .map(|entry| {
            let state: ServiceState = serde_json::from_value(read(&entry.value)["state"].clone()).unwrap();
            (number(&entry.key), format!("{state:?}"))
        })
        .collect()
}

/// Waits until the registry has what is wanted, however often it changes on the way.
async fn is_written(session: &dyn Session, wanted: &BTreeMap<u64, String>) {
    within("the registry to have what the node has", async {
        while written(session).await != *wanted {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_services_registered_one_after_the_other_are_all_seen() {
    let registry = InProcess::default();
    let (a, b) = pair(&registry).await;
    for _ in 0..1_000 {
        a.spawn(Hosted::new(Leaf).register()).await.unwrap();
    }
    sees(&a, "leaf", 1_000).await;
    sees(&b, "leaf", 1_000).await;
    a.shutdown().await.unwrap();
    sees(&b, "leaf", 0).await;
    b.shutdown().await.unwrap();
}

/// Each task has services of its own, and does with them what its seed says.
async fn churn(node: Node, seed: u64) -> BTreeMap<u64, String> {
    let rng = Rng::from_seed(seed);
    let mut truth = BTreeMap::<Pid, ServiceState>::new();
    for _ in 0..60 {
        let one = truth.keys().nth(rng.below(truth.len().max(1))).copied();
        match (rng.below(4), one) {
            (0 | 1, Some(pid)) => {
                let paused = rng.below(2) == 0;
                if paused {
                    node.pause(pid)
                } else {
                    node.resume(pid)
                };
                truth.insert(pid, if paused { ServiceState::Paused } else { ServiceState::Running });
            }
            (2, Some(pid)) => {
                node.stop(pid);
                truth.remove(&pid);
            }
            _ => {
                let pid = node.spawn(Hosted::with(Leaf::default).register()).await.unwrap();
                truth.insert(pid, ServiceState::Running);
            }
        }
    }
    truth.into_iter().map(|(pid, state)| (pid.number, format!("{state:?}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_services_do_at_once_view_registry_and_peers_end_with_the_truth() {
    for round in 0..4 * scale() {
        let registry = InProcess::default();
        let session = session(&registry).await;
        let (a, b) = pair(&registry).await;
        let tasks: Vec<_> = (0..8).map(|task| tokio::spawn(churn(a.clone(), round * 8 + task))).collect();
        let mut truth = BTreeMap::new();
        for task in tasks {
            truth.extend(task.await.unwrap());
        }
        within("the own view to be right", a.wait_for_view(|view| listed(view, &a) == truth)).await;
        is_written(&*session, &truth).await;
        within("the peer's view to be right", b.wait_for_view(|view| listed(view, &a) == truth)).await;
        a.shutdown().await.unwrap();
        b.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn services_that_end_as_they_start_are_left_in_no_view() {
    let registry = InProcess::default();
    let session = session(&registry).await;
    let (a, b) = pair(&registry).await;
    let ending = |a: Node| async move {
        for _ in 0..50 {
            let pid = a.spawn(Hosted::new(Leaf).register()).await.unwrap();
            a.stop(pid);
            a.pause(pid);
        }
    };
    let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(ending(a.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let last = a.spawn(Hosted::new(Leaf).register()).await.unwrap();
    let truth = BTreeMap::from([(last.number, "Running".to_owned())]);
    within("the own view to be right", a.wait_for_view(|view| listed(view, &a) == truth)).await;
    is_written(&*session, &truth).await;
    within("the peer's view to be right", b.wait_for_view(|view| listed(view, &a) == truth)).await;
}

#[tokio::test]
async fn an_entry_of_a_service_that_others_delete_or_alter_is_written_again() {
    let registry = InProcess::default();
    let session = session(&registry).await;
    let (a, b) = pair(&registry).await;
    let (one, two) =
        (a.spawn(Hosted::new(Leaf).register()).await.unwrap(), a.spawn(Hosted::new(Leaf).register()).await.unwrap());
    sees(&b, "leaf", 2).await;
    let truth: BTreeMap<_, _> = [one, two].map(|pid| (pid.number, "Running".to_owned())).into();
    let entries = session.list("/ember/default/services/".into()).await.unwrap().entries;
    session.delete(entries[0].key.clone()).await.unwrap();
    let altered =
        String::from_utf8(entries[1].value.to_vec()).unwrap().replace("running", "paused").replace("Running", "Paused");
    session.put(entries[1].key.clone(), altered.into(), None).await.unwrap();
    assert_ne!(written(&*session).await, truth);
    is_written(&*session, &truth).await;
    within("the peer's view to be right", b.wait_for_view(|view| listed(view, &a) == truth)).await;
}

#[tokio::test]
async fn a_service_of_a_node_that_has_crashed_is_out_of_reach_while_its_lease_has_long_to_go() {
    let registry = InProcess::default();
    let build = |name: &str| Node::builder().name(name).registry(registry.clone()).lease(Duration::from_secs(600));
    let (a, b) = (build("a").service(Leaf).start().await.unwrap(), build("b").start().await.unwrap());
    sees(&b, "leaf", 1).await;
    assert_eq!(b.client::<LeafClient>().rpc_ping().await, Ok(7));
    let reach = |view: &ember::View| view.instances().iter().map(|it| it.is_reachable()).collect::<Vec<_>>();
    assert_eq!((reach(&a.view()), reach(&b.view())), (vec![true], vec![true]));
    // The last clone of a node: it ends as if it had crashed.
    drop(a);
    let view = within("it to be out of reach", b.wait_for_view(|view| reach(view) == [false])).await;
    assert_eq!(view.instances()[0].state(), ServiceState::Running, "nobody has told the registry anything else");
    // Its own services are within reach of each node.
    b.spawn(Hosted::new(Leaf).register()).await.unwrap();
    within("its own", b.wait_for_view(|view| reach(view) == [false, true] || reach(view) == [true, false])).await;
    assert_eq!(b.client::<LeafClient>().rpc_ping().await, Ok(7));
}

#[tokio::test]
async fn of_services_that_have_failed_the_last_1024_are_seen() {
    let registry = InProcess::default();
    let (a, b) = pair(&registry).await;
    let mut failed = BTreeMap::new();
    for number in 0..1_030 {
        let fragile = Hosted::new(Fragile).on_panic(OnPanic::Stop).id(format!("{number}")).register();
        let pid = a.spawn(fragile).await.unwrap();
        a.select::<FragileClient>().pid(pid).client().rpc_break().await.unwrap_err();
        if number >= 6 {
            failed.insert(pid.number, "Failed".to_owned());
        }
    }
    within("the own view to have the last", a.wait_for_view(|view| listed(view, &a) == failed)).await;
    is_written(&*session(&registry).await, &failed).await;
    within("the peer's view to have the last", b.wait_for_view(|view| listed(view, &a) == failed)).await;
    // Another in the place of one makes room for one.
    let again = Hosted::new(Fragile).id("500").register();
    let pid = a.spawn(again).await.unwrap();
    within("one to be replaced", a.wait_for_view(|view| listed(view, &a).len() == 1_024)).await;
    assert_eq!(listed(&a.view(), &a).get(&pid.number).map(|it| &**it), Some("Running"));
}
