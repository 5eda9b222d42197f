//! Calls that are committed with an entry: made by whoever is the master, until they have been answered, and run once where the callee is replicated.

use super::*;
use ember::GroupName;
use ember_tests::logged::Logged;

#[message]
#[derive(Default)]
pub(crate) struct Sold(u64);

/// Sells for somebody who has an account in the ledger.
#[service(elected)]
#[derive(Default)]
pub(crate) struct Shop;

impl Replicated for Shop {
    type State = Sold;
    type Entry = u64;
    type Output = u64;

    fn apply(state: &mut Sold, amount: &u64) -> u64 {
        state.0 += amount;
        state.0
    }
}

#[rpc]
impl Shop {
    pub(crate) async fn rpc_sell(&mut self, cx: &mut Cx<'_, Self>, to: u64, amount: u64) -> u64 {
        let ledger = cx.client::<LedgerClient>();
        cx.commit_and_send(amount, ledger.rpc_pay(to, amount))
    }

    /// The ledger takes some time for it.
    pub(crate) async fn rpc_sell_slowly(&mut self, cx: &mut Cx<'_, Self>, to: u64, seconds: u64) -> u64 {
        let ledger = cx.client::<LedgerClient>();
        cx.commit_and_send(1, ledger.rpc_pay_late(to, seconds))
    }

    /// So often, for one each.
    pub(crate) async fn rpc_sell_often(&mut self, cx: &mut Cx<'_, Self>, to: u64, times: u64) -> u64 {
        let ledger = cx.client::<LedgerClient>();
        (0..times).map(|_| cx.commit_and_send(1, ledger.rpc_pay(to, 1))).last().unwrap_or_default()
    }

    /// Lets the witness know.
    pub(crate) async fn rpc_show(&mut self, cx: &mut Cx<'_, Self>, number: u64) -> u64 {
        let witness = cx.client::<WitnessClient>();
        cx.commit_and_send(0, witness.rpc_see(number))
    }

    pub(crate) async fn rpc_sell_for(&mut self, cx: &mut Cx<'_, Self>, customer: u64) -> u64 {
        let till = cx.client::<TillClient>();
        cx.commit_and_send(1, till.rpc_hand_in(customer))
    }

    #[rpc(read)]
    pub(crate) async fn rpc_sold(&self, cx: &mut Cx<'_, Self>) -> u64 {
        cx.state().0
    }
}

/// A customer, the till that was chosen, and the key there.
type HandedIn = tokio::sync::watch::Sender<Vec<(u64, String, Option<u64>)>>;

/// Of several, each for some of the customers.
#[service]
pub(crate) struct Till {
    name: String,
    handed_in: HandedIn,
}

#[rpc]
impl Till {
    #[rpc(key = "customer")]
    pub(crate) async fn rpc_hand_in(&mut self, cx: &mut Cx<'_, Self>, customer: u64) -> String {
        let seen = (customer, self.name.clone(), cx.key());
        self.handed_in.send_modify(|all| all.push(seen));
        self.name.clone()
    }
}

const SHOPS: [&str; 3] = ["d", "e", "f"];

/// The ledger's nodes, the shop's, and one that calls.
fn town(seed: u64) -> Cluster {
    SHOPS.into_iter().fold(cluster(seed), |cluster, name| cluster.node(name, |node| node.service(Shop)))
}

/// The node of the shop's master that is none of these, as the caller sees it.
async fn shop_master(sim: &Sim, none_of: &[&str]) -> String {
    let none_of: Vec<String> = none_of.iter().map(|name| (*name).to_owned()).collect();
    let found = sim.on("caller", move |node| async move {
        let mut found = None;
        node.wait_for_view(|view| {
            let masters = view.instances().iter().filter(|it| it.role() == Some(Role::Master));
            let of_shop = masters.filter(|it| SHOPS.contains(&&*it.node().name));
            found = of_shop.map(|it| it.node().name.clone()).find(|name| !none_of.contains(name));
            found.is_some()
        })
        .await;
        found.unwrap()
    });
    found.await.unwrap()
}

/// The same of the ledger's.
async fn ledger_master(sim: &Sim) -> String {
    let found = sim.on("caller", |node| async move {
        let mut found = None;
        node.wait_for_view(|view| {
            let masters = view.instances().iter().filter(|it| it.role() == Some(Role::Master));
            found = masters.map(|it| it.node().name.clone()).find(|name| ["a", "b", "c"].contains(&&**name));
            found.is_some()
        })
        .await;
        found.unwrap()
    });
    found.await.unwrap()
}

async fn sell(sim: &Sim, amount: u64) -> u64 {
    sim.on("caller", move |node| async move {
        node.client::<ShopClient>().rpc_sell(7, amount).timeout(Duration::from_secs(60)).await.unwrap()
    })
    .await
    .unwrap()
}

