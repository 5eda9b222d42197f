//! The judge for users' services: what is right passes, what is wrong in a typical way is found, made small, told, and had again.
// tidy: virtual time

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ember::{
    prelude::*,
    testing::{
        Cluster,
        prove::{Failed, Kind, Model, Prove, User, model, prove},
    },
};
use ember_tests::simulation::scale;
use tokio::time::sleep;

/// What outlives a process.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<u64>>);

impl Disk {
    fn add(&self, gold: u64) -> u64 {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *sum += gold;
        *sum
    }
}

/// Keeps its gold on a disk.
#[service]
#[derive(Debug)]
struct Bank {
    disk: Disk,
}

#[rpc]
impl Bank {
    /// The sum after it; 0 reads.
    pub async fn rpc_deposit(&mut self, gold: u64) -> u64 {
        let sum = self.disk.add(gold);
        sleep(Duration::from_millis(15)).await;
        sum
    }
}

/// Answers from what it has seen: right for as long as nobody else deposits.
#[service]
#[derive(Debug, Default)]
struct Window {
    seen: u64,
}

#[rpc]
impl Window {
    pub async fn rpc_deposit(&mut self, cx: &mut Cx<'_, Self>, gold: u64) -> Result<u64, String> {
        let sum = cx.client::<BankClient>().rpc_deposit(gold).await;
        self.seen = sum.map_err(|error| error.to_string())?;
        Ok(self.seen)
    }

    pub async fn rpc_read(&mut self) -> u64 {
        self.seen
    }
}

fn bank(seed: u64) -> Cluster {
    let disk = Disk::default();
    Cluster::seed(seed)
        .ttl(Duration::from_secs(2))
        .tick(Duration::from_millis(10))
        .node("ada", |node| node)
        .node("bob", |node| node)
        .node("vault", move |node| node.service(Bank { disk: disk.clone() }))
}

fn sum() -> impl Model<State = u64, Op = u64, Out = u64> {
    model(0, |sum: &mut u64, gold: &u64| {
        *sum += gold;
        *sum
    })
}

async fn deposit(user: &User<u64, u64>, gold: u64) -> Result<u64, CallError> {
    user.call(gold, user.node().client::<BankClient>().rpc_deposit(gold)).await
}

/// Small and short: a run takes some tens of milliseconds.
fn short(seeds: u64) -> Prove<u64, u64> {
    let short = prove(bank).model(sum()).seeds(seeds * scale()).clients(2).calls(30).from(&["ada", "bob"]);
    short.span(Duration::from_secs(3)).faults(4)
}

fn honest() -> Prove<u64, u64> {
    short(40)
        .workload(|user| async move {
            while user.turn().await {
                let _told = deposit(&user, user.below(3) as u64).await;
            }
        })
        .probe(|user| async move { deposit(&user, 0).await })
}

#[test]
fn a_bank_that_keeps_its_promises_passes() {
    let report = honest().run();
    let enough = |it: usize, least: usize| assert!(it >= least, "{report}");
    enough(report.done, 1_500);
    enough(report.not_executed, 50);
    enough(report.maybe_executed, 3);
    enough(report.faults, 40);
    println!("{report}");
}

#[test]
fn the_same_proof_gives_the_same_runs() {
    let (first, second) = (honest().seeds(3).run(), honest().seeds(3).run());
    assert_eq!(first, second, "outcomes and traces");
    assert_ne!(first.digest, honest().seeds(2).run().digest);
}

/// What its failure says, and what is left of it.
fn found(proof: Prove<u64, u64>, faults: usize, says: &str) -> Failed {
    let failed = proof.outcome().expect_err("the bug is found");
    let text = failed.to_string();
    println!("{text}");
    assert!(failed.faults().list().len() <= faults, "more than {faults} faults are left: {text}");
    assert!(text.contains(says), "`{says}`: {text}");
    assert!(text.contains(&format!("EMBER_PROVE='{}' cargo test", failed.replay())), "{text}");
    assert!(text.contains("the same in two runs"), "{text}");
    failed
}

/// The typical one: a call whose outcome is not known is made again.
fn again() -> Prove<u64, u64> {
    short(200)
        .workload(|user| async move {
            while user.turn().await {
                let client = user.node().client::<BankClient>();
                let until_told = async {
                    loop {
                        match client.rpc_deposit(1).timeout(Duration::from_secs(1)).await {
                            Err(CallError::MaybeExecuted(_)) => {}
                            told => return told,
                        }
                    }
                };
                let _told = user.call(1, until_told).await;
            }
        })
        .deadline(Duration::from_secs(60))
}

#[test]
fn what_may_have_been_executed_and_is_made_again_is_found_and_can_be_had_again() {
    let failed = found(again(), 1, "then one of these had to come, and none fits:");
    let replayed = again().replay(&failed.replay()).outcome().expect_err("the same run fails again");
    let digest = |it: &Failed| it.trace().map(|trace| trace.digest());
    assert_eq!(digest(&replayed), digest(&failed));
    assert_eq!(replayed.faults(), failed.faults());
}

