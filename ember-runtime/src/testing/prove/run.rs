//! One run of one scenario, and its judgement.

use std::{
    cell::{Cell, RefCell},
    mem,
    rc::Rc,
    time::Duration,
};

use futures_util::future::{join, join_all};
use tokio::time::{sleep, timeout};

use super::{
    check::{History, NotLinearizable},
    effects,
    failed::{Failure, Kind},
    masters,
    patience::waiting_now_and_then,
    plan::{Faults, Scenario},
    setup::{Probe, Prove, Workload},
    user::{Log, Record, User},
};
use crate::{
    message::MethodRef,
    panics::{attempt, outlived},
    rng::Rng,
    testing::{
        Sim, Trace,
        hosts::{Ledger, State},
    },
};

/// How often what is waited for is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How often the probe is tried.
const AGAIN: Duration = Duration::from_millis(100);

/// What came of a run.
#[derive(Debug)]
pub(super) struct Ran<Op, Out> {
    pub(super) history: History<Op, Out>,
    /// None if it panicked.
    pub(super) trace: Option<Trace>,
    pub(super) failure: Option<Failure>,
}

/// Has a run, and judges it.
pub(super) fn run<Op: 'static, Out: 'static>(setup: &Prove<Op, Out>, scenario: &Scenario) -> Ran<Op, Out> {
    let record = Record::<Op, Out>::default();
    let mut ledger = Ledger::default();
    let stage = Stage::new(setup, scenario, Rc::clone(&record));
    let played = attempt(|| {
        let cluster = (setup.cluster)(scenario.seed);
        ledger = cluster.counted();
        cluster.run(move |sim| stage.play(sim))
    });
    let log = mem::take(&mut *record.borrow_mut());
    let (trace, played) = match played {
        Ok((trace, played)) => (Some(trace), played.err()),
        Err(panic) => (None, Some(Failure::new(Kind::Panicked, format!("the run panicked: {panic}")))),
    };
    let first = |failure: &Failure| matches!(failure.kind, Kind::Panicked | Kind::Late);
    let failure = match played {
        Some(failure) if first(&failure) => Some(failure),
        // What users saw explains more than what the cluster is in.
        later => judged(setup, &log).and_then(|()| counted(&ledger, &scenario.faults)).err().or(later),
    };
    Ran { history: log.history, trace, failure }
}

/// What callers were told, against what was done.
fn counted(ledger: &Ledger, faults: &Faults) -> Result<(), Failure> {
    let calls = ledger.calls();
    let wrong = |kind, what: Option<String>| what.map_or(Ok(()), |what| Err(Failure::new(kind, what)));
    wrong(Kind::Counted, effects::wrong(&calls, &ledger.repeatable()))?;
    wrong(Kind::Masters, masters::wrong(&calls, faults))
}

fn judged<Op, Out>(setup: &Prove<Op, Out>, log: &Log<Op, Out>) -> Result<(), Failure> {
    let (most, history) = (setup.deadline + setup.tolerance, &log.history);
    for (call, stood) in history.calls().iter().zip(&log.stood) {
        let took = call.ended.map(|end| end.at.saturating_sub(call.began.at)).unwrap_or_default();
        if took.saturating_sub(*stood) > most {
            let (client, at) = (&call.client, call.began.at);
            let what = format!(
                "a call of {client}, begun at {at:?}, took {took:?}: its deadline and the tolerance are {most:?}"
            );
            return Err(Failure::new(Kind::Late, what));
        }
    }
    if let Some(judge) = &setup.judge {
        judge(history, setup.effort).map_err(|why| {
            let undecided = matches!(why, NotLinearizable::Undecided { .. });
            Failure::new(if undecided { Kind::Undecided } else { Kind::NotLinearizable }, why.to_string())
        })?;
    }
    setup.invariants.iter().try_for_each(|(name, holds)| {
        let broken = |why| Failure::new(Kind::Invariant, format!("`{name}` does not hold: {why}"));
        holds(history).map_err(broken)
    })
}