/// Waits until so much has been paid.
async fn reaches(sim: &Sim, amount: u64) {
    paid_for(sim, amount, 0).await;
}

/// And then a while longer: it is not paid again.
async fn paid(sim: &Sim, amount: u64) {
    paid_for(sim, amount, 40).await;
}

async fn paid_for(sim: &Sim, amount: u64, seconds: u64) {
    sim.on("caller", move |node| async move {
        let ledger = node.client::<LedgerClient>();
        let balance = async || ledger.rpc_pay(7, 0).timeout(Duration::from_secs(60)).await.unwrap();
        while balance().await < amount {
            tokio::time::sleep(Duration::from_millis(100)).await; // tidy: sleep: virtual time, until it has been paid
        }
        tokio::time::sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time, in which whoever repeats it would
        assert_eq!(balance().await, amount);
    })
    .await
    .unwrap();
}

/// Each shop has learnt this.
async fn shops_know(sim: &Sim, sold: u64) {
    for name in SHOPS {
        sim.on(name, move |node| async move {
            while node.local::<Shop>().rpc_sold().await.ok() != Some(sold) {
                tokio::time::sleep(Duration::from_millis(50)).await; // tidy: sleep: virtual time, until it has caught up
            }
        })
        .await
        .unwrap();
    }
}

fn cut(sim: &Sim, shop: &str) {
    ["a", "b", "c"].into_iter().for_each(|ledger| sim.partition(shop, ledger));
}

#[test]
fn a_call_that_is_committed_with_an_entry_is_made_once_it_is_acknowledged() {
    town(81).run(async move |sim| {
        let mut sum = 0;
        for amount in 1..=10 {
            sum += amount;
            assert_eq!(sell(&sim, amount).await, sum);
        }
        paid(&sim, sum).await;
    });
}

#[test]
fn the_next_master_makes_the_calls_that_the_last_one_could_not() {
    town(82).run(async move |sim| {
        assert_eq!(sell(&sim, 1).await, 1);
        let first = shop_master(&sim, &[]).await;
        shops_know(&sim, 1).await;
        cut(&sim, &first);
        for amount in 2..=4 {
            sell(&sim, amount).await;
        }
        sim.kill(&first).await;
        paid(&sim, 10).await;
    });
}

#[test]
fn a_callee_whose_master_is_lost_when_it_had_run_the_call_does_not_run_it_again() {
    town(83).run(async move |sim| {
        assert_eq!(sell(&sim, 1).await, 1);
        paid(&sim, 1).await;
        in_sync(&sim, 7, 1).await;
        let (shop, ledger) = (shop_master(&sim, &[]).await, ledger_master(&sim).await);
        sim.on("caller", |node| async move { node.client::<ShopClient>().rpc_sell_slowly(7, 2).await.unwrap() })
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, until its handler runs
        sim.partition(&shop, &ledger);
        tokio::time::sleep(Duration::from_secs(2)).await; // tidy: sleep: virtual time, until that has committed
        sim.kill(&ledger).await;
        paid(&sim, 2).await;
        // And the shop's master is lost too, before it could say that it was answered, or after that.
        sim.kill(&shop).await;
        assert_eq!(sell(&sim, 5).await, 7);
        paid(&sim, 7).await;
    });
}

#[test]
fn who_learns_the_state_learns_which_calls_are_owed() {
    town(84).run(async move |sim| {
        assert_eq!(sell(&sim, 1).await, 1);
        shops_know(&sim, 1).await;
        paid(&sim, 1).await;
        SHOPS.into_iter().for_each(|shop| cut(&sim, shop));
        sell(&sim, 2).await;
        sell(&sim, 3).await;
        let first = shop_master(&sim, &[]).await;
        let fresh = SHOPS.into_iter().find(|name| *name != first).unwrap();
        sim.kill(fresh).await;
        sim.start(fresh).await.unwrap();
        shops_know(&sim, 6).await;
        let mut gone = Vec::new();
        while shop_master(&sim, &gone).await != fresh {
            let now = shop_master(&sim, &gone).await;
            let now = SHOPS.into_iter().find(|name| *name == now).unwrap();
            sim.kill(now).await;
            gone.push(now);
        }
        ["a", "b", "c"].into_iter().for_each(|ledger| sim.heal(fresh, ledger));
        paid(&sim, 6).await;
    });
}

