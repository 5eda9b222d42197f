//! The processes of a trial, and what is asked of all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use ember_tests::{
    embedded_node::private_folder,
    etcd_process::free_port,
    faults::{Configuration, FaultNode, Member, Place, Wire, await_view},
    wait::until,
};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    load::{Counts, DONE, MAYBE_EXECUTED, NOT_EXECUTED, PENDING},
    times::Times,
    vault::Vault,
};

/// Nodes with a counter and an instance of the ledger each, and one that only calls.
#[derive(Debug)]
pub(crate) struct Stage {
    program: String,
    registry: Vec<String>,
    pub(crate) nodes: BTreeMap<String, FaultNode>,
    pub(crate) caller: FaultNode,
    /// What stands before nodes, where it was asked for.
    pub(crate) wires: BTreeMap<String, Wire>,
    pub(crate) vault: Vault,
    /// Calls a second that each node makes, to counters and to the ledger.
    load: u64,
    since: Since,
    folder: TempDir,
}

/// The calls of the caller since they were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Since {
    pub(crate) slowest: Duration,
    /// Why calls failed.
    pub(crate) why: BTreeMap<String, u64>,
}

/// What became of the calls of the caller: to counters, and to the ledger.
pub(crate) type Both = [Counts; 2];

pub(crate) const KINDS: [&str; 2] = ["counter", "ledger"];
pub(crate) const CALLER: &str = "caller";

impl Stage {
    /// Starts the caller; no node yet.
    pub(crate) fn open(registry: Vec<String>, set: impl FnOnce(Configuration) -> Configuration) -> Self {
        let folder = private_folder();
        let program = std::env::current_exe().expect("this program").to_string_lossy().into_owned();
        let vault = Vault::open(folder.path());
        let caller = Configuration::new(CALLER, &Place::Etcd(registry.clone()), folder.path()).caller();
        let mut caller = FaultNode::launch(&program, &set(caller), folder.path());
        caller.ready();
        let (nodes, wires) = (BTreeMap::new(), BTreeMap::new());
        Self { program, registry, nodes, caller, wires, vault, load: 0, since: Since::default(), folder }
    }

    /// From now on each node that is started makes so many calls a second itself.
    pub(crate) fn nodes_call(&mut self, rate: u64) {
        self.load = rate;
    }

    /// Where records and logs are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The usual configuration of a node.
    pub(crate) fn configuration(&self, name: &str) -> Configuration {
        Configuration::new(name, &Place::Etcd(self.registry.clone()), self.folder())
    }

    /// Starts a node.
    pub(crate) fn start(&mut self, configuration: &Configuration) {
        let mut node = FaultNode::launch(&self.program, configuration, self.folder.path());
        node.ready();
        if self.load > 0 {
            for kind in KINDS {
                node.ask::<()>(&format!("load {kind} {}", self.load));
            }
        }
        self.nodes.insert(configuration.name.clone(), node);
    }

    /// Starts a node that others reach through a [`Wire`] of its own.
    pub(crate) fn start_wired(&mut self, name: &str) {
        let listen = format!("127.0.0.1:{}", free_port());
        let wire = Wire::to(listen.clone());
        let mut configuration = self.configuration(name);
        configuration.advertise = Some(wire.address().into());
        configuration.listen = Some(listen);
        self.wires.insert(name.into(), wire);
        self.start(&configuration);
    }

    /// A node that runs.
    pub(crate) fn node(&mut self, name: &str) -> &mut FaultNode {
        self.nodes.get_mut(name).unwrap_or_else(|| panic!("a node `{name}` that runs"))
    }

    /// The caller makes so many calls a second.
    pub(crate) fn call(&mut self, counter: u64, ledger: u64) {
        for (kind, rate) in KINDS.iter().zip([counter, ledger]) {
            self.caller.ask::<()>(&format!("load {kind} {rate}"));
        }
    }

    /// The calls of the caller; some counts begin anew.
    pub(crate) fn counts(&mut self) -> Both {
        KINDS.map(|kind| {
            let counts: Counts = self.caller.ask(&format!("counts {kind}"));
            self.since.slowest = self.since.slowest.max(Duration::from_millis(counts.slowest_ms));
            for (why, count) in &counts.why {
                *self.since.why.entry(format!("{kind}: {why}")).or_default() += count;
            }
            counts
        })
    }

