//! From a request to its outcome: choose an instance, try it, and try another if that one certainly did nothing.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{
    parcel::{Arrived, Parcel, SlowCall},
    resolved,
};
use crate::{
    call::{
        reach::{Answered, Freight, calling},
        requests::{Attempt, HandedOver, Inherited, Options, Retry, Target, failed, waits},
        routes::{OpenCall, Probe},
    },
    directory::{self, Instance, Probing, Turn},
    error::{CallError, Failure, LostReason, RefusedReason},
    id::{Epoch, Pid},
    message::{Envelope, Stamp},
    planted::{Bug, planted},
    sync::{ordered, shielded},
};

/// The pause before all who have refused are asked again: this much at first, doubled up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Makes a call. Its first step takes it to the callee's mailbox, or to the link, if nothing is in the way. It ends at
/// `deadline` at the latest, if it has one already.
pub(crate) fn run(parcel: Parcel, inherited: Inherited, deadline: Option<Instant>) -> SlowCall {
    let Parcel { freight, target, options, policy, unfit } = parcel;
    let course = Course::new((freight, target, options), inherited, deadline);
    // tokio's timers and channels, which it waits for, see no waker of the user's.
    SlowCall::of(shielded(course.whole(policy, unfit)))
}

/// One call under way.
pub(crate) struct Course {
    pub(crate) target: Target,
    pub(super) options: Options,
    pub(super) inherited: Inherited,
    deadline: Instant,
    /// The instance that was asked last.
    pub(super) place: Option<Arc<Instance>>,
    /// When that was.
    pub(super) begun: Instant,
    pub(crate) handed_over: HandedOver,
    /// The highest epoch whose master was asked.
    pub(super) last_epoch: Option<Epoch>,
    /// Its place among the calls of its caller that look for the master.
    pub(super) turn: Option<Turn>,
    /// The master that was named by one that is not.
    pub(super) redirected: Option<Arc<Instance>>,
    /// Why nobody takes it, while it waits for that to pass.
    pub(super) waits: Option<RefusedReason>,
    /// Why the last link to the node of such an instance was not made.
    unreached: Option<(Pid, RefusedReason)>,
    /// Why it is not known whether an earlier attempt was executed, and who was asked.
    pub(crate) lost: Option<(LostReason, Option<Arc<Instance>>)>,
    /// The epoch in which the callee of that was the master, if the call has an id and goes to that one only.
    pub(super) lost_in: Option<Epoch>,
    /// Whether it is the probe of the instance that was asked last.
    pub(super) probe: Option<Probe>,
    /// Its number, if what became of it can be asked for.
    pub(super) call: Option<OpenCall>,
    /// Why that is asked just now.
    pub(super) asking: Option<LostReason>,
    /// It would be made again, and may not be.
    pub(crate) is_out_of_retries: bool,
    /// Dropped at last: that is code of the user's, and the call has given back by then what others wait for.
    pub(super) freight: Box<dyn Freight>,
}

impl Course {
    /// Before its first step.
    pub(super) fn new(
        (freight, target, options): (Box<dyn Freight>, Target, Options),
        inherited: Inherited,
        deadline: Option<Instant>,
    ) -> Self {
        let deadline = deadline.unwrap_or_else(|| inherited.deadline(&options));
        Self {
            freight,
            target,
            options,
            inherited,
            deadline,
            place: None,
            begun: deadline,
            handed_over: HandedOver::No,
            last_epoch: None,
            turn: None,
            redirected: None,
            waits: None,
            unreached: None,
            lost: None,
            lost_in: None,
            probe: None,
            call: None,
            asking: None,
            is_out_of_retries: false,
        }
    }

    async fn whole(mut self, policy: Option<Retry>, unfit: Option<CallError>) -> Arrived {
        let end = match unfit {
            Some(error) => Err(error),
            None => self.make(policy).await,
        };
        Arrived { freight: self.freight, target: self.target, end }
    }