#[test]
fn an_answer_that_is_out_of_date_is_found_and_needs_no_fault() {
    let windows = |seed| {
        let disk = Disk::default();
        Cluster::seed(seed)
            .tick(Duration::from_millis(10))
            .node("ada", |node| node.service(Window::default()))
            .node("bob", |node| node.service(Window::default()))
            .node("vault", move |node| node.service(Bank { disk: disk.clone() }))
    };
    let stale = prove(windows).model(sum()).clients(2).calls(10).span(Duration::from_secs(3)).spare(&["vault"]);
    let stale = stale.from(&["ada", "bob"]).workload(|user: User<u64, u64>| async move {
        while user.turn().await {
            let window = user.node().local::<Window>();
            if user.below(2) == 0 {
                let _told = user.call(0, window.rpc_read()).await;
            } else {
                let out = |told: Result<&u64, &String>| told.copied().unwrap_or(u64::MAX);
                let _told = user.call_as(2, window.rpc_deposit(2), out).await;
            }
        }
    });
    found(stale, 0, "It needs 0 of");
}

#[test]
fn what_is_lost_with_its_process_is_found() {
    let forgetful = |seed| {
        Cluster::seed(seed).node("ada", |node| node).node("vault", |node| node.service(Bank { disk: Disk::default() }))
    };
    let proof = prove(forgetful).model(sum()).clients(1).calls(10).from(&["ada"]).span(Duration::from_secs(3));
    let proof = proof.only(&[Kind::Kill, Kind::Loss]).workload(|user| async move {
        while user.turn().await {
            let _told = deposit(&user, 1).await;
        }
    });
    let failed = found(proof, 1, "from ");
    assert!(failed.replay().contains("faults=kill(vault)@"), "{failed}");
}

#[test]
fn a_cluster_that_does_not_serve_is_found() {
    let proof = honest().only(&[]).recovers_within(Duration::from_secs(3)).probe(|user| async move {
        let told = deposit(&user, 0).await;
        told.map_err(|error| error.to_string()).and(Err::<(), _>("the vault is locked".to_owned()))
    });
    found(proof, 0, "the services do not serve ada within 3s after the faults have ended: the vault is locked");
}

#[test]
fn a_call_that_is_late_an_invariant_that_is_broken_and_a_panic_are_found() {
    found(honest().deadline(Duration::ZERO).tolerance(Duration::ZERO), 0, "its deadline and the tolerance are 0ns");
    let rich = |sum: u64| if sum < 5 { Ok(()) } else { Err(format!("{sum} is too much")) };
    let poor =
        honest().invariant("the bank stays poor", move |history| history.done().try_for_each(|(_, sum)| rich(*sum)));
    found(poor, 0, "`the bank stays poor` does not hold: ");
    let clumsy = short(1).workload(|user| async move {
        while user.turn().await {
            assert!(deposit(&user, 1).await.unwrap_or(0) < 4, "it was said that this cannot be");
        }
    });
    found(clumsy, 0, "panicked: it was said that this cannot be");
}

#[test]
fn what_proves_nothing_is_no_pass() {
    let idle = short(2).workload(|user| async move { while user.turn().await {} });
    let failed = idle.outcome().expect_err("nothing was called");
    assert!(failed.to_string().contains("which proves nothing"), "{failed}");
    let undecided = honest().effort(3).outcome().expect_err("three steps are not enough");
    assert!(undecided.to_string().contains("That is no pass"), "{undecided}");
}

#[test]
fn what_cannot_be_is_refused_with_the_way_to_say_it() {
    type Say = fn() -> Prove<u64, u64>;
    let refused: [(Say, &str); 10] = [
        (|| honest().seeds(0), "`.seeds(0)` cannot be nothing"),
        (|| honest().clients(0), "`.clients(0)` cannot be nothing"),
        (|| honest().clients(1_001), "`.clients(1001)` cannot be"),
        (|| honest().calls(0), "`.calls(0)` cannot be nothing"),
        (|| honest().span(Duration::ZERO), "`.span(0ns)` cannot be"),
        (|| honest().from(&[]), "`.from(&[])` cannot be nothing"),
        (|| honest().spare(&["valut"]), "names `valut`, and this cluster has only [\"ada\", \"bob\", \"vault\"]"),
        (|| honest().replay("seed=7"), "it needs `seed`, `clients`, `calls` and `faults`"),
        (|| honest().replay("seed=7 clients=1 calls=1 faults=kill(eve)@1+1"), "has `kill(eve)`"),
        (|| short(1), "say what each user does, with `.workload("),
    ];
    for (say, why) in refused {
        let panic = std::panic::catch_unwind(|| drop(say().outcome())).expect_err(why);
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("a text");
        assert!(text.contains(why), "{why}: {text}");
    }
}
