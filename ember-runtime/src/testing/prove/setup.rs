//! What is to be proved, and how hard.

use std::{fmt, future::Future, rc::Rc, time::Duration};

use futures_util::{FutureExt, future::LocalBoxFuture};

use super::{
    check::{History, Model, NotLinearizable, linearizable},
    drawn::{self, Drawn, DrawnCall, DrawnResult},
    plan::Kind,
    user::User,
};
use crate::testing::Cluster;

pub(super) type Workload<Op, Out> = Rc<dyn Fn(User<Op, Out>) -> LocalBoxFuture<'static, ()>>;
pub(super) type Probe<Op, Out> = Rc<dyn Fn(User<Op, Out>) -> LocalBoxFuture<'static, Result<(), String>>>;
type Judge<Op, Out> = Box<dyn Fn(&History<Op, Out>, usize) -> Result<(), NotLinearizable>>;
type Invariant<Op, Out> = Box<dyn Fn(&History<Op, Out>) -> Result<(), String>>;

/// A proof by trial: see [`prove`] and the [module](super).
///
/// Defaults: 100 seeds, 3 users with 40 turns each in 10 s of virtual time, 1 to 8 faults of every kind, calls of 5 s and 50 ms more,
/// 70 s to be well again after the faults, a million steps of the search.
#[must_use = "end with `.run()`"]
pub struct Prove<Op, Out> {
    pub(super) cluster: Box<dyn Fn(u64) -> Cluster>,
    pub(super) workload: Option<Workload<Op, Out>>,
    pub(super) probe: Option<Probe<Op, Out>>,
    pub(super) judge: Option<Judge<Op, Out>>,
    pub(super) invariants: Vec<(String, Invariant<Op, Out>)>,
    pub(super) seeds: u64,
    pub(super) clients: usize,
    pub(super) calls: u32,
    pub(super) from: Option<Vec<String>>,
    pub(super) spared: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    pub(super) faults: usize,
    pub(super) span: Duration,
    pub(super) masters: bool,
    pub(super) deadline: Duration,
    pub(super) tolerance: Duration,
    pub(super) recovery: Duration,
    pub(super) effort: usize,
    pub(super) replay: Option<String>,
}