    /// The slowest, and the errors, since this was asked last.
    pub(crate) fn since(&mut self) -> Since {
        self.counts();
        std::mem::take(&mut self.since)
    }

    /// The master that the caller sees, and its epoch, once that is at least `from`.
    pub(crate) fn master(&mut self, from: u64) -> (String, u64) {
        until("the caller to see a master", || {
            let seen: Vec<(String, u64)> = self.caller.ask("masters");
            seen.into_iter().find(|(_, epoch)| *epoch >= from)
        })
    }

    /// Waits until all see all, and each counter and the master answer the caller; how long that took.
    pub(crate) fn settle(&mut self) -> Duration {
        let started = Instant::now();
        self.views();
        let names: BTreeSet<_> = self.nodes.keys().cloned().collect();
        let _ = self.counts();
        let (mut answered, mut acted) = (BTreeSet::new(), 0);
        until("each counter and the master to answer", || {
            let [counter, ledger] = self.counts();
            answered.extend(counter.by.into_keys());
            acted += ledger.by.values().sum::<u64>();
            (names.is_subset(&answered) && acted > 5).then_some(())
        });
        started.elapsed()
    }

    /// Waits until all see all, and nobody else.
    pub(crate) fn views(&mut self) {
        let mut members: Vec<_> = self.nodes.values().map(Member::counter).collect();
        members.push(Member::caller(&self.caller));
        let wanted: Vec<_> = members.iter().collect();
        for node in self.nodes.values_mut().chain([&mut self.caller]) {
            await_view(node, &wanted);
        }
    }

    /// Waits until the calls that the caller has made so far have ended.
    pub(crate) fn await_calls(&mut self) {
        let made = self.counts().map(|it| it.made);
        until("calls that were made to end", || {
            self.counts().iter().zip(made).all(|(now, made)| now.ended >= made).then_some(())
        });
    }

    /// Ends all calls and compares what callers were told with what was done; what is not true.
    pub(crate) fn compare(&mut self) -> Vec<String> {
        let mut wrong = std::mem::take(&mut self.vault.lock().wrong);
        let mut told = Vec::new();
        for node in self.nodes.values_mut().chain([&mut self.caller]) {
            node.ask::<((), ())>("stop");
            for kind in KINDS {
                // One or two may be made after the order to stop.
                let outcomes = until("the last calls to end", || {
                    let outcomes: String = node.ask(&format!("outcomes {kind}"));
                    (!outcomes.as_bytes().contains(&PENDING)).then_some(outcomes)
                });
                told.push((kind, node.ask::<String>(&format!("prefix {kind}")), outcomes));
            }
        }
        let (mut counted, mut acts) = (Times::default(), Times::default());
        counted.read(self.folder.path(), "record");
        acts.read(self.folder.path(), "acts");
        let kept = self.vault.lock();
        for (kind, prefix, outcomes) in told {
            for (number, outcome) in outcomes.bytes().enumerate() {
                let (begun, done) = if kind == KINDS[0] {
                    (counted.of(&prefix, number), counted.of(&prefix, number))
                } else {
                    (acts.of(&prefix, number), kept.written.of(&prefix, number))
                };
                let truth = match outcome {
                    DONE => begun == 1 && done == 1,
                    NOT_EXECUTED => begun == 0 && done == 0,
                    MAYBE_EXECUTED => begun <= 1 && done <= 1,
                    // Fenced: it began, and wrote nothing.
                    _ => begun == 1 && done == 0,
                };
                if !truth && wrong.len() < 20 {
                    let outcome = char::from(outcome);
                    wrong.push(format!("the call {prefix}.{number} was begun {begun} and done {done} times, and its caller was told {outcome}"));
                }
            }
        }
        for repeated in [counted.repeated(), acts.repeated(), kept.written.repeated()].concat() {
            wrong.push(format!("done more than once: {repeated}"));
        }
        wrong
    }
}

/// In milliseconds or seconds, as a reader wants it.
pub(crate) fn short(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// The reasons of failed calls, in one line.
pub(crate) fn reasons(why: &BTreeMap<String, u64>) -> String {
    let all: Vec<_> = why.iter().map(|(why, count)| format!("{count} {why}")).collect();
    if all.is_empty() { "none".into() } else { all.join(", ") }
}

/// Adds reasons of failed calls.
pub(crate) fn add(all: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (why, count) in more {
        *all.entry(why.clone()).or_default() += count;
    }
}
