//! The workloads of the bars P1 to P9, P12, P13 and P19.

use std::borrow::Cow;

use harness::Workload;

/// Where the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// In the caller's process.
    Local,
    /// In another.
    Remote,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    /// ns of wall time per operation.
    Nanoseconds,
    /// Thousand operations per second.
    Rate,
    /// The median latency, in µs.
    Median,
    /// ms of wall time for all of it.
    Whole,
}

#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) bar: &'static str,
    /// No two have the same.
    pub(crate) name: Cow<'static, str>,
    pub(crate) side: Side,
    pub(crate) workload: Workload,
    /// 0: the current-thread runtime.
    pub(crate) workers: usize,
    pub(crate) in_flight: usize,
    pub(crate) payload: usize,
    /// Both processes on one CPU.
    pub(crate) same_cpu: bool,
    /// Services spawned before, and further nodes in the view.
    pub(crate) services: usize,
    pub(crate) nodes: usize,
    /// Instances that can be chosen; only Ember chooses.
    pub(crate) instances: usize,
    pub(crate) metric: Metric,
}

impl Work {
    pub(crate) const fn local(
        bar: &'static str,
        name: &'static str,
        workload: Workload,
        workers: usize,
        in_flight: usize,
    ) -> Self {
        Self {
            bar,
            name: Cow::Borrowed(name),
            side: Side::Local,
            workload,
            workers,
            in_flight,
            payload: 0,
            same_cpu: false,
            services: 0,
            nodes: 0,
            instances: 1,
            metric: Metric::Nanoseconds,
        }
    }

    pub(crate) const fn remote(
        bar: &'static str,
        name: &'static str,
        workload: Workload,
        in_flight: usize,
        payload: usize,
    ) -> Self {
        let mut work = Self::local(bar, name, workload, 2, in_flight);
        work.side = Side::Remote;
        work.payload = payload;
        work.metric = Metric::Rate;
        work
    }

    /// The same, with so many instances to choose from.
    const fn of_instances(mut self, instances: usize) -> Self {
        self.instances = instances;
        self
    }

    /// Done once, as a whole: so many nodes in one process, or registered services on one node.
    const fn once(bar: &'static str, name: &'static str, workload: Workload, nodes: usize, services: usize) -> Self {
        let mut work = Self::local(bar, name, workload, 2, 1);
        work.nodes = nodes;
        work.services = services;
        work.metric = Metric::Whole;
        work
    }

    const fn sequential(bar: &'static str, name: &'static str, workload: Workload) -> Self {
        let mut work = Self::remote(bar, name, workload, 1, 0);
        work.workers = 0;
        work.same_cpu = true;
        work.metric = Metric::Median;
        work
    }

    /// What the filter of the command line is compared with, together with the framework's name.
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.bar, self.name)
    }
}

pub(crate) const CALL: &str = "call, two workers";
pub(crate) const CALL_ONE: &str = "call, one thread";
pub(crate) const CALLS_64: &str = "64 callers, two workers";
pub(crate) const SEND: &str = "one way, two workers";
pub(crate) const SEND_ONE: &str = "one way, one thread";
pub(crate) const SPAWN: &str = "spawn 100,000 and call each, two workers";
pub(crate) const SPAWN_ONE: &str = "spawn 100,000 and call each, one thread";
pub(crate) const REMOTE_64: &str = "remote, 64 in flight";
pub(crate) const REMOTE_512: &str = "remote, 512 in flight";
pub(crate) const REMOTE_ONE: &str = "remote, sequential, same core";
pub(crate) const ECHO_4: &str = "remote, 4 KiB echo, 64 in flight";
pub(crate) const ECHO_64: &str = "remote, 64 KiB echo, 64 in flight";
pub(crate) const REMOTE_SEND: &str = "remote, one way";
pub(crate) const ECHO_1M: &str = "remote, 1 MiB echo, 8 in flight";
pub(crate) const ECHO_8M: &str = "remote, 8 MiB echo, 8 in flight";
pub(crate) const OF_1: &str = "call, 1 instance";
pub(crate) const OF_2: &str = "call, 2 instances";
pub(crate) const OF_16: &str = "call, 16 instances";
pub(crate) const OF_128: &str = "call, 128 instances";
pub(crate) const OF_1024: &str = "call, 1,024 instances";
pub(crate) const REMOTE_OF_1: &str = "remote, 64 in flight, 1 instance";
pub(crate) const REMOTE_OF_2: &str = "remote, 64 in flight, 2 instances";
pub(crate) const NODES: &str = "1,024 nodes with a service each, in one process";
pub(crate) const REGISTER: &str = "1,000 services registered on one node";

/// All of them, in the order of the table.
pub(crate) static WORKS: &[Work] = &[
    Work::local("P1", CALL, Workload::Call, 2, 1),
    Work::local("P1", CALL_ONE, Workload::Call, 0, 1),
    Work::local("P1", "call from a thread outside the runtime", Workload::CallOutside, 2, 1),
    Work::local("P1", "call, the handler awaits, two workers", Workload::CallLater, 2, 1),
    Work::local("P1", "call, the handler awaits, one thread", Workload::CallLater, 0, 1),
    Work::local("P2", CALLS_64, Workload::Call, 2, 64),
    Work::local("P2", "64 callers, one thread", Workload::Call, 0, 64),
    Work::local("P2", "64 callers, the handler awaits, two workers", Workload::CallLater, 2, 64),
    Work::local("P3", SEND, Workload::Send, 2, 1),
    Work::local("P3", SEND_ONE, Workload::Send, 0, 1),
    Work::local("P4", SPAWN, Workload::Spawn, 2, 1),
    Work::local("P4", SPAWN_ONE, Workload::Spawn, 0, 1),
    Work::remote("P5", REMOTE_64, Workload::Call, 64, 0),
    Work::remote("P5", "remote, 64 in flight, the handler awaits", Workload::CallLater, 64, 0),
    Work::remote("P6", REMOTE_512, Workload::Call, 512, 0),
    Work::sequential("P7", REMOTE_ONE, Workload::Call),
    Work::remote("P8", ECHO_4, Workload::Echo, 64, 4 << 10),
    Work::remote("P8", ECHO_64, Workload::Echo, 64, 64 << 10),
    Work::remote("P9", REMOTE_SEND, Workload::Send, 1, 0),
    Work::local("P12", OF_1, Workload::Call, 2, 1),
    Work::local("P12", OF_2, Workload::Call, 2, 1).of_instances(2),
    Work::local("P12", OF_16, Workload::Call, 2, 1).of_instances(16),
    Work::local("P12", OF_128, Workload::Call, 2, 1).of_instances(128),
    Work::local("P12", OF_1024, Workload::Call, 2, 1).of_instances(1_024),
    Work::remote("P12", REMOTE_OF_1, Workload::Call, 64, 0),
    Work::remote("P12", REMOTE_OF_2, Workload::Call, 64, 0).of_instances(2),
    Work::remote("P13", ECHO_1M, Workload::Echo, 8, 1 << 20),
    Work::remote("P13", ECHO_8M, Workload::Echo, 8, 8 << 20),
    Work::once("P19", NODES, Workload::Nodes, 1_024, 0),
    Work::once("P19", REGISTER, Workload::Register, 0, 1_000),
];