#[test]
fn a_callee_that_cannot_be_reached_holds_up_no_other_and_all_of_its_calls_are_made_in_the_end() {
    town(85).run(async move |sim| {
        assert_eq!(sell(&sim, 1).await, 1);
        reaches(&sim, 1).await;
        shops_know(&sim, 1).await;
        let first = shop_master(&sim, &[]).await;
        cut(&sim, &first);
        sim.on("caller", |node| async move {
            let shop = node.client::<ShopClient>();
            for number in 0..3 {
                shop.rpc_sell_often(7, 100).await.unwrap();
                shop.rpc_show(number).await.unwrap();
            }
            let witness = node.client::<WitnessClient>();
            while witness.rpc_seen().await.unwrap() != [0, 1, 2] {
                tokio::time::sleep(Duration::from_millis(100)).await; // tidy: sleep: virtual time, until it has seen all
            }
        })
        .await
        .unwrap();
        shops_know(&sim, 301).await;
        ["a", "b", "c"].into_iter().for_each(|ledger| sim.heal(&first, ledger));
        paid(&sim, 301).await;
    });
}

#[test]
fn a_call_that_was_answered_before_its_master_was_lost_is_not_said_to_have_failed() {
    let logged = Logged::here();
    town(86).run(async move |sim| {
        assert_eq!(sell(&sim, 1).await, 1);
        reaches(&sim, 1).await;
        shops_know(&sim, 1).await;
        let first = shop_master(&sim, &[]).await;
        sim.on("caller", |node| async move {
            let shop = node.client::<ShopClient>();
            // The ledger is at work for two seconds with each.
            for _ in 0..3 {
                shop.rpc_sell_slowly(7, 2).await.unwrap();
            }
        })
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, until the first is under way
        // From now on what it learns is not in the log of the others.
        for other in SHOPS.into_iter().chain(["registry"]).filter(|other| *other != first) {
            sim.partition(&first, other);
        }
        tokio::time::sleep(Duration::from_millis(3_500)).await; // tidy: sleep: virtual time, until two have been answered
        sim.kill(&first).await;
        paid(&sim, 4).await;
    });
    let lines = logged.lines();
    assert!(lines.iter().all(|line| !line.contains("has no good end")), "{lines:?}");
}

#[test]
fn calls_that_are_owed_after_an_accepted_loss_are_not_those_that_were_lost() {
    town(87).run(async move |sim| {
        assert_eq!(sell(&sim, 1).await, 1);
        reaches(&sim, 1).await;
        shops_know(&sim, 1).await;
        let first = shop_master(&sim, &[]).await;
        let [behind, other] = SHOPS.into_iter().filter(|name| *name != first).collect::<Vec<_>>()[..] else { panic!() };
        let all = || SHOPS.into_iter().chain(["a", "b", "c", "caller", "registry"]).filter(|name| *name != behind);
        all().for_each(|name| sim.partition(behind, name));
        // The callee knows it, and whoever goes on does not.
        assert_eq!(sell(&sim, 2).await, 3);
        reaches(&sim, 3).await;
        sim.kill(&first).await;
        sim.kill(other).await;
        all().for_each(|name| sim.heal(behind, name));
        sim.on("caller", async move |node| {
            let mut goes_on = None;
            node.wait_for_view(|view| {
                goes_on = view.instances().iter().find(|it| it.node().name == behind).map(|it| it.pid());
                goes_on.is_some()
            })
            .await;
            while node.accept_loss(&GroupName::of("Shop"), goes_on).await.is_err() {
                tokio::time::sleep(Duration::from_millis(500)).await; // tidy: sleep: virtual time, until nobody is in sync
            }
        })
        .await
        .unwrap();
        assert_eq!(sell(&sim, 2).await, 3, "from what it had");
        reaches(&sim, 5).await;
        assert_eq!(sell(&sim, 4).await, 7);
        paid(&sim, 9).await;
    });
}

#[test]
fn a_call_that_is_committed_has_the_key_of_its_contract() {
    let handed_in = HandedIn::default();
    let tills = ["x", "y", "z"].into_iter().fold(town(87), |cluster, name| {
        let handed_in = handed_in.clone();
        cluster.node(name, move |node| node.service(Till { name: name.into(), handed_in: handed_in.clone() }))
    });
    tills.run(async move |sim| {
        let mut all = handed_in.subscribe();
        for customer in 0..8 {
            let sold = sim.on("caller", move |node| async move {
                node.client::<ShopClient>().rpc_sell_for(customer).timeout(Duration::from_secs(60)).await.unwrap()
            });
            sold.await.unwrap();
        }
        let all = all.wait_for(|all| all.len() >= 8).await.unwrap().clone();
        for (customer, till, key) in all {
            let typed =
                sim.on("caller", move |node| async move { node.client::<TillClient>().rpc_hand_in(customer).await });
            assert_eq!(typed.await.unwrap().unwrap(), till);
            assert_eq!(key, Some(ember::Key::of(&customer).unwrap().0));
        }
    });
}
