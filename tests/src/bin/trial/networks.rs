//! Networks that are cut, in one direction or both, and slowed: between processes, and between a process and etcd. Each process is a host
//! of its own, in a network namespace.

use std::{thread::sleep, time::Duration};

use ember_tests::{
    etcd_process::{EtcdProcess, free_port},
    faults::{Configuration, Member},
    wait::until,
};
use tokio::time::Instant;

use crate::{
    namespaces::{HERE, Namespaces},
    report::Report,
    stage::{CALLER, Stage, reasons, short},
};

const NAMES: [&str; 3] = ["a", "b", "c"];
/// Longer than the heartbeat and its grace, and than the lease.
const HELD: Duration = Duration::from_secs(8);
/// The promise is 2.2 s; the rest is for a busy machine.
const ANSWERED: Duration = Duration::from_secs(4);
const OVER: Duration = Duration::from_secs(15);

type Cuts = Vec<(String, String)>;

struct Networks {
    stage: Stage,
    hosts: Namespaces,
}

/// What becomes of calls while a network is cut or slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Calls {
    /// None fails.
    Unharmed,
    /// Those on their way fail, in time, as may have been executed; others go elsewhere.
    AnsweredInTime,
}

pub(crate) fn run(report: &mut Report) {
    if let Err(why) = trial(report) {
        report.violation(why);
    }
}

fn trial(report: &mut Report) -> Result<(), String> {
    let mut hosts = Namespaces::open()?;
    for name in NAMES.into_iter().chain([CALLER]) {
        hosts.add(name)?;
    }
    let etcd = EtcdProcess::start_at(hosts.address(HERE));
    until("etcd to listen", || std::net::TcpStream::connect(etcd.address()).ok());
    let at = |configuration| set(&hosts, configuration);
    let mut stage = Stage::open(vec![etcd.address()], at);
    for name in NAMES {
        let configuration = at(stage.configuration(name));
        stage.start(&configuration);
    }
    stage.views();
    stage.call(200, 50);
    stage.settle();
    let mut all = Networks { stage, hosts };

    let other = all.slave();
    let both = |one: &str, two: &str| vec![(one.to_owned(), two.to_owned()), (two.to_owned(), one.to_owned())];
    let way = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
    let what = "a node and its caller cut off from each other";
    all.cut(what, &both(CALLER, &other), Calls::AnsweredInTime, report)?;
    all.cut("what a caller sends to a node is lost", &way(CALLER, &other), Calls::AnsweredInTime, report)?;
    all.cut("what a node answers its caller is lost", &way(&other, CALLER), Calls::AnsweredInTime, report)?;
    all.cut("a node cut off from etcd", &both(HERE, &other), Calls::Unharmed, report)?;
    all.cut("what a node sends to etcd is lost", &way(&other, HERE), Calls::Unharmed, report)?;
    all.cut("what etcd answers a node is lost", &way(HERE, &other), Calls::Unharmed, report)?;
    all.master_cut_off(report)?;
    all.slow_link(report)?;
    all.slow_etcd(report)?;
    all.stage.compare().into_iter().for_each(|it| report.violation(it));
    let kept = all.stage.vault.lock();
    report.note("epochs, each with one master", kept.holders.len());
    report.note("writes to the world outside", kept.writes);
    report.note("writes of the past, which were refused there", kept.refused.len());
    drop(kept);
    Ok(())
}

/// The same node on its own host.
fn set(hosts: &Namespaces, configuration: Configuration) -> Configuration {
    let (name, port) = (configuration.name.clone(), free_port());
    let address = format!("{}:{port}", hosts.address(&name));
    let (listen, advertise) = (Some(address.clone()), Some(address));
    Configuration { listen, advertise, namespace: Some(hosts.namespace(&name)), ..configuration }
}

impl Networks {
    /// A node that is not the master.
    fn slave(&mut self) -> String {
        let (master, _) = self.stage.master(0);
        NAMES.into_iter().find(|name| *name != master).unwrap_or("a").to_owned()
    }

    /// Cuts, for longer than the lease, and mends.
    fn cut(&mut self, what: &str, cuts: &Cuts, calls: Calls, report: &mut Report) -> Result<(), String> {
        let before = self.begin();
        cuts.iter().try_for_each(|(from, to)| self.hosts.cut(from, to))?;
        // tidy: sleep: it stays cut for a while
        sleep(HELD);
        if calls == Calls::Unharmed {
            // Whoever is cut off from etcd, and lives, is used on.
            let members: Vec<_> = self.stage.nodes.values().map(Member::counter).collect();
            let view = self.stage.caller.members();
            if !members.iter().all(|member| member.is_in(&view)) {
                report.violation(format!("{what}: the caller sees {view:?} only"));
            }
        }
        cuts.iter().try_for_each(|(from, to)| self.hosts.mend(from, to))?;
        self.end(what, before, calls, report);
        Ok(())
    }

