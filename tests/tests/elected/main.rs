//! Elected services: one of a group's instances acts, another takes over when it cannot, and what a former master says or writes counts
//! no more. In the simulation, but for `given_up` and `held_up`.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

mod given_up;
pub mod held_up;
pub mod late;
mod lease;
mod on_their_way;
pub mod reasons;
mod redirected;
pub mod spread;
mod vanished;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ember::{
    Role, ServiceState,
    prelude::*,
    testing::{Cluster, Registry, Sim},
};

/// What an elected service keeps outside: a row with the epoch that wrote it last.
#[derive(Debug, Default)]
struct Row {
    epoch: i64,
    balance: u64,
    refused: usize,
}

/// The database: it outlives all nodes.
type Database = Arc<Mutex<Row>>;
/// Who acted, in the order in which they did.
type Acts = Arc<Mutex<Vec<(u64, String)>>>;
/// What was noted, by whom.
type Noted = Arc<Mutex<Vec<(String, u64)>>>;

#[service(elected)]
pub struct Ledger {
    node: String,
    database: Database,
    acts: Acts,
    noted: Noted,
    balance: u64,
    told: Vec<String>,
}

#[rpc]
impl Ledger {
    #[on(master)]
    async fn lead(&mut self, cx: &mut Cx<'_, Self>, epoch: Epoch) -> ember::Result<()> {
        assert_eq!(cx.epoch(), Some(epoch));
        let fence = cx.fence()?;
        let mut row = self.database.lock().unwrap();
        // Loading raises the fence.
        if row.epoch > fence.number() {
            row.refused += 1;
            return Err(ember::Error::other("fenced"));
        }
        row.epoch = fence.number();
        self.balance = row.balance;
        self.told.push("master".into());
        Ok(())
    }

    #[on(slave)]
    async fn follow(&mut self) {
        self.told.push("slave".into());
    }

    pub async fn rpc_pay(&mut self, cx: &mut Cx<'_, Self>, amount: u64) -> Result<u64, String> {
        let fence = cx.fence().map_err(|error| error.to_string())?;
        self.balance += amount;
        let mut row = self.database.lock().unwrap();
        if row.epoch != fence.number() {
            row.refused += 1;
            return Err("fenced".into());
        }
        row.balance = self.balance;
        self.acts.lock().unwrap().push((fence.epoch().number(), self.node.clone()));
        Ok(self.balance)
    }

    #[rpc(timeout = "60s")]
    pub async fn rpc_slowly(&mut self, seconds: u64) -> u64 {
        tokio::time::sleep(Duration::from_secs(seconds)).await; // tidy: sleep: virtual time that a handler takes
        seconds
    }

    pub async fn rpc_note(&mut self, number: u64) {
        self.noted.lock().unwrap().push((self.node.clone(), number));
    }

    #[rpc(read)]
    pub async fn rpc_told(&self, cx: &mut Cx<'_, Self>) -> (String, Vec<String>, bool) {
        (self.node.clone(), self.told.clone(), cx.role() == Role::Master)
    }
}

#[derive(Clone, Default)]
struct World {
    database: Database,
    acts: Acts,
    noted: Noted,
}

impl World {
    fn ledger(&self, node: &str) -> Ledger {
        Ledger {
            node: node.into(),
            database: Arc::clone(&self.database),
            acts: Arc::clone(&self.acts),
            noted: Arc::clone(&self.noted),
            balance: 0,
            told: Vec::new(),
        }
    }

    /// Three nodes with a ledger each, and one that calls.
    fn cluster(&self, seed: u64) -> Cluster {
        let mut cluster = Cluster::seed(seed).node("caller", |node| node);
        for name in ["a", "b", "c"] {
            let world = self.clone();
            cluster = cluster.node(name, move |node| node.service(world.ledger(name)));
        }
        cluster
    }
}

/// Which node has the master, as `node` sees it, and in which epoch; once there is one that is not `other`.
async fn master(sim: &Sim, seen_by: &str, other: Option<&str>) -> (String, Epoch) {
    let other = other.map(str::to_owned);
    let found = sim.on(seen_by, move |node| async move {
        let mut found = None;
        node.wait_for_view(|view| {
            let master = view.instances().iter().find(|it| it.role() == Some(Role::Master));
            found = master.map(|it| (it.node().name.clone(), it.epoch().unwrap()));
            found.as_ref().is_some_and(|(name, _)| Some(name) != other.as_ref())
        })
        .await;
        found.unwrap()
    });
    found.await.unwrap()
}

