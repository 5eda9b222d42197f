//! A call goes where its client says, whatever was called before it on the same thread: nothing that is remembered of one
//! target serves another.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::collections::BTreeSet;

use ember::{Address, Choice, Node, Pid, ServiceState, prelude::*, registry::InProcess};
use ember_runtime::rng::Rng;
use ember_tests::{
    cluster::{Cluster, sees},
    wait::within,
};

/// Mounted in all of the services below, under the same name.
#[module]
#[derive(Default)]
pub struct Bag {
    items: u32,
}

#[rpc]
impl Bag {
    pub async fn rpc_add(&mut self, count: u32) -> u32 {
        self.items += count;
        self.items
    }

    pub async fn rpc_of(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.pid()
    }
}

/// What both fulfil.
#[rpc]
pub trait Holder {
    async fn rpc_who(&self) -> String;
    async fn rpc_pid(&self) -> Pid;
}

#[service(name = "player", implements(Holder))]
#[derive(Default)]
pub struct Player {
    #[module]
    bag: Module<Bag>,
    #[module]
    shelves: Modules<String, Bag>,
}

#[rpc]
impl Holder for Player {
    async fn rpc_who(&mut self) -> String {
        "player".into()
    }

    async fn rpc_pid(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.pid()
    }
}

#[rpc]
impl Player {
    #[on(init)]
    fn fill(&mut self) {
        for name in ["left", "right"] {
            self.shelves.insert(name.into(), Bag::default());
        }
    }
}

#[service(name = "bank", implements(Holder))]
#[derive(Default)]
pub struct Bank {
    #[module]
    bag: Module<Bag>,
    #[module]
    shelves: Modules<String, Bag>,
}

#[rpc]
impl Holder for Bank {
    async fn rpc_who(&mut self) -> String {
        "bank".into()
    }

    async fn rpc_pid(&mut self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.pid()
    }
}

#[rpc]
impl Bank {
    #[on(init)]
    fn fill(&mut self) {
        for name in ["left", "right"] {
            self.shelves.insert(name.into(), Bag::default());
        }
    }
}

/// Asks both from within a handler.
#[service(name = "asker")]
#[derive(Default)]
pub struct Asker {
    heard: Vec<u32>,
}

#[rpc]
impl Asker {
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>) {
        cx.client::<PlayerClient>().bag().rpc_add(1).then(cx, |me, _, sum| me.heard.push(sum.unwrap()));
        cx.client::<BankClient>().bag().rpc_add(10).then(cx, |me, _, sum| me.heard.push(sum.unwrap()));
    }

    pub async fn rpc_heard(&mut self) -> Vec<u32> {
        let mut heard = self.heard.clone();
        heard.sort_unstable();
        heard
    }
}

fn both(node: ember::NodeBuilder) -> ember::NodeBuilder {
    node.service(Player::default()).service(Bank::default())
}

/// Both of one thread, in turn; each has what was put into it and no more.
async fn each_has_its_own(node: &Node) {
    for round in 1..=3 {
        assert_eq!(node.client::<PlayerClient>().bag().rpc_add(1).await.unwrap(), round);
        assert_eq!(node.client::<BankClient>().bag().rpc_add(10).await.unwrap(), round * 10);
        for (name, count) in [("left", 100), ("right", 1_000)] {
            let (player, bank) = (node.client::<PlayerClient>(), node.client::<BankClient>());
            let (player, bank) = (player.shelves().key(name.to_owned()), bank.shelves().key(name.to_owned()));
            assert_eq!(player.rpc_add(count).await.unwrap(), round * count);
            assert_eq!(bank.rpc_add(count + 1).await.unwrap(), round * (count + 1));
        }
        let holder = |name| node.select::<HolderClient>().name(name).client();
        assert_eq!(holder("player").rpc_who().await.unwrap(), "player");
        assert_eq!(holder("bank").rpc_who().await.unwrap(), "bank");
    }
    // Addresses of one type, too, say for whom they are.
    let bags: [Address<BagClient>; 2] =
        [node.client::<PlayerClient>().bag().address(), node.client::<BankClient>().bag().address()];
    assert_eq!(node.client_at(&bags[0]).rpc_add(0).await.unwrap(), 3);
    assert_eq!(node.client_at(&bags[1]).rpc_add(0).await.unwrap(), 30);
}

