//! Random faults on processes and on etcd, one after the other, for as long as is asked for. After each of them everything must be as
//! before within a limit, and at the end every call's outcome must be the truth.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    thread::sleep,
    time::Duration,
};

use ember_tests::{etcd_members::EtcdMembers, faults::Direction, wait::until};
use tokio::time::Instant;

use crate::{
    arguments::Arguments,
    dice::Dice,
    kinds::{
        FAULTS,
        Fault::{self, *},
    },
    report::Report,
    stage::{Stage, add, reasons, short},
};

const NAMES: [&str; 5] = ["n0", "n1", "n2", "n3", "n4"];
/// Each fault is over by then, on a busy machine too: a lease that starts anew, and 10 s.
const OVER: Duration = Duration::from_secs(15);
/// What a call has by itself, and some for a busy machine: longer than that, it hangs.
const DEADLINE: Duration = Duration::from_secs(7);
const ENTRIES: &str = "/ember/faults/";
const ALL: [usize; 3] = [0, 1, 2];

#[derive(Debug, Default)]
struct Seen {
    times: u32,
    longest: Duration,
    sum: Duration,
    /// Until etcd held those who live, and nobody else.
    entries: Duration,
    failed: u64,
    slowest: Duration,
    why: BTreeMap<String, u64>,
}

struct Run {
    stage: Stage,
    etcd: EtcdMembers,
    dice: Dice,
    /// The number of the next write in a time that is over.
    late: u64,
    /// How many entries the cluster has in etcd.
    entries: usize,
}

pub(crate) fn run(arguments: &Arguments, report: &mut Report) {
    println!("trial: {:?} of faults with the seed {}", arguments.time, arguments.seed);
    report.note("seed", arguments.seed);
    let etcd = EtcdMembers::start();
    let mut stage = Stage::open(etcd.addresses(), |it| it);
    stage.nodes_call(10);
    NAMES.iter().for_each(|name| stage.start_wired(name));
    stage.views();
    stage.call(200, 50);
    stage.settle();
    let entries = etcd.keys(ENTRIES).len();
    let mut run = Run { stage, etcd, dice: Dice::new(arguments.seed), late: 0, entries };
    let (mut seen, mut order) = (BTreeMap::<Fault, Seen>::new(), Vec::new());
    let begun = Instant::now();
    // What is waited for in vain is a panic: what was seen until then is told.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        while begun.elapsed() < arguments.time {
            // Each kind once in every fourteen, in an order by chance.
            if order.is_empty() {
                order = FAULTS.to_vec();
            }
            let fault = order.swap_remove(run.dice.roll(order.len() as u64) as usize);
            println!("trial: {:>5.0} s: {fault:?}", begun.elapsed().as_secs_f64());
            run.once(fault, seen.entry(fault).or_default(), report);
        }
    }));
    for (fault, it) in &seen {
        let mean = it.sum / it.times.max(1);
        let failed = format!("{}: {}", it.failed, reasons(&it.why));
        report.line([
            fault.words().to_owned(),
            it.times.to_string(),
            format!("{}, {} on average", short(it.longest), short(mean)),
            short(it.entries),
            short(it.slowest),
            if it.failed == 0 { "0".to_owned() } else { failed },
        ]);
    }
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
    let wrong = run.stage.compare();
    wrong.into_iter().for_each(|it| report.violation(it));
    let kept = run.stage.vault.lock();
    report.note("faults", seen.values().map(|it| it.times).sum::<u32>());
    report.note("epochs, each with one master", kept.holders.len());
    report.note("writes to the world outside", kept.writes);
    report.note("writes of the past, which were refused there", kept.refused.len());
    report.note("of them by masters that had stood still in a write", run.late);
    for number in 0..run.late {
        if !kept.refused.iter().any(|it| *it == late(number)) {
            report
                .violations
                .push(format!("the write {} of a master whose time was over was not refused", late(number)));
        }
    }
    drop(kept);
    let [counter, ledger] = run.stage.counts();
    report.note("calls of the caller", format!("{} to counters, {} to the elected service", counter.made, ledger.made));
}