    async fn make(&mut self, policy: Option<Retry>) -> Result<(), CallError> {
        let deadline = self.deadline;
        if deadline <= Instant::now() {
            // Not even tried, so that it is certain that nothing happened.
            return Err(self.describe(RefusedReason::Expired.into()));
        }
        if let Err(too_much) = self.inherited.check(&self.options, &self.target.keys) {
            return Err(self.describe(too_much.into()));
        }
        let settled = self.inherited.settles(deadline).await;
        settled.map_err(|reason| self.describe(reason.into()))?;
        let whole = async {
            self.freshen().await;
            match policy {
                None => self.without_policy().await,
                Some(policy) => self.repeat(policy).await,
            }
        };
        let outcome = match timeout_at(deadline, whole).await {
            Ok(outcome) => outcome,
            Err(_) if self.asking.is_some() => Err(self.asking.take().unwrap_or(LostReason::Deadline).into()),
            Err(_) if self.handed_over.is_so() => Err(self.no_answer()),
            Err(_) => Err(self.waits_for().unwrap_or(RefusedReason::Expired).into()),
        };
        let exhausted = self.is_out_of_retries;
        let described = |error: CallError| if exhausted { error.out_of_retries() } else { error };
        match (outcome, self.lost.take()) {
            (Ok(()), _) => Ok(()),
            // An earlier attempt may have been executed, whatever became of the last one.
            (Err(Failure::NotExecuted(_)), Some((lost, by))) => {
                self.place = by;
                Err(described(self.describe(lost.into())))
            }
            (Err(failure), _) => Err(described(self.describe(failure))),
        }
    }