#[tokio::test]
async fn a_module_type_under_one_name_in_two_services_is_two_modules() {
    let node = both(Node::builder()).start().await.unwrap();
    each_has_its_own(&node).await;
}

#[tokio::test]
async fn also_on_another_node() {
    let cluster = Cluster::default();
    let _there = both(cluster.node("there")).start().await.unwrap();
    let here = cluster.node("here").start().await.unwrap();
    sees(&here, "player", 1).await;
    sees(&here, "bank", 1).await;
    each_has_its_own(&here).await;
}

/// One way to both; what is in them then.
async fn sent_to_both(node: &Node) -> [u32; 2] {
    for _ in 0..3 {
        node.client::<PlayerClient>().bag().rpc_add(1).send().unwrap();
        node.client::<BankClient>().bag().rpc_add(10).send().unwrap();
    }
    let (player, bank) = (node.client::<PlayerClient>(), node.client::<BankClient>());
    [player.bag().rpc_add(0).await.unwrap(), bank.bag().rpc_add(0).await.unwrap()]
}

#[tokio::test]
async fn one_way_calls_too_go_to_the_service_that_their_client_is_for() {
    let cluster = Cluster::default();
    let there = both(cluster.node("there")).start().await.unwrap();
    let here = cluster.node("here").start().await.unwrap();
    sees(&here, "player", 1).await;
    sees(&here, "bank", 1).await;
    assert_eq!(sent_to_both(&there).await, [3, 30]);
    assert_eq!(sent_to_both(&here).await, [6, 60]);
}

#[tokio::test]
async fn callbacks_too_come_from_the_service_that_was_asked() {
    let cluster = Cluster::default();
    let there = both(cluster.node("there")).service(Asker::default()).start().await.unwrap();
    let here = cluster.node("here").start().await.unwrap();
    sees(&here, "bank", 1).await;
    let asker = there.client::<AskerClient>();
    for _ in 0..3 {
        asker.rpc_ask().await.unwrap();
    }
    let heard = async {
        while asker.rpc_heard().await.unwrap().len() < 6 {
            tokio::task::yield_now().await;
        }
    };
    within("six answers", heard).await;
    assert_eq!(asker.rpc_heard().await.unwrap(), [1, 2, 3, 10, 20, 30]);
}

#[tokio::test]
async fn two_nodes_of_one_process_are_two() {
    let registries = [InProcess::default(), InProcess::default()];
    let start = |registry: &InProcess| both(Node::builder().registry(registry.clone())).start();
    let (a, b) = (start(&registries[0]).await.unwrap(), start(&registries[1]).await.unwrap());
    for round in 1..=3 {
        assert_eq!(a.client::<PlayerClient>().bag().rpc_add(1).await.unwrap(), round);
        assert_eq!(b.client::<PlayerClient>().bag().rpc_add(7).await.unwrap(), round * 7);
    }
}

/// A client of one of the three kinds, and who may answer.
#[derive(Clone)]
enum AnyClient {
    Holder(ember::Select<HolderClient>, HolderClient),
    Player(ember::Select<PlayerClient>, PlayerClient),
    Bank(ember::Select<BankClient>, BankClient),
}

/// The same filters for each kind.
fn narrowed<C: ember::Client>(mut select: ember::Select<C>, rng: &Rng, nodes: [&Node; 2]) -> ember::Select<C> {
    let maybe = || rng.below(4) == 0;
    if maybe() {
        select = select.tag("zone", ["eu", "us"][rng.below(2)]);
    }
    if maybe() {
        select = select.node(nodes[rng.below(2)].key().id);
    }
    if maybe() {
        select = select.name(["player", "bank"][rng.below(2)]);
    }
    if maybe() {
        select = select.version(["^1", ">=2"][rng.below(2)]).unwrap();
    }
    match rng.below(6) {
        0 => select.choice(Choice::Random),
        1 => select.choice(Choice::LeastInFlight),
        2 => select.choice(Choice::LocalFirst),
        3 => select.by_key(rng.below(10)),
        4 => select.choice(Choice::LeastBusy),
        _ => select,
    }
}

