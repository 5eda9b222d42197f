//! What became of a call to a replicated service whose link broke, or whose master was lost: its group knows, and is asked within the time of the call.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

use super::slow::Course;
use crate::{
    call::{
        requests::{OutcomeOf, undecodable},
        routes::{OpenCall, Router},
    },
    directory::Instance,
    error::{Failure, LostReason, RefusedReason},
    id::{Asker, CallId, NodeKey},
    message::{Envelope, Stored},
    office::{Appointment, OfficeName},
};

/// The limit of the first pause before the group is asked again, and what it grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(200);
/// A question waits for so long where it is answered.
const LONGEST: Duration = Duration::from_secs(10);

impl Course {
    /// The call is about to be made to this instance: it has a number, if what becomes of it can be asked for.
    fn number(&mut self, instance: &Instance) {
        if self.call.is_none()
            && instance.is_replicated()
            && !self.freight.kind().info.read
            && self.options.once().is_none()
            && self.options.call().is_none()
            && self.freight.kind().travels()
        {
            self.call = Some(OpenCall::begin(&self.target.router.open_calls));
        }
    }

    /// The metadata for `instance`, unless the call would wait for itself there.
    pub(super) fn envelope(&mut self, instance: &Instance) -> Result<Envelope, RefusedReason> {
        if let Some(cycle) = self.cycle(instance) {
            return Err(cycle);
        }
        self.number(instance);
        let call = self.options.call().or_else(|| self.call.as_ref().map(OpenCall::leaves));
        let call = call.filter(|_| instance.is_replicated());
        let (reading, epoch) = (self.reading(instance), instance.epoch());
        Ok(Envelope { epoch, call, reading, ..self.inherited.envelope(&self.options, &self.target.keys) })
    }

    /// Whether a call that ended so is asked for.
    pub(super) fn is_asked_for(&self, reason: &LostReason) -> bool {
        use LostReason as L;
        self.call.is_some() && matches!(reason, L::LinkLost(_) | L::Deposed { .. } | L::NoReply)
    }

    /// Asks the group what became of the call, until somebody knows. If nobody is left to ask, it stays as it was.
    pub(super) async fn settle(&mut self, reason: LostReason) -> Result<(), Failure> {
        let place = self.place.clone();
        let office = place.as_ref().and_then(|it| it.published.office.as_ref());
        let (Some(number), Some(office)) = (self.call.as_ref().map(OpenCall::number), office) else {
            return Err(reason.into());
        };
        self.asking = Some(reason.clone());
        let router = Arc::clone(&self.target.router);
        let (outcome, by) = match ask_until_known(&router, office, number).await {
            Some(known) => known,
            None => {
                self.asking = None;
                return Err(reason.into());
            }
        };
        (self.asking, self.place) = (None, Some(by));
        let read = match &outcome {
            Stored::Value(bytes) => self.freight.read(Ok(bytes), None),
            Stored::App(bytes) => self.freight.read(Err(bytes), None),
            Stored::Lost(reason) => return Err(reason.clone().into()),
        };
        read.map_err(|error| undecodable(&error))
    }
}

/// What became of it, and who has said so; nothing if the group has gone.
async fn ask_until_known(router: &Router, office: &OfficeName, call: u64) -> Option<(Stored, Arc<Instance>)> {
    let mut changes = router.directory().changes();
    let mut pause = FIRST_PAUSE;
    loop {
        changes.mark_unchanged();
        let asked = match master(router, office) {
            Found::Nobody => return None,
            Found::NoMaster => None,
            Found::Master(master) => {
                let mut answer = pin!(ask(router, &master, call));
                let answer = loop {
                    tokio::select! {
                        biased;
                        answer = &mut answer => break answer,
                        _ = changes.changed() => {
                            changes.mark_unchanged();
                            // Whoever was asked waits for its end, perhaps, and is not asked twice.
                            if !matches!(self::master(router, office), Found::Master(now) if now.pid == master.pid && now.epoch() == master.epoch()) {
                                break None;
                            }
                        }
                    }
                };
                answer.map(|answer| (answer, Arc::clone(&master)))
            }
        };
        if asked.is_some() {
            return asked;
        }
        let jittered = pause / 2 + router.rng().jitter(pause / 2);
        drop(timeout_at(Instant::now() + jittered, changes.changed()).await);
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

enum Found {
    Master(Arc<Instance>),
    NoMaster,
    /// No instance of the group is listed.
    Nobody,
}

fn master(router: &Router, office: &OfficeName) -> Found {
    let view = router.directory().view();
    let mut found = Found::Nobody;
    for instance in view.instances().iter().filter(|it| it.published.office.as_ref() == Some(office)) {
        if instance.epoch().is_some() {
            return Found::Master(Arc::clone(instance));
        }
        found = Found::NoMaster;
    }
    found
}

async fn ask(router: &Router, master: &Instance, call: u64) -> Option<Stored> {
    let question = OutcomeOf { service: master.pid.number, call };
    if master.pid.node == router.key {
        return router.outcome(router.key, &question).await;
    }
    router.ask_node(&master.node, &question).await.ok()?.await.ok().flatten()
}

impl Router {
    /// What became of a call that this run of a node has made to a service here; nothing if that is not known here, or not yet, or if too many are
    /// asked for: whoever asks comes again.
    pub(crate) async fn outcome(&self, of: NodeKey, question: &OutcomeOf) -> Option<Stored> {
        let _counted = self.askers.ask(of)?;
        let cell = self.cells.get(question.service)?;
        let (tell, told) = oneshot::channel();
        cell.appoint(Appointment::Outcome(CallId::new(Asker::Run(of), question.call), tell));
        timeout(LONGEST, told).await.ok()?.ok().flatten()
    }
}
