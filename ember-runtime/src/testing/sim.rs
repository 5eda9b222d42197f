//! What the body of a test has in its hands.

use std::{collections::BTreeMap, fmt, future::Future, ops::RangeInclusive, rc::Rc, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{sync::oneshot, time::sleep};

use super::{
    command::{Command, Commands},
    hosts::{HOST, Host, Ledger, NodeDown, RegistryHost, State, Work},
    network::Weather,
    trace::{Recorder, Trace, now},
    values,
};
use crate::{
    directory::View,
    error::{Error, Result},
    id::NodeKey,
    node::Node,
};

/// How often a condition on another host is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(1);

/// What the registry has when it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    /// What it had. Its leases live for their whole time from then on, as etcd's do.
    Kept,
    /// Nothing: revisions start anew.
    Empty,
}

/// A running simulation, as the body of the test sees it. Clones are the same one.
///
/// Hosts are named like their nodes; the registry's is `registry`. A name that is not there panics.
///
/// Time passes when futures wait: `tokio::time` and the conditions here are virtual.
#[derive(Clone)]
pub struct Sim {
    pub(super) hosts: Rc<BTreeMap<String, Rc<Host>>>,
    pub(super) registry: Rc<RegistryHost>,
    pub(super) commands: Commands,
    pub(super) weather: Weather,
    pub(super) recorder: Recorder,
    /// How long packets take, where nothing else was said.
    pub(super) usual: RangeInclusive<Duration>,
    pub(super) tick: Duration,
    pub(super) ledger: Ledger,
}

impl Sim {
    /// Starts `work` on the host of a node, as a task of that node's process would run: with its clock and its network. It
    /// begins at once, whether or not the future is awaited, and ends with the process.
    ///
    /// This is how calls are made: a client belongs to the host where its node runs.
    ///
    /// # Errors
    /// [`NodeDown`] if the node does not run, or is killed before the work is done.
    ///
    /// # Cancel safety
    /// The work goes on without the future.
    pub fn on<T, F, W>(
        &self,
        node: &str,
        work: F,
    ) -> impl Future<Output = std::result::Result<T, NodeDown>> + use<T, F, W>
    where
        T: 'static,
        F: FnOnce(Node) -> W + 'static,
        W: Future<Output = T> + 'static,
    {
        let (done, outcome) = oneshot::channel();
        let task: Work = Box::new(move |node| {
            let work = work(node);
            async move { drop(done.send(work.await)) }.boxed_local()
        });
        if let State::Up { work, .. } = &*self.host(node).state.borrow() {
            // More at once than fit is a test that waits for nothing.
            assert!(work.try_send(task).is_ok(), "too much work waits for the node `{node}`");
        }
        let down = NodeDown(node.into());
        async move { outcome.await.map_err(|_| down) }
    }

    /// Ends a node as a power switch on its process would: nothing is said to anybody, its connections are closed by its
    /// system. No effect if it does not run.
    pub async fn kill(&self, node: &str) {
        let host = Rc::clone(self.host(node));
        self.recorder.event(now(), format!("{node} is killed"));
        self.end(&host).await;
    }

    async fn end(&self, host: &Rc<Host>) {
        // The host's own handle keeps the node until the crash, as long as it can be given work: its tasks end with the host,
        // not one by one.
        let work = match host.state.replace(State::Down) {
            State::Up { work, .. } => Some(work),
            State::Down | State::Starting | State::Failed(_) => None,
        };
        host.kernel.close().await;
        self.commands.ask(Command::Crash(host.name.clone(), Rc::clone(&host.process))).await;
        drop(work);
    }