impl AnyClient {
    fn new(rng: &Rng, nodes: [&Node; 2]) -> Self {
        match rng.below(3) {
            0 => {
                let select = narrowed(nodes[0].select::<HolderClient>(), rng, nodes);
                Self::Holder(select.clone(), select.client())
            }
            1 => {
                let select = narrowed(nodes[0].select::<PlayerClient>(), rng, nodes);
                Self::Player(select.clone(), select.client())
            }
            _ => {
                let select = narrowed(nodes[0].select::<BankClient>(), rng, nodes);
                Self::Bank(select.clone(), select.client())
            }
        }
    }

    /// Found out anew.
    fn may_answer(&self) -> BTreeSet<Pid> {
        let instances = match self {
            Self::Holder(select, _) => select.instances(),
            Self::Player(select, _) => select.instances(),
            Self::Bank(select, _) => select.instances(),
        };
        let running = instances.into_iter().filter(|it| it.state() == ServiceState::Running);
        running.map(|it| it.pid()).collect()
    }

    async fn answered(&self, by_module: bool) -> Option<Pid> {
        match self {
            Self::Holder(_, client) => client.rpc_pid().await.ok(),
            Self::Player(_, client) if by_module => client.bag().rpc_of().await.ok(),
            Self::Bank(_, client) if by_module => client.bag().rpc_of().await.ok(),
            Self::Player(_, client) => client.shelves().key("left".to_owned()).rpc_of().await.ok(),
            Self::Bank(_, client) => client.shelves().key("left".to_owned()).rpc_of().await.ok(),
        }
    }
}

/// Starts, stops, pauses or resumes a service of a node.
async fn change(node: &Node, pids: &mut Vec<Pid>, rng: &Rng) {
    match rng.below(5) {
        0 | 1 if pids.len() < 5 => {
            let (zone, version) = (["eu", "us"][rng.below(2)], ["1.5.0", "2.1.0"][rng.below(2)]);
            let pid = if rng.below(2) == 0 {
                node.spawn(Hosted::new(Player::default()).tag("zone", zone).version(version).register()).await
            } else {
                node.spawn(Hosted::new(Bank::default()).tag("zone", zone).version(version).register()).await
            };
            pids.push(pid.unwrap());
        }
        2 if !pids.is_empty() => {
            let pid = pids.swap_remove(rng.below(pids.len()));
            assert!(node.stop(pid));
            within("its end", node.wait_for_view(|view| view.instances().iter().all(|it| it.pid() != pid))).await;
        }
        3 | 4 if !pids.is_empty() => {
            let pid = pids[rng.below(pids.len())];
            assert!(if rng.below(2) == 0 { node.pause(pid) } else { node.resume(pid) });
        }
        _ => {}
    }
}

#[tokio::test]
async fn whoever_answers_is_one_of_those_that_a_fresh_look_finds() {
    for seed in 0..4 {
        let (rng, cluster) = (Rng::from_seed(seed), Cluster::default());
        let a = cluster.node("a").seed(seed).start().await.unwrap();
        let b = cluster.node("b").seed(seed + 100).start().await.unwrap();
        let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
        let mut clients: Vec<AnyClient> = Vec::new();
        for step in 0..60 {
            change(&a, &mut of_a, &rng).await;
            change(&b, &mut of_b, &rng).await;
            let states = |view: &ember::View| -> BTreeSet<_> {
                view.instances().iter().map(|it| (it.pid(), format!("{:?}", it.state()))).collect()
            };
            // What each says of its own.
            let own = |node: &Node| -> BTreeSet<_> {
                states(&node.view()).into_iter().filter(|(pid, _)| pid.node == node.key()).collect()
            };
            let all = &own(&a) | &own(&b);
            within("the view", a.wait_for_view(|view| states(view) == all)).await;
            if clients.len() < 25 {
                clients.push(AnyClient::new(&rng, [&a, &b]));
            }
            for _ in 0..12 {
                let client = &clients[rng.below(clients.len())];
                let may = client.may_answer();
                let answered = client.answered(rng.below(2) == 0).await;
                match answered {
                    Some(pid) => assert!(may.contains(&pid), "seed {seed}, step {step}: {pid} is none of {may:?}"),
                    None => assert!(may.is_empty(), "seed {seed}, step {step}: nobody of {may:?} answered"),
                }
            }
        }
    }
}
