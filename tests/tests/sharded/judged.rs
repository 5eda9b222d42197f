//! Before the judge: callers elsewhere, whatever dies or is cut off, while the number of workers goes up and down and shards panic.
// tidy: virtual time

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ember::{
    prelude::*,
    scale::{Reading, Verdict},
    testing::{
        Cluster,
        prove::{Model, User, prove},
    },
};
use ember_tests::simulation::scale;
use tokio::time::sleep;

/// What a database has: it outlives the process.
type Balances = Arc<Mutex<BTreeMap<u64, u64>>>;

#[service(sharded, shards = 6, workers = 1..=4)]
pub struct Purse {
    balances: Balances,
}

#[rpc]
impl Purse {
    /// The balance after it. Two at once for one player would lose what one of them adds.
    #[rpc(key = "player")]
    pub async fn rpc_add(&mut self, cx: &mut Cx<'_, Self>, player: u64, gold: u64) -> u64 {
        let before = self.balance(player);
        // The shard of another, or this one, which is a cycle and is said.
        let _asked = cx.client::<PurseClient>().rpc_peek(player + 1).await;
        sleep(Duration::from_millis(4)).await;
        self.balances.lock().unwrap_or_else(PoisonError::into_inner).insert(player, before + gold);
        before + gold
    }

    #[rpc(key = "player")]
    pub async fn rpc_peek(&mut self, player: u64) -> u64 {
        self.balance(player)
    }

    #[rpc(key = "player")]
    pub async fn rpc_panic(&mut self, player: u64) {
        panic!("because of {player}");
    }

    fn balance(&self, player: u64) -> u64 {
        self.balances.lock().unwrap_or_else(PoisonError::into_inner).get(&player).copied().unwrap_or(0)
    }
}

/// Up for a second, and down for one.
fn breathing() -> Scale {
    let by = |reading: &Reading| match reading.at.as_secs() % 2 {
        0 => Verdict::grow("in"),
        _ => Verdict::shrink("out"),
    };
    Scale::by(by).every(Duration::from_millis(100))
}

fn purse(balances: &Balances) -> Hosted<Purse> {
    let balances = Arc::clone(balances);
    let hosted = Hosted::with(move || Purse { balances: Arc::clone(&balances) }).scale(breathing());
    hosted.budget(u32::MAX, Duration::ZERO).back_off(Duration::ZERO, Duration::ZERO)
}

/// A player, and what is added.
type Op = (u64, u64);

struct PerPlayer;

impl Model for PerPlayer {
    type State = u64;
    type Op = Op;
    type Out = u64;

    fn start(&self) -> u64 {
        0
    }

    fn apply(&self, balance: &mut u64, (_, gold): &Op) -> u64 {
        *balance += gold;
        *balance
    }

    fn key(&self, (player, _): &Op) -> u64 {
        *player
    }
}

async fn add(user: &User<Op, u64>, player: u64, gold: u64) -> Result<u64, CallError> {
    user.call((player, gold), user.node().client::<PurseClient>().rpc_add(player, gold)).await
}

#[test]
fn each_key_has_one_shard_at_a_time_whatever_dies_while_it_breathes_and_shards_panic() {
    let last: Rc<RefCell<Balances>> = Rc::default();
    let report = prove(move |seed| {
        *last.borrow_mut() = Balances::default();
        let balances = Arc::clone(&last.borrow());
        let cluster = Cluster::seed(seed).ttl(Duration::from_secs(2)).tick(Duration::from_millis(2));
        let cluster = cluster.node("ada", |node| node).node("bob", |node| node);
        cluster.node("vault", move |node| node.service(purse(&balances)))
    })
    .model(PerPlayer)
    .workload(|user| async move {
        while user.turn().await {
            let player = user.below(8) as u64;
            match user.below(8) {
                0 => drop(user.node().client::<PurseClient>().rpc_panic(player).await),
                gold => drop(add(&user, player, gold as u64 % 3).await),
            }
        }
    })
    .probe(|user| async move { add(&user, 0, 0).await })
    .from(&["ada", "bob"])
    .clients(3)
    .calls(20)
    .span(Duration::from_secs(6))
    .seeds(5 * scale())
    .run();
    println!("{report}");
    assert!(report.done > 150 && report.faults > 5, "{report}");
}