/// Begins a proof. `cluster` describes the cluster for a seed, anew for each run: what its nodes share (a disk, say) is made there.
pub fn prove<Op, Out>(cluster: impl Fn(u64) -> Cluster + 'static) -> Prove<Op, Out>
where
    Op: Clone + PartialEq + fmt::Debug + 'static,
    Out: Clone + PartialEq + fmt::Debug + 'static,
{
    Prove {
        cluster: Box::new(cluster),
        workload: None,
        probe: None,
        judge: None,
        invariants: Vec::new(),
        seeds: 100,
        clients: 3,
        calls: 40,
        from: None,
        spared: Vec::new(),
        kinds: Kind::ALL.to_vec(),
        faults: 8,
        span: Duration::from_secs(10),
        masters: false,
        deadline: Duration::from_secs(5),
        tolerance: Duration::from_millis(50),
        recovery: Duration::from_secs(70),
        effort: 1_000_000,
        replay: None,
    }
}

/// Refuses what would prove nothing.
#[track_caller]
fn positive(named: &str, is_some: bool, write: &str) {
    assert!(is_some, "`.{named}` cannot be nothing: {write}");
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl<Op, Out> Prove<Op, Out>
where
    Op: Clone + PartialEq + fmt::Debug + 'static,
    Out: Clone + PartialEq + fmt::Debug + 'static,
{
    /// What each user does, in a task on the host of its node.
    pub fn workload<F, W>(mut self, workload: F) -> Self
    where
        F: Fn(User<Op, Out>) -> W + 'static,
        W: Future<Output = ()> + 'static,
    {
        self.workload = Some(Rc::new(move |user| workload(user).boxed_local()));
        self
    }

    /// What the services do when calls come one after the other: the history of all users must be explained by it.
    pub fn model(mut self, model: impl Model<Op = Op, Out = Out> + 'static) -> Self {
        self.judge = Some(Box::new(move |history, steps| linearizable(&model, history, steps)));
        self
    }

    /// What must be true of each run's history, named for the message; the error says what is wrong.
    pub fn invariant(mut self, name: &str, holds: impl Fn(&History<Op, Out>) -> Result<(), String> + 'static) -> Self {
        self.invariants.push((name.into(), Box::new(holds)));
        self
    }

    /// Something that succeeds when the services serve. It is tried from the node of each user after the faults have ended and all
    /// nodes see each other, until it succeeds. What it calls by [`User::call`] is judged too: let it read what the workload wrote,
    /// and what was lost is found.
    pub fn probe<F, W, T, E>(mut self, probe: F) -> Self
    where
        F: Fn(User<Op, Out>) -> W + 'static,
        W: Future<Output = Result<T, E>> + 'static,
        E: fmt::Display,
    {
        self.probe = Some(Rc::new(move |user| {
            let probed = probe(user);
            async move { probed.await.map(drop).map_err(|error| error.to_string()) }.boxed_local()
        }));
        self
    }

    /// How many seeds, from 1 on; the environment variable `EMBER_PROVE_SEEDS` says otherwise: a number, or the
    /// first and the last, as in `2001-4000`. The time that a proof takes grows with them.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn seeds(mut self, seeds: u64) -> Self {
        positive("seeds(0)", seeds > 0, "write how many runs there are to be");
        self.seeds = seeds;
        self
    }

    /// How many users there are at a time.
    ///
    /// # Panics
    /// If it is 0, or over 1,000.
    #[track_caller]
    pub fn clients(mut self, clients: usize) -> Self {
        positive("clients(0)", clients > 0, "write how many users call at a time");
        assert!(
            clients <= 1_000,
            "`.clients({clients})` cannot be: a history of more than 1,000 users is never judged"
        );
        self.clients = clients;
        self
    }

    /// How many turns each user has, spread over the [`span`](Self::span).
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn calls(mut self, calls: u32) -> Self {
        positive("calls(0)", calls > 0, "write how many turns each user has");
        self.calls = calls;
        self
    }

    /// The nodes where users are, in turn. All, by default.
    ///
    /// # Panics
    /// If it is empty; when run, if there is no such node.
    #[track_caller]
    pub fn from(mut self, nodes: &[&str]) -> Self {
        positive("from(&[])", !nodes.is_empty(), "name the nodes where users are");
        self.from = Some(owned(nodes));
        self
    }

    /// Nodes that are neither killed nor restarted, for what does not outlive its process and is not meant to. Their network fails
    /// as everybody's.
    ///
    /// # Panics
    /// When run, if there is no such node.
    pub fn spare(mut self, nodes: &[&str]) -> Self {
        self.spared = owned(nodes);
        self
    }

    /// The kinds of faults that may happen. All, by default; none for none.
    pub fn only(mut self, kinds: &[Kind]) -> Self {
        self.kinds = kinds.to_vec();
        self
    }

    /// How many faults a run has at most; it has at least one, if that is not 0.
    pub fn faults(mut self, most: usize) -> Self {
        self.faults = most;
        self
    }

    /// The virtual time in which users take their turns and faults begin.
    ///
    /// # Panics
    /// If it is below 1 ms or over a day.
    #[track_caller]
    pub fn span(mut self, span: Duration) -> Self {
        let able = Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);
        assert!(
            able.contains(&span),
            "`.span({span:?})` cannot be: write a time from 1 ms to a day; 10 s is the default"
        );
        self.span = span;
        self
    }

    /// In half of the runs faults come together around whoever is the master of an elected group then: it is cut off and ends, the next one
    /// ends too, the registry takes back a set of those in sync. For elected and replicated services; with it a plan names `*master`, and two others
    /// of the group as `*slave` and `*other`. Not by default.
    pub fn around_masters(mut self) -> Self {
        self.masters = true;
        self
    }

    /// How long a call may take: the longest time-out in the workload. 5 s is that of a call of which nothing else is said.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How much later than its deadline a call may end.
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// How long it may take after the end of the last fault until all nodes run, until they see each other, and until the probe
    /// succeeds: each of these.
    pub fn recovers_within(mut self, recovery: Duration) -> Self {
        self.recovery = recovery;
        self
    }

    /// The steps of the search for each key of the model: see [`linearizable`].
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn effort(mut self, steps: usize) -> Self {
        positive("effort(0)", steps > 0, "write how many steps the search may take; a million is the default");
        self.effort = steps;
        self
    }

    /// Runs only this, as `EMBER_PROVE` does and before it: the line of a failure that was repaired, kept as a test of its own.
    pub fn replay(mut self, line: &str) -> Self {
        self.replay = Some(line.into());
        self
    }
}

impl Prove<DrawnCall, DrawnResult> {
    /// Calls that are drawn take the place of a workload: in each turn a user calls some method that the cluster's services have for other
    /// nodes, by name, with arguments that its schema allows. What is judged then is what holds for all services: deadlines, what calls did
    /// against what their callers were told, views, and whether the nodes start again. A model or invariants can be added.
    pub fn draw(self, bounds: Drawn) -> Self {
        self.workload(move |user| drawn::work(user, bounds.clone()))
    }
}

impl<Op, Out> fmt::Debug for Prove<Op, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, clients, calls, faults, .. } = self;
        write!(f, "Prove {{ {seeds} seeds, {clients} users with {calls} turns, up to {faults} faults }}")
    }
}
