//! The registry comes back empty, or as it was before: what was acknowledged goes on, or there is no master until an operator accepts the loss.
// tidy: virtual time

use std::time::Duration;

use ember::{
    CallError, Epoch, GroupName, LossRefused, Pid, RefusedReason,
    testing::{Cluster, Registry, Sim},
};
use ember_tests::simulation::scale;
use tokio::time::sleep;

use super::{LedgerClient, cluster, in_sync, master, pay};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const MEMBERS: [&str; 3] = ["a", "b", "c"];

/// The same group, with short leases: there is much waiting for them.
fn group(seed: u64) -> Cluster {
    cluster(seed).ttl(s(2))
}

/// Everybody is in sync: that takes a second or two.
async fn begun(sim: &Sim) -> String {
    assert_eq!(pay(sim, 1, 10).await, 10);
    in_sync(sim, 1, 10).await;
    sleep(s(2)).await;
    master(sim, None).await
}

/// The pid of the instance on a node, and the epoch that it is known to be in.
async fn instance(sim: &Sim, node: &str) -> (Pid, Option<Epoch>) {
    let node = node.to_owned();
    let found = sim.on("caller", async move |caller| {
        let mut found = None;
        caller
            .wait_for_view(|view| {
                found = view.instances().iter().find(|it| it.node().name == node).map(|it| (it.pid(), it.epoch()));
                found.is_some()
            })
            .await;
        found.unwrap()
    });
    found.await.unwrap()
}

/// Why a call is refused, for which nobody is the master for so long.
async fn refused(sim: &Sim, time: Duration) -> String {
    let ended = sim.on("caller", async move |node| node.client::<LedgerClient>().rpc_pay(1, 1).timeout(time).await);
    match ended.await.unwrap() {
        Err(CallError::NotExecuted(refused)) => match refused.reason() {
            RefusedReason::NoMaster(why) => why.clone(),
            other => panic!("refused for {other:?}"),
        },
        other => panic!("there is a master: {other:?}"),
    }
}

async fn accept(sim: &Sim, goes_on: Option<Pid>) -> Result<Epoch, LossRefused> {
    let group = GroupName::of("Ledger");
    sim.on("caller", async move |node| node.accept_loss(&group, goes_on).await).await.unwrap()
}

/// Cuts a member off from everybody, or ends that.
fn cut(sim: &Sim, member: &str, off: bool) {
    for other in MEMBERS.into_iter().chain(["caller", "registry"]).filter(|other| *other != member) {
        if off { sim.partition(member, other) } else { sim.heal(member, other) }
    }
}

/// A member that is not the master, and is cut off so long that the others go on without it; and the third.
async fn one_is_cut_off(sim: &Sim, master: &str) -> (&'static str, &'static str) {
    let [cut_off, third] = MEMBERS.into_iter().filter(|it| *it != master).collect::<Vec<_>>()[..] else { panic!() };
    cut(sim, cut_off, true);
    assert_eq!(pay(sim, 1, 5).await, 15, "acknowledged without {cut_off}");
    (cut_off, third)
}

#[test]
fn a_registry_that_is_empty_is_told_what_its_group_had() {
    group(11).run(async move |sim| {
        let first = begun(&sim).await;
        let (_, before) = instance(&sim, &first).await;
        sim.registry_down();
        sleep(s(2)).await;
        sim.registry_up(Registry::Empty);
        // Until it has seen that, the master acts by its lease.
        sleep(s(1)).await;
        assert_eq!(pay(&sim, 1, 1).await, 11);
        let (_, after) = instance(&sim, &master(&sim, None).await).await;
        assert!(after > before, "{before:?} {after:?}");
    });
}

#[test]
fn a_node_that_joins_an_empty_registry_begins_no_new_group() {
    group(12).node("late", |node| node.service(super::Ledger::default())).run(async move |sim| {
        sim.kill("late").await;
        begun(&sim).await;
        sim.registry_down();
        sleep(s(4)).await;
        let (joined, ()) = tokio::join!(sim.start("late"), async { sim.registry_up(Registry::Empty) });
        joined.unwrap();
        assert_eq!(pay(&sim, 1, 1).await, 11);
    });
}

