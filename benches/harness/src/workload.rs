//! What is measured.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One kind of work; how many callers, how large and on which runtime are arguments of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Workload {
    /// Each caller awaits a reply, then calls again.
    Call,
    /// The same, with a handler that awaits once before it answers.
    CallLater,
    /// The caller is on a thread that is no worker of the runtime.
    CallOutside,
    /// Calls with a payload that comes back.
    Echo,
    /// One way, by one sender; only what was handled counts.
    Send,
    /// Start services, then call each once.
    Spawn,
    /// Start nodes in one process, once; then wait until each sees all.
    Nodes,
    /// Spawn registered services on one node, once, until another node sees all.
    Register,
}

const NAMES: [(Workload, &str); 8] = [
    (Workload::Call, "call"),
    (Workload::CallLater, "call-later"),
    (Workload::CallOutside, "call-outside"),
    (Workload::Echo, "echo"),
    (Workload::Send, "send"),
    (Workload::Spawn, "spawn"),
    (Workload::Nodes, "nodes"),
    (Workload::Register, "register"),
];

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(workload, _)| workload == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(workload, _)| *workload)
            .ok_or_else(|| format!("unknown workload {text}"))
    }
}