    /// The master is cut off from etcd and from everybody, in the middle of a write.
    fn master_cut_off(&mut self, report: &mut Report) -> Result<(), String> {
        let what = "the master cut off from etcd and its peers";
        self.begin();
        let (name, epoch) = self.stage.master(0);
        let record = self.stage.folder().join(format!("{name}.acts"));
        let begun = |id: &str| {
            std::fs::read_to_string(&record).is_ok_and(|text| text.lines().rev().take(1000).any(|line| line == id))
        };
        self.stage.node(&name).ask::<()>("own late.0 12000");
        until("a handler to begin", || begun("late.0").then_some(()));
        let others: Vec<_> = NAMES.into_iter().filter(|it| *it != name).chain([HERE, CALLER]).collect();
        for other in &others {
            self.hosts.cut(&name, other)?;
            self.hosts.cut(other, &name)?;
        }
        let cut = Instant::now();
        let (next, _) = self.stage.master(epoch + 1);
        let took = cut.elapsed();
        let _ = self.stage.counts();
        until("calls to the next master to be answered", || {
            self.stage.counts()[1].by.contains_key(&next).then_some(())
        });
        let answered = cut.elapsed();
        let told = until("the late call to end", || self.stage.node(&name).ask::<Option<String>>("outcome"));
        if !["MaybeExecuted(Deposed)", "Fenced"].contains(&&*told) {
            report.violation(format!("{what}: the caller of a write whose time was over was told {told}"));
        }
        // Before its network is whole, and without having heard of another, it does not act.
        self.stage.node(&name).ask::<()>("own late.1 0");
        // tidy: sleep: a call that waits for the view to name a master; it would act at once if it did
        sleep(Duration::from_secs(1));
        if begun("late.1") {
            report.violation(format!("{what}: it acted, {answered:?} and more after it was cut off"));
        }
        if !self.stage.vault.lock().refused.iter().any(|id| id == "late.0") {
            report.violation(format!("{what}: its write was not refused"));
        }
        for other in &others {
            self.hosts.mend(&name, other)?;
            self.hosts.mend(other, &name)?;
        }
        let settled = self.stage.settle();
        let since = self.stage.since();
        report.line([
            what.to_owned(),
            format!(
                "another seen after {}, its first answer after {}; all as before {} after it was mended",
                short(took),
                short(answered),
                short(settled)
            ),
            short(since.slowest),
            reasons(&since.why),
        ]);
        if took > OVER || settled > OVER {
            report.violation(format!("{what}: another after {took:?}, all as before after {settled:?}"));
        }
        Ok(())
    }

    /// A caller whose network is slow sends something large.
    fn slow_link(&mut self, report: &mut Report) -> Result<(), String> {
        let what = "a caller has 2 Mbit a second, and sends 512 KiB";
        let before = self.begin();
        self.hosts.slow(CALLER, 2000)?;
        let begun = Instant::now();
        self.stage.caller.ask::<()>("large large.0 524288");
        let told = until("the large call to end", || self.stage.caller.ask::<Option<String>>("outcome"));
        let took = begun.elapsed();
        if told != "Done" {
            report.violation(format!("{what}: the large call was told {told}"));
        }
        self.stage.await_calls();
        self.hosts.fast(CALLER)?;
        let what = format!("{what}, which takes {}", short(took));
        self.end(&what, before, Calls::Unharmed, report);
        Ok(())
    }

    /// A node starts while etcd has little bandwidth.
    fn slow_etcd(&mut self, report: &mut Report) -> Result<(), String> {
        let before = self.begin();
        self.hosts.slow(HERE, 128)?;
        let name = self.slave();
        self.stage.node(&name).terminate();
        let status = self.stage.node(&name).exit();
        if !status.success() {
            report.violation(format!("`{name}` ended with {status}, not with 0"));
        }
        let configuration = set(&self.hosts, self.stage.configuration(&name));
        let begun = Instant::now();
        self.stage.start(&configuration);
        self.stage.settle();
        let took = begun.elapsed();
        self.hosts.fast(HERE)?;
        let what = format!("etcd answers with 128 kbit a second, and a node is restarted, which takes {}", short(took));
        self.end(&what, before, Calls::Unharmed, report);
        Ok(())
    }

    fn begin(&mut self) -> u64 {
        self.stage.await_calls();
        self.stage.since();
        self.failed()
    }

    fn failed(&mut self) -> u64 {
        self.stage.counts().iter().map(|it| it.failed()).sum()
    }

    fn end(&mut self, what: &str, before: u64, calls: Calls, report: &mut Report) {
        let settled = self.stage.settle();
        self.stage.await_calls();
        let (failed, since) = (self.failed() - before, self.stage.since());
        report.line([
            what.to_owned(),
            format!("all as before {} after", short(settled)),
            short(since.slowest),
            reasons(&since.why),
        ]);
        match calls {
            Calls::Unharmed if failed > 0 => report.violation(format!("{what}: {}", reasons(&since.why))),
            Calls::AnsweredInTime if since.slowest > ANSWERED => {
                report.violation(format!("{what}: a call was answered after {:?}", since.slowest));
            }
            _ => {}
        }
        // Where others answer, nobody is refused.
        if since.why.keys().any(|why| why.contains("NotExecuted")) {
            report.violation(format!("{what}: {}", reasons(&since.why)));
        }
        if settled > OVER {
            report.violation(format!("{what}: all as before after {settled:?}"));
        }
    }
}