async fn pay(sim: &Sim, amount: u64) -> Result<u64, String> {
    sim.on("caller", move |node| async move {
        let paid = node.client::<LedgerClient>().rpc_pay(amount).timeout(Duration::from_secs(30)).await;
        paid.map_err(|error| error.to_string())
    })
    .await
    .unwrap()
}

#[test]
fn one_instance_acts_and_all_callers_find_it() {
    let world = World::default();
    world.cluster(1).run(async move |sim| {
        for number in 1..=20 {
            assert_eq!(pay(&sim, 1).await, Ok(number));
        }
        let (name, epoch) = master(&sim, "caller", None).await;
        for node in ["a", "b", "c"] {
            assert_eq!(master(&sim, node, None).await, (name.clone(), epoch), "{node} sees another");
        }
        let acts = world.acts.lock().unwrap();
        assert!(acts.iter().all(|act| *act == (epoch.number(), name.clone())), "{acts:?}");
    });
}

#[test]
fn another_takes_over_when_the_master_is_killed_and_nothing_that_was_paid_is_lost() {
    let world = World::default();
    world.cluster(2).run(async move |sim| {
        assert_eq!(pay(&sim, 5).await, Ok(5));
        let (first, before) = master(&sim, "caller", None).await;
        let killed = sim.elapsed();
        sim.kill(&first).await;
        let (second, after) = master(&sim, "caller", Some(&first)).await;
        assert!(sim.elapsed() - killed <= Duration::from_secs(6), "TTL + 1 s: {:?}", sim.elapsed() - killed);
        assert_eq!(pay(&sim, 2).await, Ok(7));
        assert!(after > before && second != first);
    });
}

#[test]
fn a_master_that_is_shut_down_hands_over_first() {
    let world = World::default();
    world.cluster(3).run(async move |sim| {
        assert_eq!(pay(&sim, 5).await, Ok(5));
        let (first, _) = master(&sim, "caller", None).await;
        let begun = sim.elapsed();
        let (shut, paid) = tokio::join!(sim.shutdown(&first), pay(&sim, 1));
        shut.unwrap();
        assert_eq!(paid, Ok(6));
        assert!(sim.elapsed() - begun < Duration::from_secs(2), "{:?}", sim.elapsed() - begun);
    });
}

#[test]
fn a_master_that_is_cut_off_from_the_registry_acts_no_longer_than_its_lease() {
    let world = World::default();
    world.cluster(4).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        sim.partition(&first, "registry");
        let (second, _) = master(&sim, "caller", Some(&first)).await;
        // It cannot know of the other, and acts no more all the same.
        let told =
            sim.on(&first, |node| async move { node.local::<Ledger>().rpc_told().await.unwrap() }).await.unwrap();
        assert!(!told.2, "{told:?}");
        assert_eq!(pay(&sim, 1).await, Ok(2));
        assert_eq!(world.acts.lock().unwrap().last().map(|act| act.1.clone()), Some(second));
        sim.heal(&first, "registry");
        sim.settled().await;
        assert_eq!(pay(&sim, 1).await, Ok(3));
        assert_eq!(world.database.lock().unwrap().refused, 0);
    });
}

#[test]
fn a_reply_of_a_master_that_has_lost_its_office_meanwhile_is_not_released() {
    let world = World::default();
    world.cluster(5).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        let slow = sim.on("caller", |node| async move { node.client::<LedgerClient>().rpc_slowly(20).await });
        tokio::time::sleep(Duration::from_secs(1)).await; // tidy: sleep: virtual time, so that the handler has begun
        sim.partition(&first, "registry");
        let outcome = slow.await.unwrap();
        let Err(CallError::MaybeExecuted(lost)) = outcome else { panic!("{outcome:?}") };
        assert!(matches!(lost.reason(), ember::LostReason::Deposed { .. }), "{lost:?}");
    });
}

#[test]
fn an_emptied_registry_gives_the_office_to_a_higher_epoch() {
    let world = World::default();
    world.cluster(6).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (_, before) = master(&sim, "caller", None).await;
        sim.registry_down();
        tokio::time::sleep(Duration::from_secs(2)).await; // tidy: sleep: virtual time, of an outage
        sim.registry_up(Registry::Empty);
        // Whoever is the master goes on, and is elected anew.
        let higher = sim.on("caller", move |node| async move {
            node.wait_for_view(|view| view.instances().iter().any(|it| it.epoch() > Some(before))).await;
        });
        higher.await.unwrap();
        for number in 2..=10 {
            assert_eq!(pay(&sim, 1).await, Ok(number));
        }
        assert_eq!(world.database.lock().unwrap().refused, 0);
    });
}

