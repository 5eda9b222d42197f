//! What a call tells of the instances that it asks: whether they answer, who hands its office over, and whether any can take it yet.

use std::sync::Arc;

use super::slow::Course;
use crate::{
    actor::ServiceState,
    call::{requests::Attempt, routes::Probe},
    directory::{self, BreakerState, Choice, Instance},
    error::{Failure, LostReason, RefusedReason},
    id::Pid,
};

impl Course {
    /// The master that was named, unless its breaker is open; with the probe that the call is then, if it is one.
    pub(super) fn admitted(&self, master: Arc<Instance>) -> Result<(Arc<Instance>, Option<Probe>), RefusedReason> {
        if master.breaker == BreakerState::Closed {
            return Ok((master, None));
        }
        let number = master.in_flight.begin().circuit.probe();
        let number = number.ok_or_else(|| directory::breaker_open(&self.target.address.selector, 1))?;
        let probe = Probe::new(&self.target.router, &master, number);
        Ok((master, Some(probe)))
    }

    /// What became of an attempt tells its breaker whether the instance answers.
    pub(super) fn learn(&mut self, instance: &Instance, attempted: &Attempt) {
        use RefusedReason::{LogFull, NotMaster, TooFewInSync};
        match (attempted, self.probe.take()) {
            (Attempt::Done, Some(probe)) => probe.answered(),
            (Attempt::Done, None) => instance.answered(),
            (Attempt::Failed(Failure::MaybeExecuted(reason)), Some(probe)) if reason.is_answer() => probe.answered(),
            (Attempt::Failed(Failure::MaybeExecuted(reason)), None) => {
                self.target.router.maybe_executed(instance, reason, self.begun)
            }
            // It says that it is not the master, or not any more: of all that is asked of it, that is the answer. Callers ask it again and again
            // until there is a master; some of them are on their way when their time is over.
            // The same for a master whose group is too small just then.
            (Attempt::Refused(NotMaster { .. } | TooFewInSync { .. } | LogFull { .. }), Some(probe)) => {
                probe.answered()
            }
            (Attempt::Refused(NotMaster { .. } | TooFewInSync { .. } | LogFull { .. }), None) => instance.answered(),
            // A probe that was not answered has failed.
            (Attempt::Failed(_) | Attempt::Refused(_), _) => {}
        }
    }

    /// Whether a key says which instance it is for.
    pub(super) fn is_placed(&self) -> bool {
        let choice = &self.target.address.selector.choice;
        matches!(*choice.for_key(self.options.contract_key()), Choice::ByKey(_))
    }

    /// Whether nobody can take the call any more: exactly one service was asked for, and it has ended, or takes no more before it does.
    pub(super) fn is_final(&self, reason: &RefusedReason) -> bool {
        self.target.address.selector.pid.is_some() && matches!(reason, RefusedReason::Stopped | RefusedReason::Retiring)
    }

    /// Whether one is about to start that has not refused: it does not retire, whoever else does.
    pub(super) fn one_starts(&self, excluded: &[Pid]) -> bool {
        let selector = &self.target.address.selector;
        let matching = self.target.router.directory().group(&selector.interest).matching(selector);
        let starts = |it: &Arc<Instance>| it.state == ServiceState::Starting && !self.target.router.retires(it.pid);
        matching.iter().any(|it| starts(it) && !excluded.contains(&it.pid))
    }

    /// Whether nobody else can be this one: exactly one service was asked for, and its process has ended.
    pub(super) fn is_over(&self, instance: &Instance) -> bool {
        let one = self.target.address.selector.pid.is_some();
        one && self.target.router.directory().is_deserted(instance.pid.node)
    }

    /// Why nobody is left: `refused` is what was said last, `none` what the view says now. A caller that has named nobody is told that there is
    /// no master: that the one that was asked is not it, is no mistake of the caller's.
    pub(super) fn none_left(&self, refused: Option<&RefusedReason>, none: &RefusedReason) -> RefusedReason {
        use RefusedReason::{NoMaster, NotMaster, Unreachable};
        let selector = &self.target.address.selector;
        match (refused, none) {
            (Some(refused @ NotMaster { .. }), _) if selector.names_some() => refused.clone(),
            (Some(NotMaster { .. }), Unreachable(_)) => directory::no_master_yet(selector),
            (Some(NotMaster { .. }), none) => none.clone(),
            // The one that refused is not the master any more.
            (Some(refused), NoMaster(_)) if refused.can_pass() => none.clone(),
            (refused, none) => refused.unwrap_or(none).clone(),
        }
    }

    /// Whether the instances that were named are not the master, and another is.
    pub(super) fn is_another(&self, reason: &RefusedReason) -> bool {
        let RefusedReason::NotMaster { master: Some(master), .. } = reason else { return false };
        // One that has just been elected names itself.
        self.place.as_ref().is_some_and(|it| it.pid != *master) && self.target.address.selector.names_some()
    }

    /// Whether it was the master that refused, which is paused: another is about to be elected.
    pub(super) fn is_handed_over(&self, reason: &RefusedReason) -> bool {
        let by_master = || self.place.as_ref().is_some_and(|it| it.epoch().is_some());
        *reason == RefusedReason::Paused && self.target.address.selector.pid.is_none() && by_master()
    }

    /// The instance that was asked last has not answered in time.
    pub(super) fn no_answer(&mut self) -> Failure {
        if let (None, Some(instance)) = (self.probe.take(), &self.place) {
            self.target.router.maybe_executed(instance, &LostReason::Deadline, self.begun);
        }
        LostReason::Deadline.into()
    }
}
