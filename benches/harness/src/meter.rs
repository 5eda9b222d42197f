//! Wall time, CPU time and allocations between two moments, of this process and of its server.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::{server::Server, unsafe_alloc};

/// CPU time and allocations of a process so far.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Used {
    pub(crate) cpu_ns: f64,
    pub(crate) allocations: f64,
    pub(crate) registry: f64,
}

static REGISTRY: AtomicU64 = AtomicU64::new(0);

/// Notes that this process did something with its cluster's registry, or heard from it.
pub fn registry_operation() {
    REGISTRY.fetch_add(1, Relaxed);
}

impl Used {
    pub(crate) fn so_far() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            cpu_ns: cpu.tv_sec as f64 * 1e9 + cpu.tv_nsec as f64,
            allocations: unsafe_alloc::counted().0 as f64,
            registry: REGISTRY.load(Relaxed) as f64,
        }
    }

    fn since(self, start: Self) -> Self {
        Self {
            cpu_ns: self.cpu_ns - start.cpu_ns,
            allocations: self.allocations - start.allocations,
            registry: self.registry, // since the process began
        }
    }
}

pub(crate) struct Meter<'a> {
    server: Option<(&'a Server, Used)>,
    allocated: u64,
    live: i64,
    used: Used,
    wall: Instant,
}

pub(crate) struct Measured {
    pub(crate) wall_ns: f64,
    pub(crate) cpu_ns: f64,
    pub(crate) allocations: f64,
    pub(crate) allocated: f64,
    pub(crate) live: f64,
    pub(crate) registry: f64,
    pub(crate) server: Used,
}

impl<'a> Meter<'a> {
    pub(crate) fn start(count: bool, server: Option<&'a Server>) -> Self {
        let server = server.map(|server| (server, server.used()));
        unsafe_alloc::count(count);
        let (_, allocated, live) = unsafe_alloc::counted();
        Self { server, allocated, live, used: Used::so_far(), wall: Instant::now() }
    }

    /// The end, of the counting too.
    pub(crate) fn stop(self) -> Measured {
        let measured = self.measured();
        unsafe_alloc::count(false);
        measured
    }

    /// What it has been so far.
    pub(crate) fn measured(&self) -> Measured {
        let wall_ns = self.wall.elapsed().as_nanos() as f64;
        let used = Used::so_far().since(self.used);
        let (_, allocated, live) = unsafe_alloc::counted();
        let server = self.server.map_or_else(Used::default, |(server, start)| server.used().since(start));
        Measured {
            wall_ns,
            cpu_ns: used.cpu_ns,
            allocations: used.allocations,
            allocated: (allocated - self.allocated) as f64,
            live: (live - self.live) as f64,
            registry: used.registry + server.registry,
            server,
        }
    }
}

/// Bytes of this process that are in memory.
pub(crate) fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(f64::NAN);
    pages * rustix::param::page_size() as f64
}