    /// Asks one instance after another. As long as the call certainly did not run, its arguments are there.
    pub(crate) async fn run(&mut self) -> Result<(), Failure> {
        let mut excluded = Vec::new();
        // Whether nobody has given another reason, of those in `excluded`.
        let mut all_retire = true;
        let mut pause = MIN_PAUSE;
        let mut refused: Option<RefusedReason> = None;
        // Made when there is nobody left to ask; then every further round looks at the changes since the last.
        let mut changes: Option<ordered::Receiver<()>> = None;
        self.keep_order(false).await;
        loop {
            if let Some(changes) = &mut changes {
                changes.mark_unchanged();
            }
            let chosen = match self.redirected.take() {
                Some(master) => self.admitted(master),
                None => {
                    let key = self.options.contract_key();
                    resolved::choose(self.freight.kind(), &self.target, key, (&excluded, Probing::Probe))
                }
            };
            let instance = match chosen {
                Ok((instance, probe)) => {
                    self.probe = probe;
                    instance
                }
                Err(open @ RefusedReason::BreakerOpen(_)) => return Err(open.into()),
                Err(none) => {
                    // Nobody is left who has not refused already. If the view still lists somebody who may yet take the call,
                    // wait for the view to change, or a little, and ask all again.
                    use RefusedReason::{NoMaster, Retiring, Starting, Unreachable};
                    let known = matches!(none, Unreachable(_) | Starting | Retiring | NoMaster(_));
                    let reason = self.none_left(refused.as_ref(), &none);
                    if !known || !(waits(&reason) || self.is_handed_over(&reason)) || self.is_another(&reason) {
                        return Err(reason.into());
                    }
                    // One that waits for this call takes it never: it retires, or starts again, when its handler has ended.
                    if let Some(cycle) = self.cycle_among_matches() {
                        return Err(cycle.into());
                    }
                    // Those who have refused may not be seen to retire yet.
                    all_retire &= none == RefusedReason::Retiring || !excluded.is_empty();
                    let in_vain = all_retire && self.is_for_one_that_retires() && !self.one_starts(&excluded);
                    if self.is_final(&reason) || in_vain {
                        return Err(reason.into());
                    }
                    let of_masters = reason.is_of_masters();
                    self.waits = Some(reason);
                    if of_masters {
                        self.keep_order(true).await;
                    }
                    let jittered = pause / 2 + self.target.router.rng().jitter(pause / 2);
                    match &mut changes {
                        Some(changes) => drop(timeout_at(Instant::now() + jittered, changes.changed()).await),
                        // The view may have changed since it was looked at: look again before waiting.
                        None => {
                            changes = Some(self.target.router.directory().changes());
                            continue;
                        }
                    }
                    pause = (pause * 2).min(MAX_PAUSE);
                    excluded.clear();
                    all_retire = true;
                    continue;
                }
            };
            (self.place, self.waits) = (Some(Arc::clone(&instance)), None);
            self.last_epoch = self.last_epoch.max(instance.epoch());
            let envelope = self.envelope(&instance);
            if let Some(probe) = self.probe.take_if(|_| envelope.is_err()) {
                probe.unmade();
            }
            let envelope = match envelope {
                Ok(envelope) => envelope,
                // Another instance does as well, unless the caller asked for this one by its key.
                Err(cycle) if !self.is_placed() => {
                    excluded.push(instance.pid);
                    all_retire = false;
                    refused = Some(cycle);
                    continue;
                }
                Err(cycle) => return Err(cycle.into()),
            };
            self.begun = Instant::now();
            let _counted = instance.in_flight.begin().one();
            let attempted = calling(instance.pid, self.attempt(&instance, envelope)).await;
            self.learn(&instance, &attempted);
            match attempted {
                Attempt::Done => match instance.deposed().or_else(|| self.deposed_since(&instance)) {
                    None => {
                        instance.has_acted();
                        return Ok(());
                    }
                    // Another master has been elected since: what this one says counts no more.
                    Some(epoch) => {
                        self.freight.drop_result();
                        return Err(LostReason::Deposed { epoch: epoch.0 }.into());
                    }
                },
                Attempt::Failed(Failure::MaybeExecuted(_))
                    if planted(Bug::RetryMaybeExecuted) && self.freight.has_args() => {}
                Attempt::Failed(failure) => return Err(failure),
                Attempt::Refused(RefusedReason::Unreachable(_)) if self.is_over(&instance) => {
                    let (directory, selector) = (self.target.router.directory(), &self.target.address.selector);
                    return Err(directory::deserted(&directory.view(), selector, &instance.node).into());
                }
                // Another is not what was asked for.
                Attempt::Refused(reason)
                    if reason.is_of_masters() && self.target.address.selector.wants_no_master() =>
                {
                    return Err(reason.into());
                }
                Attempt::Refused(reason) if reason.can_pass() => {
                    if let RefusedReason::NotMaster { epoch, master } = reason {
                        self.keep_order(true).await;
                        master.into_iter().for_each(|master| self.redirect(Epoch(epoch), master));
                    }
                    self.handed_over = HandedOver::No;
                    excluded.push(instance.pid);
                    if matches!(reason, RefusedReason::Unreachable(_)) {
                        self.unreached = Some((instance.pid, reason.clone()));
                    }
                    all_retire &= reason == RefusedReason::Retiring;
                    refused = Some(reason);
                }
                Attempt::Refused(reason) => return Err(reason.into()),
            }
        }
    }

    /// The calls of one service to one master are made in their order also when the master is looked for anew: one that `looks` for it, and those
    /// that are made after it, wait for those before. Whoever is no service makes its calls one after the other, or without an order.
    async fn keep_order(&mut self, looks: bool) {
        let (caller, selector) = (self.inherited.caller, &self.target.address.selector);
        if let Some(turn) = &mut self.turn {
            return turn.come().await;
        }
        if caller == 0 {
            return;
        }
        let office = self.target.router.directory().office_of(selector);
        let Some(office) = office.filter(|office| looks || office.is_looked_for_by(caller)) else { return };
        self.turn.insert(office.line_up(caller)).come().await;
    }