#[test]
fn slaves_answer_what_is_marked_read_and_refuse_the_rest() {
    let world = World::default();
    world.cluster(7).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        let told = sim.on("caller", |node| async move {
            let slaves = node.select::<LedgerClient>().slaves_only();
            assert_eq!(slaves.instances().len(), 2);
            let slaves = slaves.client();
            let mut names = Vec::new();
            for _ in 0..4 {
                names.push(slaves.rpc_told().await.unwrap().0);
            }
            let refused = slaves.rpc_pay(1).timeout(Duration::from_secs(1)).await.unwrap_err();
            let all = node.select::<LedgerClient>().include_slaves().client();
            for _ in 0..6 {
                names.push(all.rpc_told().await.unwrap().0);
            }
            (names, refused.to_string())
        });
        let (names, refused) = told.await.unwrap();
        assert!(!names[..4].contains(&first) && names[4..].contains(&first), "{first}: {names:?}");
        assert!(refused.contains("not the master"), "{refused}");
    });
}

#[test]
fn an_office_is_handed_over_by_hand() {
    let world = World::default();
    world.cluster(8).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        let begun = sim.elapsed();
        let handed = sim.on(&first, |node| async move {
            let all = node.services();
            (node.hand_over(all[0]), node.hand_over(Pid { number: 99, ..all[0] }))
        });
        assert_eq!(handed.await.unwrap(), (true, false));
        let (second, _) = master(&sim, "caller", Some(&first)).await;
        assert!(sim.elapsed() - begun <= Duration::from_millis(200), "{:?}", sim.elapsed() - begun);
        assert_eq!(pay(&sim, 1).await, Ok(2));
        assert_ne!(first, second);
        let told =
            sim.on(&first, |node| async move { node.local::<Ledger>().rpc_told().await.unwrap().1 }).await.unwrap();
        // Of its own end, and of the next master.
        assert_eq!(told, ["master", "slave", "slave"]);
    });
}

#[test]
fn a_last_instance_that_is_to_hand_over_acts_on() {
    let world = World::default();
    world.cluster(12).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, epoch) = master(&sim, "caller", None).await;
        let hand_over =
            async |sim: &Sim| sim.on(&first, |node| async move { node.hand_over(node.services()[0]) }).await.unwrap();
        let pause = async |name: &str, pauses: bool| {
            let changed = sim.on(name, move |node| async move {
                let service = node.services()[0];
                if pauses { node.pause(service) } else { node.resume(service) }
            });
            assert!(changed.await.unwrap());
            sim.settled().await;
        };
        let others: Vec<&str> = ["a", "b", "c"].into_iter().filter(|name| *name != first).collect();
        // One is killed, the other paused: nobody can take over.
        sim.kill(others[0]).await;
        pause(others[1], true).await;
        let seen = sim.on(&first, |node| async move {
            node.wait_for_view(|view| {
                view.instances().iter().filter(|it| it.state() == ServiceState::Running).count() == 1
            })
            .await;
        });
        seen.await.unwrap();
        assert!(!hand_over(&sim).await, "nobody can take over");
        let begun = sim.elapsed();
        assert_eq!(pay(&sim, 1).await, Ok(2));
        assert!(sim.elapsed() - begun <= Duration::from_millis(200), "{:?}", sim.elapsed() - begun);
        assert_eq!(master(&sim, "caller", None).await, (first.clone(), epoch), "it has kept its office");
        pause(others[1], false).await;
        let seen = sim.on(&first, |node| async move {
            node.wait_for_view(|view| {
                view.instances().iter().filter(|it| it.state() == ServiceState::Running).count() == 2
            })
            .await;
        });
        seen.await.unwrap();
        assert!(hand_over(&sim).await, "now another can");
        assert_eq!(master(&sim, "caller", Some(&first)).await.0, others[1]);
        assert_eq!(pay(&sim, 1).await, Ok(3));
    });
}

