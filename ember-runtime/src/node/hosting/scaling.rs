//! The workers of a service follow its load: who looks at it, and does what the engine decides.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::host::Services;
use crate::{
    actor::{AnyCell, Host as _, ServiceSpec, Workers},
    error::{Error, Result},
    event::Bus,
    scale::{Decision, Engine, Pace, Processor, Samples, Scale, Scaled},
};

/// Between two looks so many samples are taken, if that is not too often.
const SAMPLES: u32 = 10;
const SHORTEST: Duration = Duration::from_millis(1);

/// How a service is to be scaled.
///
/// # Errors
/// It has nothing to scale, or a value cannot be.
pub(super) fn check(spec: &ServiceSpec, scale: Option<&Scale>) -> Result<()> {
    let Some(scale) = scale else { return Ok(()) };
    let name = spec.name;
    if let Some(nothing) = nothing_to_scale(spec) {
        return Err(Error::Configuration(format!(
            "the service `{name}`: `.scale(…)` cannot be: {nothing}, or leave it out"
        )));
    }
    scale.check().map_err(|error| match error {
        Error::Configuration(why) => Error::Configuration(format!("the service `{name}`: {why}")),
        other => other,
    })
}

/// Why its workers are always as many, and what to write instead, if they are.
fn nothing_to_scale(spec: &ServiceSpec) -> Option<String> {
    let range = |workers: u16| format!("write from how many to how many there are, as in `workers = 1..={workers}`");
    match (spec.workers, spec.shards) {
        (Some((least, most)), _) if least < most => None,
        (_, 1) => Some("it has one shard, and never more to do than one worker does; write more `shards`, and `workers` from how many to how many".into()),
        (Some((workers, _)), shards) => {
            let most = if shards > 0 { shards } else { u16::MAX };
            Some(format!("it has {workers} workers, always; {}", range(workers.max(2).min(most))))
        }
        (None, 0) => Some(
            "it has no workers whose number could change; write `#[service(concurrent, workers = 2..=16)]`, and handlers run beside each \
             other, or `#[service(sharded, workers = 2..=16)]`, and its shards do"
                .into(),
        ),
        (None, shards) => {
            Some(format!("each of its {shards} shards has a worker of its own, always; {}", range(shards.min(16))))
        }
    }
}

impl Services {
    /// Scales a service from now on, until it has ended.
    pub(super) fn scale(&self, cell: &Arc<dyn AnyCell>, scale: Scale) {
        let scaling = Scaling { cell: Arc::clone(cell), bus: Arc::clone(&self.bus), is_real: self.is_watched() };
        self.router.runtime().spawn(scaling.run(scale));
    }
}

struct Scaling {
    cell: Arc<dyn AnyCell>,
    bus: Arc<Bus>,
    /// Time is not simulated, and nothing else has to be.
    is_real: bool,
}

impl Scaling {
    async fn run(self, scale: Scale) {
        let mut states = self.cell.states();
        tokio::select! {
            biased;
            _ended = states.wait_for(|state| state.has_ended()) => {}
            () = self.look_again_and_again(scale) => {}
        }
    }

    async fn look_again_and_again(&self, scale: Scale) {
        let Some(workers) = self.cell.workers() else { return };
        let Pace { every, .. } = scale.pace();
        let mut processor = (self.is_real && scale.asks_for_cpu()).then(Processor::new).flatten();
        let mut engine = Engine::new(scale, workers.bounds());
        let (began, mut panics) = (Instant::now(), false);
        loop {
            let samples = samples(workers, every).await;
            let cpu = processor.as_mut().and_then(Processor::share);
            let reading = samples.reading(began.elapsed(), workers.wait_p99().unwrap_or_default(), cpu);
            let decision = engine.look(workers.now(), reading);
            self.tell_of_panic(engine.panicked(), &mut panics);
            self.follow(workers, decision);
        }
    }

    /// Once for all in a row.
    fn tell_of_panic(&self, panic: Option<&str>, before: &mut bool) {
        if let Some(panic) = panic
            && !*before
        {
            let (service, pid) = (self.cell.name(), self.cell.pid());
            tracing::warn!(target: "ember::scale", service, %pid, panic, "a strategy of `Scale::by` panics: it has no say as long as it does");
        }
        *before = panic.is_some();
    }

    fn follow(&self, workers: &dyn Workers, decision: Decision) {
        let (service, pid) = (self.cell.name(), self.cell.pid());
        let Decision { from, to, step, why, reading, .. } = &decision;
        if decision.is_change() {
            workers.set(*to);
            tracing::info!(target: "ember::scale", service, %pid, from, to, why, "scaled");
        } else {
            tracing::debug!(target: "ember::scale", service, %pid, workers = to, ?step, why, ?reading, "looked at, and left as it is");
        }
        self.bus.publish(Scaled::new(pid, service, decision), None);
    }
}

async fn samples(workers: &dyn Workers, every: Duration) -> Samples {
    let between = (every / SAMPLES).max(SHORTEST);
    let (mut samples, until) = (Samples::default(), Instant::now() + every);
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        sleep(left.min(between)).await;
        samples.add(workers.busy(), workers.ready());
    }
    samples
}
