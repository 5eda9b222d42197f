//! The place of a test: a registry, a folder for records and logs, and the nodes in it.

use std::{collections::BTreeSet, path::Path};

use tempfile::TempDir;
use tokio::time::{Duration, Instant};

use super::{Configuration, FaultNode, Place};
use crate::{
    embedded_node::private_folder,
    etcd_process::EtcdProcess,
    wait::{PATIENCE, until},
};

/// Which registry a scenario runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Embedded,
    /// etcd.
    Etcd,
}

/// A registry and a folder.
#[derive(Debug)]
pub struct Stage {
    program: &'static str,
    /// Also that of the embedded registry.
    folder: TempDir,
    /// The registry of the nodes.
    pub registry: Place,
    /// etcd, if it is that.
    pub etcd: Option<EtcdProcess>,
}

impl Stage {
    /// A new one; nodes are runs of `program`.
    pub fn new(program: &'static str, kind: Kind) -> Self {
        let folder = private_folder();
        let etcd = (kind == Kind::Etcd).then(EtcdProcess::start);
        let registry = match &etcd {
            Some(etcd) => Place::Etcd(vec![etcd.address()]),
            None => Place::Embedded(folder.path().into()),
        };
        Self { program, folder, registry, etcd }
    }

    /// A new one, with a registry that the test looks after.
    pub fn at(program: &'static str, registry: Place) -> Self {
        Self { program, folder: private_folder(), registry, etcd: None }
    }

    /// Where records and logs are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// etcd.
    ///
    /// # Panics
    /// If it is another registry.
    pub fn etcd(&mut self) -> &mut EtcdProcess {
        self.etcd.as_mut().expect("a stage with etcd")
    }

    /// The usual configuration of a node with a counter.
    pub fn configuration(&self, name: &str) -> Configuration {
        Configuration::new(name, &self.registry, self.folder())
    }

    /// Starts a node.
    pub fn launch(&self, configuration: &Configuration) -> FaultNode {
        FaultNode::launch(self.program, configuration, self.folder())
    }

    /// Starts a node with a counter, and waits until it is ready.
    pub fn counter(&self, name: &str) -> FaultNode {
        self.ready(&self.configuration(name))
    }

    /// Starts a node that only calls, and waits until it is ready.
    pub fn caller(&self, name: &str) -> FaultNode {
        self.ready(&self.configuration(name).caller())
    }

    /// Starts a node, and waits until it is ready.
    pub fn ready(&self, configuration: &Configuration) -> FaultNode {
        let mut node = self.launch(configuration);
        node.ready();
        node
    }
}

/// Waits until `observer` sees all of `present` with their counters, and nobody else; how long that took.
pub fn await_view(observer: &mut FaultNode, present: &[&Member]) -> Duration {
    let started = Instant::now();
    let wanted: BTreeSet<String> = present.iter().flat_map(|member| member.0.iter().cloned()).collect();
    let mut last = BTreeSet::new();
    while started.elapsed() < PATIENCE {
        last = observer.members();
        if last == wanted {
            return started.elapsed();
        }
        // tidy: sleep: between two looks, within a limit
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("`{}` was to see {wanted:?}, and sees {last:?}", observer.name());
}

/// What views say of a node: itself and its counter.
#[derive(Debug, Clone)]
pub struct Member(Vec<String>);

impl Member {
    /// A node with a counter.
    pub fn counter(node: &FaultNode) -> Self {
        Self(vec![node.member(), format!("counter {}", node.name())])
    }

    /// A node that has a sharded service as well.
    pub fn sharded(node: &FaultNode) -> Self {
        Self(vec![node.member(), format!("counter {}", node.name()), format!("shelf {}", node.name())])
    }

    /// A node without.
    pub fn caller(node: &FaultNode) -> Self {
        Self(vec![node.member()])
    }

    /// Whether it is in a view.
    pub fn is_in(&self, view: &BTreeSet<String>) -> bool {
        self.0.iter().all(|part| view.contains(part))
    }
}

/// Fails if one of `members`, once it was in the views of `observer`, ever was not.
///
/// # Panics
/// If so.
pub fn expect_no_flap(observer: &mut FaultNode, members: &[&Member]) {
    let views = observer.views();
    for member in members {
        let there: Vec<_> = views.iter().map(|view| member.is_in(view)).collect();
        let first = there.iter().position(|there| *there).expect("a member that was seen");
        assert!(
            there[first..].iter().all(|there| *there),
            "`{}` lost {member:?} for a while: {views:#?}",
            observer.name()
        );
    }
}

/// Waits until `done` holds for the calls of `caller`; how long that took.
pub fn await_calls(caller: &mut FaultNode, what: &str, done: impl Fn(&super::Summary) -> bool) -> Duration {
    let started = Instant::now();
    until(&format!("{what} (calls of `{}`)", caller.name()), || done(&caller.summary()).then_some(()));
    started.elapsed()
}
