//! The command line that every binary of the benchmark takes.

use std::{path::PathBuf, time::Duration};

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::Workload;

/// What one run is to do.
#[derive(Debug, Clone)]
pub struct Args {
    /// Which configuration of the framework; empty for its default.
    pub variant: String,
    /// What to measure.
    pub workload: Workload,
    /// Threads of the runtime; 0 is the current-thread runtime.
    pub workers: usize,
    /// Callers at the same time.
    pub in_flight: usize,
    /// Bytes of an echo.
    pub payload: usize,
    /// About how long to measure.
    pub time: Duration,
    /// Exactly so many operations and no warm-up, instead of `time`: for profilers, which look at the difference of two runs.
    pub operations: Option<u64>,
    /// How many services to spawn.
    pub spawn: u64,
    /// Count allocations; the times of such a run are not to be used.
    pub count: bool,
    /// The only CPU that this process, and its server, may use.
    pub pin: Option<usize>,
    /// The service is in another process (for a binary that can do both).
    pub remote: bool,
    /// Services spawned on the node before measuring (Ember's growth).
    pub services: usize,
    /// Further nodes in the view (Ember's growth).
    pub nodes: usize,
    /// Instances of the service that the caller can choose from.
    pub instances: usize,
    /// Hooks that watch each call at its exit and at its entry (Ember).
    pub hooks: usize,
    /// This process is the server of another run; a folder that both share.
    pub server: Option<PathBuf>,
}

impl Args {
    /// From the command line.
    ///
    /// # Panics
    /// On arguments that it does not know: the runner writes them.
    #[must_use]
    pub fn from_env() -> Self {
        let mut args = Self {
            variant: String::new(),
            workload: Workload::Call,
            workers: 2,
            in_flight: 1,
            payload: 0,
            time: Duration::from_millis(300),
            operations: None,
            spawn: 100_000,
            count: false,
            pin: None,
            remote: false,
            services: 0,
            nodes: 0,
            instances: 1,
            hooks: 0,
            server: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} wants a value"));
            let number = |text: String| text.parse::<usize>().unwrap_or_else(|error| panic!("{word} {text}: {error}"));
            match word.as_str() {
                "--variant" => args.variant = value(),
                "--workload" => args.workload = value().parse().unwrap_or_else(|said| panic!("{said}")),
                "--workers" => args.workers = number(value()),
                "--in-flight" => args.in_flight = number(value()),
                "--payload" => args.payload = number(value()),
                "--ms" => args.time = Duration::from_millis(number(value()) as u64),
                "--operations" => args.operations = Some(number(value()) as u64),
                "--spawn" => args.spawn = number(value()) as u64,
                "--remote" => args.remote = true,
                "--count" => args.count = true,
                "--pin" => args.pin = Some(number(value())),
                "--services" => args.services = number(value()),
                "--nodes" => args.nodes = number(value()),
                "--instances" => args.instances = number(value()),
                "--hooks" => args.hooks = number(value()),
                "--server" => args.server = Some(value().into()),
                other => panic!("unknown argument {other}"),
            }
        }
        args
    }

    /// The runtime that was asked for; pins the process first if that was asked for too.
    ///
    /// # Panics
    /// If there are no threads to be had, or no such CPU.
    #[must_use]
    pub fn runtime(&self) -> tokio::runtime::Runtime {
        self.pin_process();
        let mut builder = if self.workers == 0 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(self.workers);
            builder
        };
        builder.enable_all().build().expect("a runtime")
    }

    /// Keeps this process on the CPU that was asked for, if one was.
    ///
    /// # Panics
    /// If there is no such CPU.
    pub fn pin_process(&self) {
        if let Some(cpu) = self.pin {
            let mut set = CpuSet::new();
            set.set(cpu);
            // New threads inherit it.
            sched_setaffinity(None, &set).expect("this CPU");
        }
    }
}