/// All that the body of a simulation needs.
struct Stage<Op, Out> {
    scenario: Scenario,
    from: Option<Vec<String>>,
    workload: Workload<Op, Out>,
    probe: Option<Probe<Op, Out>>,
    record: Record<Op, Out>,
    pace: Duration,
    /// What can be called.
    catalogue: RefCell<Rc<[(String, MethodRef)]>>,
    deadline: Duration,
    recovery: Duration,
    /// When users have ended, if nothing hangs.
    limit: Duration,
}

impl<Op: 'static, Out: 'static> Stage<Op, Out> {
    fn new(setup: &Prove<Op, Out>, scenario: &Scenario, record: Record<Op, Out>) -> Self {
        let workload = setup.workload.clone().expect("it was looked at before");
        // The same for fewer turns, so that these come at the same times.
        let pace = setup.span / setup.calls;
        let turn = pace * 2 + (setup.deadline + setup.tolerance) * 4;
        let limit = scenario.faults.end() + turn.saturating_mul(scenario.calls) + setup.recovery;
        let (from, probe, scenario) = (setup.from.clone(), setup.probe.clone(), scenario.clone());
        let (catalogue, deadline) = (RefCell::new(Rc::default()), setup.deadline);
        Self { scenario, from, workload, probe, record, pace, catalogue, deadline, recovery: setup.recovery, limit }
    }

    async fn play(self, sim: Sim) -> (Trace, Result<(), Failure>) {
        let played = self.acts(&sim).await;
        (sim.trace(), played)
    }

    async fn acts(&self, sim: &Sim) -> Result<(), Failure> {
        let nodes: Vec<String> = sim.hosts.keys().cloned().collect();
        let from = self.from.as_ref().unwrap_or(&nodes);
        self.converged(sim, "before the first fault").await?;
        *self.catalogue.borrow_mut() = sim.catalogue().into();
        sim.ledger.note_repeatable(self.catalogue.borrow().iter().filter(|(_, method)| method.idempotent).cloned());
        let users =
            (0..self.scenario.clients).zip(from.iter().cycle()).map(|(number, node)| self.user(sim, number, node));
        let (ended, ()) = join(timeout(self.limit, join_all(users)), self.scenario.faults.apply(sim)).await;
        let Ok(ended) = ended else {
            return Err(Failure::new(Kind::Late, self.hanging()));
        };
        ended.into_iter().collect::<Result<(), _>>()?;
        sim.note("all faults have ended");
        for node in &nodes {
            self.started(sim, node).await?;
        }
        tokio::select! {
            biased;
            recovered = self.recovers(sim, from) => recovered,
            () = sim.operate() => Ok(()),
        }
    }

    async fn recovers(&self, sim: &Sim, from: &[String]) -> Result<(), Failure> {
        self.converged(sim, "after the faults have ended").await?;
        if let Some(probe) = &self.probe {
            for node in from.iter().take(self.scenario.clients) {
                self.served(sim, node, probe).await?;
            }
        }
        self.in_sync(sim).await
    }