#[test]
fn a_node_that_retires_hands_over_goes_on_and_is_chosen_no_more() {
    let world = World::default();
    world.cluster(10).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let (first, _) = master(&sim, "caller", None).await;
        sim.on(&first, |node| async move {
            node.retire().await;
            node.retire().await;
        })
        .await
        .unwrap();
        let (second, _) = master(&sim, "caller", Some(&first)).await;
        assert_ne!(first, second);
        for paid in 2..20 {
            assert_eq!(pay(&sim, 1).await, Ok(paid));
        }
        let told =
            sim.on(&first, |node| async move { node.local::<Ledger>().rpc_told().await.unwrap().1 }).await.unwrap();
        assert_eq!(told, ["master", "slave", "slave"], "it runs, and knows who is master");
        // By its pid it is still reached, from elsewhere too.
        let pid = sim.on(&first, |node| async move { node.services()[0] }).await.unwrap();
        let by_pid = sim.on("caller", move |node| async move {
            node.select::<LedgerClient>().pid(pid).slaves_only().client().rpc_told().await
        });
        assert_eq!(by_pid.await.unwrap().unwrap().1, ["master", "slave", "slave"]);
        // It is a member, and no slave of its own is chosen.
        let name = first.clone();
        let member = sim.on("caller", move |node| async move {
            for _ in 0..10 {
                node.select::<LedgerClient>().slaves_only().client().rpc_told().await.unwrap();
            }
            node.view().nodes().any(|node| node.name == name)
        });
        assert!(member.await.unwrap());
        sim.on(&first, |node| async move { node.shutdown().await }).await.unwrap().unwrap();
        assert_eq!(pay(&sim, 1).await, Ok(20));
    });
}

#[test]
fn every_node_is_restarted_under_load_and_no_call_fails() {
    let world = World::default();
    world.cluster(9).run(async move |sim| {
        assert_eq!(pay(&sim, 1).await, Ok(1));
        let load = sim.on("caller", |node| async move {
            let (ledger, mut last) = (node.client::<LedgerClient>(), 1);
            while last < 3_000 {
                last = ledger.rpc_pay(1).await?;
            }
            Ok::<_, CallError<String>>(last)
        });
        let restarts = async {
            for name in ["a", "b", "c"] {
                sim.restart(name).await.unwrap();
                sim.settled().await;
            }
            sim.elapsed()
        };
        let (load, restarted) = tokio::join!(load, restarts);
        assert_eq!(load.unwrap().map_err(|error| error.to_string()), Ok(3_000), "after {restarted:?}");
        assert!(sim.elapsed() > restarted, "the load went on for longer than the restarts");
        assert_eq!(world.database.lock().unwrap().balance, 3_000, "each was paid once");
    });
}

/// Makes many calls at once, as one caller.
#[service]
pub struct Payer;

#[rpc]
impl Payer {
    #[rpc(timeout = "60s")]
    pub async fn rpc_pay_all(&mut self, cx: &mut Cx<'_, Self>, from: u64, to: u64) -> Vec<String> {
        let ledger = cx.client::<LedgerClient>();
        let calls: Vec<_> = (from..to).map(|number| ledger.rpc_note(number).timeout(Duration::from_secs(30))).collect();
        let outcomes = futures_util::future::join_all(calls).await;
        outcomes.into_iter().filter_map(|outcome| outcome.err().map(|error| error.to_string())).collect()
    }
}

#[test]
fn the_calls_of_one_service_keep_their_order_while_the_master_changes() {
    for seed in 20..30 {
        let world = World::default();
        let noted = Arc::clone(&world.noted);
        let cluster = world.cluster(seed).node("payer", |node| node.service(Payer));
        cluster.run(async move |sim| {
            sim.settled().await;
            let (first, _) = master(&sim, "payer", None).await;
            let pays = sim.on("payer", |node| async move {
                let payer = node.client::<PayerClient>();
                let mut failed = Vec::new();
                for round in 0..50 {
                    failed.extend(payer.rpc_pay_all(round * 20, (round + 1) * 20).await.unwrap());
                }
                failed
            });
            let shuts = async {
                tokio::time::sleep(Duration::from_millis(60)).await; // tidy: sleep: virtual time, so that calls are under way
                sim.shutdown(&first).await.unwrap();
            };
            let (failed, ()) = tokio::join!(pays, shuts);
            assert_eq!(failed.unwrap(), Vec::<String>::new());
            let noted = noted.lock().unwrap();
            assert!(noted.iter().map(|(_, number)| *number).eq(0..1_000), "seed {seed}: {noted:?}");
            assert!(noted.iter().any(|(node, _)| *node != first), "seed {seed}: the master did not change");
        });
    }
}

#[tokio::test]
async fn a_node_without_a_registry_is_its_own_master() {
    let world = World::default();
    let node = Node::builder().service(world.ledger("alone")).start().await.unwrap();
    let ledger = node.client::<LedgerClient>();
    assert_eq!(ledger.rpc_pay(3).await.unwrap(), 3);
    assert_eq!(ledger.rpc_told().await.unwrap(), ("alone".into(), vec!["master".into()], true));
    let twin = node.spawn(world.ledger("twin")).await.unwrap_err().to_string();
    assert!(twin.contains("already runs a service `Ledger` with the id `Ledger`"), "{twin}");
    node.shutdown().await.unwrap();
}
