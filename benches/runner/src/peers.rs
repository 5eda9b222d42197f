//! The frameworks, and the configurations that are measured.

use harness::Workload;

use crate::work::{Side, Work};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ember as users get it.
    Ember,
    /// Ember in another configuration: shown, not judged.
    EmberVariant,
    /// What Ember is compared with.
    Peer,
    /// What no framework can be: no supervision, no routing, nothing but the bytes.
    Floor,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Framework {
    /// In tables.
    pub(crate) name: &'static str,
    /// Its binary is `bench-<package>`.
    pub(crate) package: &'static str,
    /// The crate whose version is shown.
    pub(crate) versions: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) role: Role,
    pub(crate) side: Side,
    can: fn(&Work) -> bool,
}

impl Framework {
    pub(crate) fn can(&self, work: &Work) -> bool {
        // Only Ember chooses and registers: elsewhere a caller knows one actor.
        let knows = !matches!(work.bar, "P12" | "P19") || self.name == EMBER;
        // The others refuse messages of 8 MiB unless they are told otherwise, or have no bound.
        let takes = work.bar != "P13" || matches!(self.package, "ember" | "tonic" | "tcp");
        self.side == work.side && knows && takes && (self.can)(work)
    }
}

pub(crate) const EMBER: &str = "Ember";
pub(crate) const EMBER_VEC: &str = "Ember, `Vec<u8>`";
pub(crate) const TONIC: &str = "tonic unary";
pub(crate) const TARPC: &str = "tarpc";
pub(crate) const RACTOR_CLUSTER: &str = "ractor_cluster";

const fn local(name: &'static str, package: &'static str, versions: &'static str, role: Role) -> Framework {
    Framework { name, package, versions, variant: "", role, side: Side::Local, can: everything }
}

const fn remote(name: &'static str, package: &'static str, versions: &'static str, role: Role) -> Framework {
    Framework { name, package, versions, variant: "", role, side: Side::Remote, can: everything }
}

fn everything(_: &Work) -> bool {
    true
}

fn echo(work: &Work) -> bool {
    work.workload == Workload::Echo
}

fn one_call(work: &Work) -> bool {
    work.workload == Workload::Call
}

fn send(work: &Work) -> bool {
    work.workload == Workload::Send
}

fn calls_at_once(work: &Work) -> bool {
    work.workload != Workload::CallLater
}

/// tarpc has nothing one way.
fn has_replies(work: &Work) -> bool {
    work.workload != Workload::Send
}

/// An actix system is one thread; a thread outside of it would have to bring a runtime.
fn one_thread(work: &Work) -> bool {
    work.workers == 0
}

fn two_arbiters(work: &Work) -> bool {
    work.workers > 0 && work.workload != Workload::CallOutside
}

fn many_or_large(work: &Work) -> bool {
    work.in_flight > 64 || work.payload > 0
}

pub(crate) const FRAMEWORKS: &[Framework] = &[
    local(EMBER, "ember", "ember", Role::Ember),
    Framework {
        variant: "pid",
        can: one_call,
        ..local("Ember, spawned, by pid", "ember", "ember", Role::EmberVariant)
    },
    Framework { variant: "elected", can: one_call, ..local("Ember, elected", "ember", "ember", Role::EmberVariant) },
    local("ractor", "ractor", "ractor", Role::Peer),
    local("kameo", "kameo", "kameo", Role::Peer),
    Framework { variant: "unbounded", can: send, ..local("kameo, unbounded mailbox", "kameo", "kameo", Role::Peer) },
    Framework { can: one_thread, ..local("actix", "actix", "actix", Role::Peer) },
    Framework { can: two_arbiters, ..local("actix, two arbiters", "actix", "actix", Role::Peer) },
    local("tokio channel", "tokio-channel", "tokio", Role::Floor),
    remote(EMBER, "ember", "ember", Role::Ember),
    Framework { variant: "Vec<u8>", can: echo, ..remote(EMBER_VEC, "ember", "ember", Role::EmberVariant) },
    Framework {
        variant: "flood",
        can: send,
        ..remote("Ember, sender without windows", "ember", "ember", Role::EmberVariant)
    },
    remote(TONIC, "tonic", "tonic", Role::Peer),
    Framework { variant: "tuned", can: many_or_large, ..remote("tonic unary, tuned", "tonic", "tonic", Role::Peer) },
    Framework { can: has_replies, ..remote(TARPC, "tarpc", "tarpc", Role::Peer) },
    Framework { variant: "inline", can: has_replies, ..remote("tarpc, inline", "tarpc", "tarpc", Role::Peer) },
    remote(RACTOR_CLUSTER, "ractor-cluster", "ractor_cluster", Role::Peer),
    Framework { can: calls_at_once, ..remote("raw TCP", "tcp", "tokio", Role::Floor) },
    Framework { variant: "yield", can: calls_at_once, ..remote("raw TCP, one yield", "tcp", "tokio", Role::Floor) },
];
