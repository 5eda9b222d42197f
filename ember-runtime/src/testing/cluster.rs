//! Describing a simulated cluster, and running it.

use std::{cell::RefCell, collections::BTreeMap, fmt, future::Future, ops::RangeInclusive, rc::Rc, time::Duration};

use super::{
    command::Commands,
    hosts::{Build, HOST, Host, Ledger, Process, RegistryHost},
    network::{Kernel, SimNetwork, Sockets, Weather},
    sim::Sim,
    trace::Recorder,
    values,
};
use crate::{node::NodeBuilder, rng::Rng};

/// Where the body of the test runs.
const TEST: &str = "test";

/// A cluster to be simulated: its nodes, its registry, and the network between them.
///
/// Defaults: packets take 1 ms to 5 ms, none is lost, leases live 5 s, and a run may take a virtual hour.
#[must_use = "end with `.run(…)`"]
pub struct Cluster {
    seed: u64,
    latency: RangeInclusive<Duration>,
    tick: Duration,
    loss: f64,
    ttl: Duration,
    limit: Duration,
    kept_records: Option<u64>,
    ledger: Ledger,
    nodes: BTreeMap<String, Build>,
}

impl Cluster {
    /// A cluster all of whose random decisions come from `seed`.
    pub fn seed(seed: u64) -> Self {
        Self {
            seed,
            latency: Duration::from_millis(1)..=Duration::from_millis(5),
            tick: Duration::from_millis(1),
            loss: 0.0,
            ttl: Duration::from_secs(5),
            limit: Duration::from_secs(60 * 60),
            kept_records: None,
            ledger: Ledger::default(),
            nodes: BTreeMap::new(),
        }
    }

    /// How long packets take: at least, and at most. Whole milliseconds, from 1, to an hour.
    ///
    /// # Panics
    /// If it is something else.
    #[track_caller]
    pub fn latency(mut self, latency: RangeInclusive<Duration>) -> Self {
        values::latencies(&latency);
        self.latency = latency;
        self
    }

    /// Packets arrive at whole ticks: 1 ms by default, and whole milliseconds. A tick costs a microsecond or two for every host,
    /// whether anything happens in it or not, so that a quiet cluster takes a third of the time in ticks of 10 ms. Timers within a
    /// host stay exact; how long a packet takes is rounded up.
    ///
    /// # Panics
    /// If it is below 1 ms, above 1 s, or not in whole milliseconds.
    #[track_caller]
    pub fn tick(mut self, tick: Duration) -> Self {
        values::tick(tick);
        self.tick = tick;
        self
    }

    /// The share of packets that are lost, 0 to 1; TCP sends them again.
    ///
    /// # Panics
    /// If it is something else.
    #[track_caller]
    pub fn loss(mut self, share: f64) -> Self {
        values::loss(share);
        self.loss = share;
        self
    }