fn late(number: u64) -> String {
    format!("late.{number}")
}

impl Run {
    /// One fault, and all that must hold of it.
    fn once(&mut self, fault: Fault, seen: &mut Seen, report: &mut Report) {
        self.stage.await_calls();
        let before = self.stage.counts();
        self.stage.since();
        let took = self.happen(fault, report);
        let over = Instant::now();
        let settled = self.stage.settle();
        until("etcd to hold those who live, and nobody else", || {
            (self.etcd.keys(ENTRIES).len() == self.entries).then_some(())
        });
        let entries = over.elapsed();
        // What they see is what etcd holds, still.
        self.stage.views();
        self.stage.await_calls();
        let (after, since) = (self.stage.counts(), self.stage.since());
        let failed = [0, 1].map(|kind: usize| after[kind].failed() - before[kind].failed());
        // Of a takeover it is the takeover that counts.
        let took = took.unwrap_or(settled);
        seen.times += 1;
        seen.longest = seen.longest.max(took);
        seen.sum += took;
        seen.entries = seen.entries.max(entries);
        seen.failed += failed.iter().sum::<u64>();
        seen.slowest = seen.slowest.max(since.slowest);
        add(&mut seen.why, &since.why);
        let (counter_may, ledger_may) = fault.may_fail();
        if (failed[0] > 0 && !counter_may) || (failed[1] > 0 && !ledger_may) {
            report.violation(format!("{fault:?}: {failed:?} calls failed: {}", reasons(&since.why)));
        }
        if took > OVER || entries > OVER {
            report.violation(format!("{fault:?}: over after {took:?}, etcd right after {entries:?}"));
        }
        if since.slowest > DEADLINE {
            report.violation(format!("{fault:?}: a call took {:?}", since.slowest));
        }
    }

    /// Lets it happen, and ends it; how long it took, where that is not the time until all is as before.
    fn happen(&mut self, fault: Fault, report: &mut Report) -> Option<Duration> {
        match fault {
            Killed => {
                let name = self.any();
                self.stage.node(&name).kill();
                self.pass(8000);
                self.stage.start_wired(&name);
                None
            }
            MasterKilled => Some(self.master_killed(false)),
            MasterAndLeaderKilled => Some(self.master_killed(true)),
            Frozen => {
                let name = self.any();
                self.stage.node(&name).freeze();
                self.pass(9000);
                self.stage.node(&name).thaw();
                None
            }
            MasterFrozen => Some(self.master_frozen(report)),
            Restarted => {
                let name = self.any();
                self.restart(&name, report);
                None
            }
            Cut => {
                let name = self.any();
                let directions =
                    *self.dice.of(&[&[Direction::In][..], &[Direction::Out], &[Direction::In, Direction::Out]]);
                let wire = &self.stage.wires[&name];
                directions.iter().for_each(|it| wire.block(*it));
                self.pass(6000);
                self.stage.wires[&name].heal();
                None
            }
            CompactedMeanwhile => {
                let still = self.any();
                let other = NAMES[(index(&still) + 1) % NAMES.len()];
                self.stage.node(&still).freeze();
                self.stage.node(other).kill();
                self.pass(2000);
                self.stage.start_wired(other);
                self.etcd.compact();
                self.stage.node(&still).thaw();
                None
            }
            MemberKilled => {
                let member = self.dice.roll(3) as usize;
                self.etcd.stop(&[member]);
                self.pass(8000);
                self.etcd.start_again(&[member]);
                self.etcd.leader();
                None
            }
            LeaderFrozen => {
                let leader = self.etcd.leader();
                self.etcd[leader].freeze();
                self.pass(8000);
                self.etcd[leader].thaw();
                None
            }
            QuorumLost => {
                let left = self.dice.roll(3) as usize;
                let gone: Vec<_> = ALL.into_iter().filter(|it| *it != left).collect();
                self.etcd.stop(&gone);
                self.pass(12_000);
                self.etcd.start_again(&gone);
                self.etcd.leader();
                None
            }
            EtcdAway => {
                self.etcd.stop(&ALL);
                let long = self.dice.roll(4) == 0;
                if long {
                    // tidy: sleep: a fault lasts for a while
                    sleep(Duration::from_secs(60));
                } else {
                    self.pass(10_000);
                }
                self.etcd.start_again(&ALL);
                self.etcd.leader();
                None
            }
            EtcdEmpty => {
                self.etcd.stop(&ALL);
                self.pass(8000);
                self.etcd.start_empty();
                self.etcd.leader();
                None
            }
            EtcdRestored => {
                let file = self.snapshot();
                self.etcd.save(&file);
                let name = self.any();
                self.restart(&name, report);
                self.stage.settle();
                self.etcd.stop(&ALL);
                self.pass(4000);
                self.etcd.start_restored(&file);
                self.etcd.leader();
                let _ = std::fs::remove_file(file);
                None
            }
        }
    }