    /// The instance that was asked names another of its group as the master. Each that is asked so must be of a later epoch than the last: otherwise the
    /// call waits for the view.
    pub(super) fn redirect(&mut self, epoch: Epoch, master: Pid) {
        if self.last_epoch.is_some_and(|last| epoch <= last) {
            return;
        }
        let selector = &self.target.address.selector;
        let is_of_its_group = |it: &Arc<Instance>| {
            self.place.as_ref().is_none_or(|asked| asked.identity().office() == it.identity().office())
        };
        let listed = self.target.router.directory().listed(master);
        let named = listed.filter(|it| selector.names(it) && is_of_its_group(it));
        self.redirected = named.and_then(|it| it.in_epoch(epoch)).map(Arc::new);
    }

    /// What it waits for, if its own time alone is not the reason that it was not executed.
    pub(super) fn waits_for(&mut self) -> Option<RefusedReason> {
        let link = || match (&self.handed_over, &self.place, self.unreached.take()) {
            (HandedOver::Elsewhere(_), Some(instance), Some((pid, why))) if instance.pid == pid => Some(why),
            (HandedOver::Elsewhere(_), Some(instance), _) => Some(RefusedReason::Unreachable(format!(
                "there is no link to its node yet: nothing at {} has answered in this time",
                instance.node.endpoint
            ))),
            _ => None,
        };
        self.waits.take().or_else(link)
    }

    /// Whether somebody waits for this call who retires. Whoever else retires may wait for that one: neither would end. A task of a
    /// node that retires may be what a `stop` waits for: it has no chain that could tell.
    pub(crate) fn is_for_one_that_retires(&self) -> bool {
        let router = &self.target.router;
        match &self.inherited.chain {
            Some(chain) => chain.links().any(|link| router.retires(link.service())),
            None => router.is_ending(),
        }
    }

    /// The refusal of a call that would wait for itself at `instance`.
    pub(super) fn cycle(&self, instance: &Instance) -> Option<RefusedReason> {
        let chain = self.inherited.chain.as_ref()?;
        let place = || format!("{}.{}", instance.identity().name, self.target.name_of(self.freight.kind().info));
        chain
            .links()
            .any(|link| link.pid == instance.pid)
            .then(place)
            .and_then(|place| chain.cycle(instance.pid, &place))
            .map(RefusedReason::Cycle)
    }

    /// The same for any that the call is for, whether it takes calls now or not.
    fn cycle_among_matches(&self) -> Option<RefusedReason> {
        self.inherited.chain.as_ref()?;
        let (router, selector) = (&self.target.router, &self.target.address.selector);
        router.directory().group(&selector.interest).matching(selector).iter().find_map(|it| self.cycle(it))
    }

    async fn attempt(&mut self, instance: &Instance, envelope: Envelope) -> Attempt {
        let stamp = Stamp { caller: self.inherited.caller, deadline: Some(self.deadline) };
        let freight = &mut *self.freight;
        let Some(cell) = &instance.cell else {
            let router = Arc::clone(&self.target.router);
            let beside = (stamp, envelope);
            let way = (&mut self.handed_over, &mut self.turn);
            return router.call_remote(&self.target, instance, freight, beside, way).await;
        };
        if !freight.has_args() {
            return Attempt::Refused(RefusedReason::CallerGone);
        }
        if envelope.once.is_some() {
            return Box::pin(self.attempt_as_bytes(&**cell, (stamp, envelope))).await;
        }
        let id = self.target.id_of(freight.kind().info);
        if let Err(reason) = freight.submit(&**cell, id, (stamp, envelope), false) {
            return Attempt::Refused(reason);
        }
        self.handed_over = HandedOver::Yes;
        self.turn = None;
        Answered(freight).await
    }

    fn describe(&self, failure: Failure) -> CallError {
        failed(&self.target, self.freight.kind().info, self.place.as_deref().map(Instance::place), failure)
    }
}
