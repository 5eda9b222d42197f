//! The members of the bank's group, and what the registry's record says of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread::sleep,
    time::Duration,
};

use ember_tests::{
    embedded_node::private_folder,
    etcd_members::EtcdMembers,
    faults::{Configuration, FaultNode, Place},
    wait::until,
};
use serde_json::Value;
use tempfile::TempDir;

use super::CLUSTER;

/// What a process has sent arrives in this time, also on a busy machine.
const ARRIVES: Duration = Duration::from_millis(50);

/// The processes with an instance each.
pub(super) struct Group {
    program: String,
    place: Place,
    lease: Duration,
    members: BTreeMap<String, Run>,
    etcd: EtcdMembers,
    folder: TempDir,
    /// All that were seen.
    epochs: BTreeSet<u64>,
}

/// One run of a process.
struct Run {
    process: FaultNode,
    /// As the registry names it.
    incarnation: u64,
}

/// What the registry says of the group; members by the incarnations of their nodes.
#[derive(Debug, Default)]
struct Record {
    /// How often the set has changed.
    version: u64,
    set: BTreeSet<u64>,
    master: Option<u64>,
}

impl Group {
    /// Starts etcd; nothing else.
    pub(super) fn open(lease: Duration) -> Self {
        let etcd = EtcdMembers::start();
        let program = std::env::current_exe().expect("this program").to_string_lossy().into_owned();
        let (place, folder) = (Place::Etcd(etcd.addresses()), private_folder());
        Self { program, place, lease, members: BTreeMap::new(), etcd, folder, epochs: BTreeSet::new() }
    }

    fn launch(&self, name: &str, is_member: bool) -> FaultNode {
        let mut configuration = Configuration::new(name, &self.place, self.folder.path());
        (configuration.cluster, configuration.lease) = (CLUSTER.into(), self.lease);
        let configuration = if is_member { configuration } else { configuration.caller() };
        FaultNode::launch(&self.program, &configuration, self.folder.path())
    }

    /// Starts a process of users.
    pub(super) fn user(&self, name: &str) -> FaultNode {
        let mut user = self.launch(name, false);
        user.ready();
        user
    }

    /// Starts these members, all at once.
    pub(super) fn start(&mut self, names: &[&'static str]) {
        let launched: Vec<_> = names.iter().map(|name| (*name, self.launch(name, true))).collect();
        for (name, mut process) in launched {
            let said = process.ready().incarnation;
            let incarnation = u64::from_str_radix(&said, 16).expect("an incarnation");
            self.members.insert(name.into(), Run { process, incarnation });
        }
    }

    /// What the registry says now.
    fn record(&mut self) -> Record {
        let mut record = Record::default();
        for (key, value) in self.etcd.entries(&format!("/ember/{CLUSTER}/")) {
            let value: Value = serde_json::from_str(&value).unwrap_or_default();
            if key.contains("/masters/") {
                record.master = node_of(&value["pid"]);
            } else if key.contains("/epochs/") {
                let set = &value["group"]["set"];
                self.epochs.extend(value["epoch"].as_u64());
                record.version = set["version"].as_u64().unwrap_or_default();
                let members = set["members"].as_array().cloned().unwrap_or_default();
                record.set = members.iter().filter_map(|it| node_of(&it["pid"])).collect();
            }
        }
        record
    }

    /// The member that is the master, if it runs.
    pub(super) fn master(&mut self) -> Option<String> {
        let master = self.record().master?;
        self.members.iter().find(|(_, run)| run.incarnation == master).map(|(name, _)| name.clone())
    }

    /// Waits until the registry says that all members are in sync.
    pub(super) fn in_sync(&mut self) {
        let all: BTreeSet<u64> = self.members.values().map(|run| run.incarnation).collect();
        until("all members to be in sync", || (self.record().set == all).then_some(()));
    }

    /// Those of these that can be killed so that somebody who has all that was acknowledged lives. None of them runs on when this returns. The
    /// others do.
    ///
    /// They stand still before the record is read: what they have asked the registry for is in it.
    pub(super) fn hold(&mut self, mut victims: Vec<String>) -> Vec<String> {
        victims.iter().for_each(|name| self.freeze(name));
        // tidy: sleep: what is on its way to the registry arrives
        sleep(ARRIVES);
        let record = self.record();
        let lives = |name: &String| self.members.get(name).is_some_and(|run| record.set.contains(&run.incarnation));
        let living: Vec<_> = self.members.keys().filter(|name| lives(name)).cloned().collect();
        assert!(!living.is_empty(), "nobody of the last set lives: {record:?}");
        if living.iter().all(|name| victims.contains(name)) {
            let spared = &living[0];
            victims.retain(|name| name != spared);
            self.thaw(spared);
        }
        victims
    }

    /// How many epochs were seen, and how often the set of those in sync has changed.
    pub(super) fn history(&mut self) -> (usize, u64) {
        let version = self.record().version;
        (self.epochs.len(), version)
    }

    pub(super) fn kill(&mut self, names: &[String]) {
        for name in names {
            self.members.get_mut(name).expect("a member").process.kill();
        }
    }

    pub(super) fn freeze(&self, name: &str) {
        self.members[name].process.freeze();
    }

    pub(super) fn thaw(&self, name: &str) {
        self.members[name].process.thaw();
    }

    /// Where the logs are.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The logs stay.
    pub(super) fn keep_logs(&mut self) {
        self.folder.disable_cleanup(true);
    }
}

/// The incarnation of the node of an instance.
fn node_of(pid: &Value) -> Option<u64> {
    pid["node"]["incarnation"].as_u64()
}