#[test]
fn a_registry_that_is_wiped_twice_is_told_twice() {
    group(13).run(async move |sim| {
        begun(&sim).await;
        sim.registry_down();
        sim.registry_up(Registry::Empty);
        // All have claimed, and none is elected yet.
        sleep(Duration::from_millis(1_500)).await;
        sim.registry_down();
        sleep(s(1)).await;
        sim.registry_up(Registry::Empty);
        assert_eq!(pay(&sim, 1, 1).await, 11);
    });
}

#[test]
fn who_is_named_by_an_older_registry_alone_is_not_elected() {
    group(14).run(async move |sim| {
        let first = begun(&sim).await;
        let backup = sim.registry_backup();
        let (cut_off, _) = one_is_cut_off(&sim, &first).await;
        sim.registry_restore(&backup);
        cut(&sim, cut_off, false);
        assert_eq!(pay(&sim, 1, 1).await, 16, "{cut_off} has not seen all");
    });
}

#[test]
fn where_one_may_have_had_more_there_is_no_master_until_that_is_accepted() {
    group(15).run(async move |sim| {
        let first = begun(&sim).await;
        let (gone, _) = instance(&sim, &first).await;
        sim.registry_down();
        sim.kill(&first).await;
        sim.registry_up(Registry::Empty);
        let why = refused(&sim, s(9)).await;
        assert!(why.contains(&gone.to_string()) && why.contains("accept_loss"), "{why}");
        let other = MEMBERS.into_iter().find(|it| *it != first).unwrap();
        let (goes_on, _) = instance(&sim, other).await;
        assert_eq!(accept(&sim, None).await.map_err(|why| matches!(why, LossRefused::InSync(_))), Err(true));
        accept(&sim, Some(goes_on)).await.unwrap();
        assert_eq!(pay(&sim, 1, 1).await, 11);
        assert_eq!(master(&sim, None).await, other);
    });
}

#[test]
fn where_all_in_sync_are_gone_another_goes_on_when_its_loss_is_accepted() {
    for anew in [false, true] {
        group(16).run(async move |sim| {
            let first = begun(&sim).await;
            let (cut_off, third) = one_is_cut_off(&sim, &first).await;
            let (master, _) = instance(&sim, &first).await;
            assert_eq!(accept(&sim, None).await, Err(LossRefused::HasMaster(master)));
            sim.kill(&first).await;
            sim.kill(third).await;
            cut(&sim, cut_off, false);
            let why = refused(&sim, s(12)).await;
            assert!(why.contains(&master.to_string()) && why.contains("accept_loss"), "{why}");
            // One of before that is started again has nothing.
            sim.start(&first).await.unwrap();
            let (empty, _) = instance(&sim, &first).await;
            assert_eq!(accept(&sim, Some(empty)).await, Err(LossRefused::NoState(empty)));
            let (goes_on, _) = instance(&sim, cut_off).await;
            let elsewhere = GroupName::of("Ledger").id("other");
            let asked = sim.on("caller", async move |node| node.accept_loss(&elsewhere, None).await);
            assert_eq!(asked.await.unwrap(), Err(LossRefused::NoGroup));
            accept(&sim, (!anew).then_some(goes_on)).await.unwrap();
            assert_eq!(pay(&sim, 1, 1).await, if anew { 1 } else { 11 });
        });
    }
}

#[test]
fn what_was_claimed_before_a_backup_elects_nobody_after_it() {
    group(17).run(async move |sim| {
        begun(&sim).await;
        sim.registry_down();
        sim.registry_up(Registry::Empty);
        // All have claimed, and none is elected yet.
        sleep(Duration::from_millis(1_500)).await;
        let backup = sim.registry_backup();
        assert_eq!(pay(&sim, 1, 0).await, 10);
        let first = master(&sim, None).await;
        sleep(s(2)).await;
        let (cut_off, third) = one_is_cut_off(&sim, &first).await;
        sim.kill(&first).await;
        sim.kill(third).await;
        sim.registry_restore(&backup);
        cut(&sim, cut_off, false);
        let why = refused(&sim, s(9)).await;
        assert!(why.contains("accept_loss"), "{why}");
    });
}