    /// Until all instances of replicated groups are in sync.
    async fn in_sync(&self, sim: &Sim) -> Result<(), Failure> {
        let until = sim.elapsed() + self.recovery;
        while let Some(lacking) = sim.lacking() {
            if sim.elapsed() > until {
                let what = format!("not all are in sync {:?} after the faults have ended: {lacking}", self.recovery);
                return Err(Failure::new(Kind::NotInSync, what));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn rng(&self, number: usize) -> Rng {
        Rng::from_seed(self.scenario.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number as u64))
    }

    /// A user's life; its lives, if its node is killed.
    async fn user(&self, sim: &Sim, number: usize, node: &str) -> Result<(), Failure> {
        let (rng, turns) = (self.rng(number), Rc::new(Cell::new(self.scenario.calls)));
        for life in 1.. {
            let name = if life == 1 { format!("{node}#{number}") } else { format!("{node}#{number}.{life}") };
            let (record, rng, turns) = (Rc::clone(&self.record), rng.clone(), Rc::clone(&turns));
            let (workload, pace, process) = (Rc::clone(&self.workload), self.pace, Rc::clone(sim.process(node)));
            let endless = sim.host(node).endless.clone();
            let (catalogue, deadline) = (Rc::clone(&self.catalogue.borrow()), self.deadline);
            let work = sim.on(node, move |node| async move {
                let who = name.clone();
                let mut work = workload(User { node, name, record, rng, turns, pace, process, catalogue, deadline });
                waiting_now_and_then(outlived(work.as_mut()), &who, &endless).await
            });
            match work.await {
                Ok(Ok(())) => break,
                Ok(Err(panic)) => {
                    let what =
                        format!("the workload of {node}#{number} panicked: {}", crate::panics::Panic::from(panic));
                    return Err(Failure::new(Kind::Panicked, what));
                }
                Err(_killed) => {}
            }
            while sim.view(node).is_none() {
                // Its start may have been given up while the registry was away.
                if matches!(&*sim.host(node).state.borrow(), State::Failed(_)) {
                    drop(sim.start(node).await);
                }
                sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Until the node runs: it may have been tried in vain while the registry was away.
    async fn started(&self, sim: &Sim, node: &str) -> Result<(), Failure> {
        let until = sim.elapsed() + self.recovery;
        while sim.view(node).is_none() {
            let outcome = sim.start(node).await;
            if sim.elapsed() > until {
                let what = format!(
                    "{node} does not start within {:?} after the faults have ended: {outcome:?}",
                    self.recovery
                );
                return Err(Failure::new(Kind::NotStarted, what));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn converged(&self, sim: &Sim, when: &str) -> Result<(), Failure> {
        timeout(self.recovery, sim.settled()).await.map_err(|_| {
            let what = format!(
                "{when} the nodes do not come to see each other and nobody else within {:?}:{}",
                self.recovery,
                views(sim)
            );
            Failure::new(Kind::NotConverged, what)
        })
    }

    async fn served(&self, sim: &Sim, node: &str, probe: &Probe<Op, Out>) -> Result<(), Failure> {
        let until = sim.elapsed() + self.recovery;
        let mut last = "it has no end".to_owned();
        while sim.elapsed() <= until {
            let (probe, record) = (Rc::clone(probe), Rc::clone(&self.record));
            let (name, rng, turns, pace) =
                (format!("{node}, probing"), self.rng(1_000), Rc::new(Cell::new(1)), self.pace);
            let (process, endless) = (Rc::clone(sim.process(node)), sim.host(node).endless.clone());
            let (catalogue, deadline) = (Rc::clone(&self.catalogue.borrow()), self.deadline);
            let probed = sim.on(node, move |node| async move {
                let who = name.clone();
                let mut work = probe(User { node, name, record, rng, turns, pace, process, catalogue, deadline });
                waiting_now_and_then(outlived(work.as_mut()), &who, &endless).await
            });
            match timeout(until.saturating_sub(sim.elapsed()), probed).await {
                Ok(Ok(Ok(Ok(())))) => return Ok(()),
                Ok(Ok(Ok(Err(error)))) => last = error,
                Ok(Ok(Err(panic))) => {
                    let what = format!("the probe panicked on {node}: {}", crate::panics::Panic::from(panic));
                    return Err(Failure::new(Kind::Panicked, what));
                }
                Ok(Err(down)) => last = down.to_string(),
                Err(_elapsed) => break,
            }
            sleep(AGAIN).await;
        }
        let lacking = sim.lacking().map(|lacking| format!("\n{lacking}")).unwrap_or_default();
        let what = format!(
            "the services do not serve {node} within {:?} after the faults have ended: {last}{lacking}",
            self.recovery
        );
        Err(Failure::new(Kind::NotServed, what))
    }

    fn hanging(&self) -> String {
        let record = self.record.borrow();
        let open = record.history.calls().iter().filter(|call| call.ended.is_none());
        let open: Vec<_> = open.map(|call| format!("{} since {:?}", call.client, call.began.at)).collect();
        format!(
            "users have not ended {:?} after they began. Calls without an end: {open:?}. (A workload makes at most some calls in each \
             `user.turn().await`, and ends when that is `false`.)",
            self.limit
        )
    }
}

fn views(sim: &Sim) -> String {
    let seen = |node: &String| {
        let text = sim.view(node).map_or("is down".into(), |view| {
            let nodes: Vec<_> = view.nodes().map(|it| format!("{} ({})", it.name, it.key)).collect();
            format!("sees {} with {} services", nodes.join(", "), view.instances().len())
        });
        format!("\n  {node} {text}")
    };
    sim.hosts.keys().map(seen).collect()
}