    /// Kills the master; how long it took until another was seen.
    fn master_killed(&mut self, with_leader: bool) -> Duration {
        let (name, epoch) = self.stage.master(0);
        let leader = with_leader.then(|| self.etcd.leader());
        self.stage.node(&name).kill();
        if let Some(leader) = leader {
            self.etcd.stop(&[leader]);
        }
        let killed = Instant::now();
        self.stage.master(epoch + 1);
        let took = killed.elapsed();
        if let Some(leader) = leader {
            self.etcd.start_again(&[leader]);
            self.etcd.leader();
        }
        self.stage.start_wired(&name);
        took
    }

    /// Freezes the master between its fence and its write, until another has written; how long that took. Then it goes on, and the
    /// vault must refuse it.
    fn master_frozen(&mut self, report: &mut Report) -> Duration {
        let (name, epoch) = self.stage.master(0);
        let (id, acts) = (late(self.late), self.stage.folder().join(format!("{name}.acts")));
        self.late += 1;
        self.stage.node(&name).ask::<()>(&format!("own {id} 400"));
        let begun = || std::fs::read_to_string(&acts).ok()?.lines().rev().take(5000).any(|it| *it == id).then_some(());
        until("a handler to begin", begun);
        self.stage.node(&name).freeze();
        let frozen = Instant::now();
        self.stage.master(epoch + 1);
        let took = frozen.elapsed();
        until("the vault to know the next master", || {
            self.stage.vault.lock().holders.range(epoch + 1..).next().map(drop)
        });
        self.stage.node(&name).thaw();
        let told = until("the late call to end", || self.stage.node(&name).ask::<Option<String>>("outcome"));
        if !["MaybeExecuted(Deposed)", "Fenced"].contains(&&*told) {
            report.violation(format!("the caller of {id}, whose time was over, was told {told}"));
        }
        took
    }

    fn restart(&mut self, name: &str, report: &mut Report) {
        self.stage.node(name).terminate();
        let status = self.stage.node(name).exit();
        if !status.success() {
            report.violation(format!("`{name}` ended with {status}, not with 0"));
        }
        self.stage.start_wired(name);
    }

    fn any(&mut self) -> String {
        (*self.dice.of(&NAMES)).to_owned()
    }

    fn snapshot(&self) -> PathBuf {
        self.stage.folder().join("snapshot")
    }

    /// Some time passes, up to `most` milliseconds.
    fn pass(&mut self, most: u64) {
        // tidy: sleep: a fault lasts for a while
        sleep(Duration::from_millis(self.dice.roll(most)));
    }
}

fn index(name: &str) -> usize {
    NAMES.iter().position(|it| *it == name).unwrap_or(0)
}
