//! What one run says: one line of JSON.

use serde::{Deserialize, Serialize};

use crate::{Args, Workload, meter::Measured};

/// The outcome of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// What was measured.
    pub workload: Workload,
    /// Operations measured.
    pub operations: u64,
    /// Wall time of one operation, in ns.
    pub ns: f64,
    /// CPU time of one operation, user and system, in ns: of this process.
    pub cpu_ns: f64,
    /// The same of the server process.
    pub server_cpu_ns: f64,
    /// The run counted allocations: its times are not to be used.
    pub counted: bool,
    /// Allocations of one operation in this process.
    pub allocations: f64,
    /// Bytes allocated for one operation in this process.
    pub allocated: f64,
    /// Allocations of one operation in the server process.
    pub server_allocations: f64,
    /// Half of the calls took at most this long, in ns. Only with one caller in another process.
    pub p50_ns: Option<f64>,
    /// 99 in 100 calls took at most this long, in ns.
    pub p99_ns: Option<f64>,
    /// Bytes that one more idle service holds, by the allocator.
    pub idle_bytes: Option<f64>,
    /// The same by the resident set of the process.
    pub resident_bytes: Option<f64>,
    /// Messages that were sent and not handled, of all that were sent.
    pub lost: Option<f64>,
    /// What was done with the registry since the processes began, by both.
    pub registry: f64,
    /// Calls that ran on their caller, of all calls.
    pub short_path: Option<f64>,
    /// How long it took after the work until everybody knew of it, in ns. Only of what is done once.
    #[serde(default)]
    pub settled_ns: Option<f64>,
    /// Bytes that each of the things holds that were made, by the allocator. Only of what is done once.
    #[serde(default)]
    pub held_bytes: Option<f64>,
}

impl Run {
    pub(crate) fn new(args: &Args, operations: u64, measured: &Measured) -> Self {
        let each = |sum: f64| sum / operations.max(1) as f64;
        Self {
            workload: args.workload,
            operations,
            ns: each(measured.wall_ns),
            cpu_ns: each(measured.cpu_ns),
            server_cpu_ns: each(measured.server.cpu_ns),
            counted: args.count,
            allocations: each(measured.allocations),
            allocated: each(measured.allocated),
            server_allocations: each(measured.server.allocations),
            p50_ns: None,
            p99_ns: None,
            idle_bytes: None,
            resident_bytes: None,
            lost: None,
            registry: measured.registry,
            short_path: None,
            settled_ns: None,
            held_bytes: None,
        }
    }

    pub(crate) fn print(&self) {
        println!("{}", serde_json::to_string(self).expect("numbers and names"));
    }
}