/// Some seeds of random losses of the registry, and of one member at most.
#[test]
fn nothing_that_was_acknowledged_is_lost_without_a_word() {
    let seeds = 2 * scale();
    let stuck = (0..seeds).filter(|seed| random::run(*seed)).count();
    assert!(seeds < 100 || stuck * 2 < seeds as usize, "{stuck} of {seeds} had no master at the end");
}

mod random {
    use ember::testing::Backup;

    use super::*;

    /// A generator of numbers of its own, so that what happens is told by the seed alone.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }

        async fn pause(&mut self, longest: u64) {
            sleep(Duration::from_millis(self.below(longest))).await;
        }
    }

    /// Pays 1 again and again for so long; how often that was done, and how often it may have been.
    async fn pays(sim: &Sim, time: Duration) -> (u64, u64) {
        let paid = sim.on("caller", async move |node| {
            let (ledger, begin) = (node.client::<LedgerClient>(), tokio::time::Instant::now());
            let (mut done, mut perhaps, mut last) = (0, 0, 0);
            while begin.elapsed() < time {
                match ledger.rpc_pay(1, 1).timeout(s(5)).await {
                    Ok(balance) => {
                        done += 1;
                        assert!(balance >= done && balance > last, "{balance} after {last}, {done} were acknowledged");
                        last = balance;
                    }
                    Err(CallError::MaybeExecuted(_)) => perhaps += 1,
                    Err(_) => {}
                }
                sleep(Duration::from_millis(20)).await;
            }
            (done, perhaps)
        });
        paid.await.unwrap()
    }

    async fn faults(sim: &Sim, dice: &mut Dice) -> bool {
        let (mut backup, mut killed): (Option<Backup>, Option<&str>) = (None, None);
        let mut lost = false;
        for _ in 0..6 {
            dice.pause(4_000).await;
            match dice.below(6) {
                0 => backup = Some(sim.registry_backup()),
                1 => {
                    sim.registry_down();
                    dice.pause(4_000).await;
                    sim.registry_up(Registry::Kept);
                }
                2 => {
                    sim.registry_down();
                    dice.pause(4_000).await;
                    sim.registry_up(Registry::Empty);
                    lost = true;
                }
                3 => {
                    if let Some(backup) = &backup {
                        sim.registry_restore(backup);
                        lost = true;
                    }
                }
                4 if killed.is_none() => {
                    let member = MEMBERS[dice.below(3) as usize];
                    killed = Some(member);
                    sim.kill(member).await;
                }
                _ => {
                    if let Some(member) = killed {
                        sim.start(member).await.unwrap();
                    }
                }
            }
        }
        killed.is_some() && lost
    }

    /// Whether there was no master at the end.
    pub(super) fn run(seed: u64) -> bool {
        group(seed).run(async move |sim| {
            let mut dice = Dice(seed);
            pay(&sim, 1, 0).await;
            dice.pause(4_000).await;
            let ((done, perhaps), may_be_stuck) = tokio::join!(pays(&sim, s(30)), faults(&sim, &mut dice));
            sleep(s(6)).await;
            let ended = sim.on("caller", async |node| node.client::<LedgerClient>().rpc_pay(1, 0).timeout(s(20)).await);
            match ended.await.unwrap() {
                Ok(balance) => {
                    assert!(
                        balance >= done && balance <= done + perhaps,
                        "seed {seed}: {balance} of {done} and {perhaps}"
                    );
                    false
                }
                Err(error) => {
                    assert!(may_be_stuck, "seed {seed}: no master: {error}");
                    true
                }
            }
        })
    }
}