    /// How long the registry keeps a node after its last sign of life; whole seconds, from 2, to a year.
    ///
    /// # Panics
    /// If it is something else.
    #[track_caller]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        values::ttl(ttl);
        self.ttl = ttl;
        self
    }

    /// How much virtual time a run may take; then it panics.
    pub fn limit(mut self, limit: Duration) -> Self {
        values::limit(limit);
        self.limit = limit;
        self
    }

    /// Members of replicated groups keep so many records of their log, from 1; 65,536 as everywhere by default. Whoever is further behind learns the whole state:
    /// with few, what takes a group hours comes in seconds.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn kept_records(mut self, records: u64) -> Self {
        values::kept_records(records);
        self.kept_records = Some(records);
        self
    }

    /// Adds a node. `build` describes it at each of its starts: its services and options. Name, seed, network, registry,
    /// lease and address are the simulation's.
    ///
    /// # Panics
    /// If the name is taken; `registry` and `test` are.
    pub fn node(mut self, name: &str, build: impl Fn(NodeBuilder) -> NodeBuilder + 'static) -> Self {
        assert!(![HOST, TEST].contains(&name), "`{name}` is a host of the simulation: choose another name");
        let taken = self.nodes.insert(name.into(), Rc::new(build)).is_some();
        assert!(!taken, "there are two nodes `{name}`");
        self
    }

    /// Has all calls written down; where.
    pub(super) fn counted(&self) -> Ledger {
        self.ledger.count();
        self.ledger.clone()
    }

    /// The nodes' names, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.nodes.keys().cloned().collect()
    }

    /// Runs the simulation: the nodes start, then the body of the test, and when that ends everything does.
    ///
    /// # Panics
    /// If the body does, with its message; if a node does not start; if the limit is passed.
    pub fn run<T, F, B>(self, body: F) -> T
    where
        T: 'static,
        F: FnOnce(Sim) -> B + 'static,
        B: Future<Output = T> + 'static,
    {
        let rng = Rng::from_seed(self.seed);
        let mut sim = turmoil::Builder::new()
            .rng_seed(rng.u64())
            .enable_random_order()
            .tick_duration(self.tick)
            .min_message_latency(self.latency.start().saturating_sub(self.tick))
            .max_message_latency(self.latency.end().saturating_sub(self.tick))
            .tcp_capacity(1_024)
            .simulation_duration(self.limit)
            .build();
        let (weather, recorder) = (Weather::new(Rng::from_seed(rng.u64()), self.loss), Recorder::new());
        let network = |host: &str| SimNetwork {
            host: host.into(),
            weather: weather.clone(),
            recorder: recorder.clone(),
            sockets: Sockets::default(),
        };

        let kernel = |sim: &mut turmoil::Sim<'_>, host: &str| {
            let kernel = Kernel::new(network(host));
            let system = kernel.clone();
            sim.host(host, move || {
                let requests = system.open();
                let system = system.clone();
                async move {
                    system.run(requests).await;
                    Ok(())
                }
            });
            kernel
        };

        let registry = RegistryHost::new(kernel(&mut sim, HOST), Rng::from_seed(rng.u64()));
        let mut hosts = BTreeMap::new();
        for (name, build) in self.nodes {
            let build = keeping(build, self.kept_records);
            let kernel = kernel(&mut sim, &name);
            let host =
                Host::new(name.clone(), build, kernel, recorder.clone(), rng.u64(), self.ttl, self.ledger.clone());
            hosts.insert(name, host);
        }
        let all: Vec<_> =
            [&registry.process].into_iter().chain(hosts.values().map(|it| &it.process)).cloned().collect();
        let processes = Processes::start(all);
        let (commands, records) = (Commands::default(), recorder.clone());
        let usual = self.latency;
        let handle = Sim {
            hosts: Rc::new(hosts),
            registry,
            commands: commands.clone(),
            weather,
            recorder,
            usual,
            tick: self.tick,
            ledger: self.ledger,
        };
        let result = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&result);
        sim.client(TEST, async move {
            for host in handle.hosts.values() {
                if let Err(error) = handle.started(host).await {
                    panic!("{error}");
                }
            }
            let value = body(handle).await;
            *slot.borrow_mut() = Some(value);
            Ok(())
        });
        let _named = Named(self.seed);
        drive(&mut sim, &commands, &processes, self.tick, &records);
        let value = result.borrow_mut().take();
        value.expect("the body has ended")
    }
}

/// The description of a node whose members keep so many records.
fn keeping(build: Build, kept_records: Option<u64>) -> Build {
    Rc::new(move |builder| {
        let mut builder = build(builder);
        builder.clustered.kept_records = kept_records;
        builder
    })
}

/// Says which seed it was, when a test fails in it: whoever tries many has to know.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the simulation of seed {0} failed: `Cluster::seed({0})` gives the same run again", self.0);
        }
    }
}

/// All processes, which end before the hosts that they are on.
struct Processes(Vec<Rc<Process>>);

impl Processes {
    fn start(all: Vec<Rc<Process>>) -> Self {
        all.iter().for_each(|it| it.start(Duration::ZERO));
        Self(all)
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.0.iter().for_each(|it| it.end(Duration::ZERO));
    }
}

/// Steps until the body has ended.
fn drive(sim: &mut turmoil::Sim<'_>, commands: &Commands, processes: &Processes, tick: Duration, records: &Recorder) {
    loop {
        let began = sim.elapsed();
        match sim.step() {
            Ok(true) => return,
            // What a system received in this step its process has in it; what that sends leaves in the next.
            Ok(false) => {
                commands.run(sim);
                processes.0.iter().for_each(|it| it.step(began, tick));
            }
            Err(error) => match error.downcast::<tokio::task::JoinError>() {
                Ok(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Ok(error) => panic!("the simulation ended: {error}"),
                Err(error) => {
                    panic!("the simulation ended: {error}; the last that happened:\n{}", records.so_far().tail())
                }
            },
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("seed", &self.seed).field("nodes", &self.nodes.keys()).finish_non_exhaustive()
    }
}