    /// Starts a node that was killed or shut down, from the closure that describes it, and waits until it is in the cluster.
    ///
    /// # Errors
    /// As [`NodeBuilder::start`](crate::node::NodeBuilder::start).
    pub async fn start(&self, node: &str) -> Result<()> {
        let host = Rc::clone(self.host(node));
        if matches!(&*host.state.borrow(), State::Up { .. } | State::Starting) {
            return Ok(());
        }
        if matches!(&*host.state.borrow(), State::Failed(_)) {
            self.end(&host).await;
        }
        *host.state.borrow_mut() = State::Starting;
        self.commands.ask(Command::Start(node.into(), Rc::clone(&host.process))).await;
        self.started(&host).await
    }

    pub(super) async fn started(&self, host: &Host) -> Result<()> {
        loop {
            match &*host.state.borrow() {
                State::Up { .. } => return Ok(()),
                State::Failed(error) => {
                    let cause = error.to_string();
                    return Err(Error::Configuration(format!("the node `{}` did not start: {cause}", host.name)));
                }
                State::Down => return Err(Error::Configuration(format!("the node `{}` was killed", host.name))),
                State::Starting => {}
            }
            sleep(LOOK).await;
        }
    }

    /// Shuts a node down as SIGTERM would. No effect if it does not run.
    ///
    /// # Cancel safety
    /// Dropped halfway, it leaves a node that is shutting down, and counts as running.
    ///
    /// # Errors
    /// As [`Node::shutdown`].
    pub async fn shutdown(&self, node: &str) -> Result<()> {
        let host = Rc::clone(self.host(node));
        let ended = self.on(node, |node| async move { node.shutdown().await }).await;
        self.recorder.event(now(), format!("{node} was shut down"));
        self.end(&host).await;
        ended.unwrap_or(Ok(()))
    }

    /// Shuts a node down and starts it again, as a deployment does.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown) and [`start`](Self::start).
    pub async fn restart(&self, node: &str) -> Result<()> {
        self.shutdown(node).await?;
        self.start(node).await
    }

    /// Swallows every packet between two hosts, those on their way too.
    pub fn partition(&self, a: &str, b: &str) {
        self.check(a, b);
        self.recorder.event(now(), format!("{a} and {b} are cut off from each other"));
        self.weather.cut(a, b);
        self.weather.cut(b, a);
        turmoil::partition(a, b);
    }

    /// Swallows every packet from one host to another; those back arrive.
    pub fn partition_one_way(&self, from: &str, to: &str) {
        self.check(from, to);
        self.recorder.event(now(), format!("{from} no longer reaches {to}"));
        self.weather.cut(from, to);
        turmoil::partition_oneway(from, to);
    }

    /// Ends what [`partition`](Self::partition) and [`partition_one_way`](Self::partition_one_way) did between two hosts.
    pub fn heal(&self, a: &str, b: &str) {
        self.check(a, b);
        self.recorder.event(now(), format!("{a} and {b} reach each other"));
        self.weather.mend(a, b);
        self.weather.mend(b, a);
        turmoil::repair(a, b);
    }

    /// From the next tick on each packet between two hosts takes `latency`, in each direction; whole milliseconds, from 1, to an
    /// hour.
    ///
    /// # Panics
    /// If it is something else.
    #[track_caller]
    pub fn latency(&self, a: &str, b: &str, latency: Duration) {
        values::latency(latency);
        self.check(a, b);
        self.recorder.event(now(), format!("packets between {a} and {b} take {latency:?}"));
        self.between(a, b, &(latency..=latency));
    }

    /// From the next tick on packets between two hosts take as long as the cluster says.
    pub(super) fn usual_latency(&self, a: &str, b: &str) {
        self.check(a, b);
        self.recorder.event(now(), format!("packets between {a} and {b} take the usual time"));
        self.between(a, b, &self.usual);
    }

    /// A tick of it is the way from a process to its system.
    fn between(&self, a: &str, b: &str, latency: &RangeInclusive<Duration>) {
        let [least, most] = [latency.start(), latency.end()].map(|it| it.saturating_sub(self.tick));
        drop(self.commands.ask(Command::Latency(a.into(), b.into(), least..=most)));
    }

    /// From now on this share (0 to 1) of all packets is lost, and sent again as TCP does.
    ///
    /// # Panics
    /// If it is something else.
    #[track_caller]
    pub fn loss(&self, share: f64) {
        values::loss(share);
        self.recorder.event(now(), format!("of all packets {share} are lost"));
        self.weather.set_loss(share);
    }

    /// Ends the registry: its connections are closed, new ones refused. For one that is silent, partition `registry`.
    pub fn registry_down(&self) {
        self.recorder.event(now(), "the registry is down".into());
        self.registry.down();
    }

    /// Brings the registry back.
    pub fn registry_up(&self, data: Registry) {
        self.recorder.event(now(), format!("the registry is back, its data: {data:?}"));
        self.registry.up(data == Registry::Kept);
    }

    /// What a node knows of the cluster now; `None` if it does not run.
    pub fn view(&self, node: &str) -> Option<Arc<View>> {
        match &*self.host(node).state.borrow() {
            State::Up { node, .. } => Some(node.view()),
            _ => None,
        }
    }

    /// Waits until all nodes that run see each other and nobody else, with their services. Their links need not be up: nodes
    /// connect when they first call each other, and after a partition a little later than they see each other. For that there is
    /// [`linked`](Self::linked).
    pub async fn settled(&self) {
        while !self.is_settled() {
            sleep(LOOK).await;
        }
    }

    /// Waits until two nodes see each other and the link between them is up at both ends; dials it, if nobody has. Then calls
    /// between them neither wait for it nor go elsewhere.
    pub async fn linked(&self, a: &str, b: &str) {
        let dial = |from: &str, to: &str| {
            let to = to.to_owned();
            self.on(from, |node| async move { node.linked(&to).await })
        };
        loop {
            // One that does not run may be started again.
            let outcomes = (dial(a, b).await, dial(b, a).await);
            // The second may have ended what the first had.
            if outcomes == (Ok(()), Ok(())) && self.is_linked(a, b) && self.is_linked(b, a) {
                return;
            }
            sleep(LOOK).await;
        }
    }

    fn is_linked(&self, from: &str, to: &str) -> bool {
        match &*self.host(from).state.borrow() {
            State::Up { node, .. } => node.is_linked(to),
            _ => false,
        }
    }

    fn is_settled(&self) -> bool {
        let running: Vec<_> = self
            .hosts
            .values()
            .filter_map(|host| match &*host.state.borrow() {
                State::Up { node, .. } => Some((node.key(), node.view())),
                _ => None,
            })
            .collect();
        // Those that a node keeps to itself nobody else sees.
        let seen = |view: &View| view.instances().iter().filter(|it| it.is_offered()).count();
        let own = |(key, view): &(NodeKey, Arc<View>)| {
            view.instances().iter().filter(|it| it.pid().node == *key && it.is_offered()).count()
        };
        let all: usize = running.iter().map(own).sum();
        running.iter().all(|(_, view)| {
            view.nodes().len() == running.len()
                && running.iter().all(|(key, _)| view.nodes().any(|node| node.key == *key))
                && seen(view) == all
        })
    }

    /// The virtual time since the simulation began.
    pub fn elapsed(&self) -> Duration {
        now()
    }

    /// Writes something into the trace.
    pub fn note(&self, what: impl Into<String>) {
        self.recorder.event(now(), what.into());
    }

    /// What has happened so far.
    pub fn trace(&self) -> Trace {
        self.recorder.so_far()
    }

    pub(super) fn host(&self, name: &str) -> &Rc<Host> {
        self.hosts.get(name).unwrap_or_else(|| {
            let known: Vec<_> = self.hosts.keys().collect();
            panic!("this simulation has no node `{name}`, only {known:?}: describe it with `Cluster::node`")
        })
    }

    fn check(&self, a: &str, b: &str) {
        for name in [a, b] {
            if name != HOST {
                let _known = self.host(name);
            }
        }
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("nodes", &self.hosts.keys()).finish_non_exhaustive()
    }
}
