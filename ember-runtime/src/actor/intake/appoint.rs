//! What an instance of an elected service is told of its role. It is told in its turn: what ran before has ended, and what comes after
//! finds it in its new role.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    actor::{
        cell::Cell,
        erased::InOffice,
        service::{Body, Service, Start},
        work::{Driving, Job, once},
    },
    error::RefusedReason,
    id::Epoch,
    message::Lane,
    office::{Appointment, Role},
    panics::told,
};

/// A hook that takes longer is named in the log, and again whenever it has taken twice as long.
const QUIET: Duration = Duration::from_secs(10);
/// A master that is to hand over waits so long for those in sync with it to have all that it has committed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells it. Whoever waits for what it does learns nothing if it takes no new work.
pub(super) fn appoint<S: Service>(cell: &Cell<S>, appointment: Appointment) {
    if S::SPEC.elected {
        cell.owe(Lane::System, Box::new(Appointed { appointment, life: cell.lives() }));
    }
}

struct Appointed {
    appointment: Appointment,
    /// The life of the service that it is for.
    life: u64,
}

impl<S: Service> Job<S> for Appointed {
    fn start(self: Box<Self>, body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        // What others have committed, and who wants to know the state, are of no life.
        let is_of_a_life = !matches!(
            self.appointment,
            Appointment::CatchUp
                | Appointment::Picture(..)
                | Appointment::Outcome(..)
                | Appointment::Reply(_)
                | Appointment::Owed(..)
                | Appointment::Paid(..)
        );
        if is_of_a_life && self.life != body.core.cell.life() {
            return Start::Over(body);
        }
        once(body, move |body| take_up(body, self.appointment))
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}

fn take_up<S: Service>(body: &mut Body<S>, appointment: Appointment) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        if let Some(held) = &mut body.core.held {
            held.catch_up();
        }
        let Some(InOffice { seat, .. }) = body.core.office.as_deref() else { return };
        match appointment {
            Appointment::Lead(epoch, done) => {
                if let Some(held) = &mut body.core.held {
                    // All that its predecessors had acknowledged is in the log before its own first record.
                    if !held.replica.led(epoch).await {
                        let _nobody_waits = done.send(false);
                        return;
                    }
                    held.catch_up();
                }
                if !seat.enter(epoch) {
                    return;
                }
                let is_well = tell(body, Role::Master, epoch).await;
                // What comes next must not find a master that has not taken up its office.
                if !is_well && let Some(InOffice { seat, .. }) = body.core.office.as_deref() {
                    seat.leave();
                }
                let _nobody_waits = done.send(is_well);
            }
            Appointment::Follow(epoch) => drop(tell(body, Role::Slave, epoch).await),
            Appointment::CatchUp => {}
            Appointment::Picture(blank, done) => {
                if let Some(held) = &body.core.held {
                    held.picture(blank, done);
                }
            }
            Appointment::Outcome(id, tell) => {
                if let (Some(epoch), Some(held)) = (seat.acting(), &mut body.core.held) {
                    held.asked(epoch, id, tell);
                }
            }
            Appointment::Owed(but, most, tell) => {
                if let (Some(epoch), Some(held)) = (seat.acting(), &body.core.held) {
                    held.owed(epoch, (&but, most), tell);
                }
            }
            Appointment::Paid(lane, number) => {
                if let (Some(epoch), Some(held)) = (seat.acting(), &mut body.core.held) {
                    held.paid(epoch, lane, number);
                }
            }
            Appointment::Reply(late) => {
                if let Some(held) = &mut body.core.held {
                    held.replied(late);
                }
            }
            Appointment::Resign(epoch, done) => {
                if let Some(held) = &body.core.held
                    && timeout(PATIENCE, held.replica.settled()).await.is_err()
                {
                    let (service, pid) = (S::SPEC.name, body.core.pid());
                    tracing::warn!(target: "ember::cluster", service, %pid, %epoch, "keeps its office: others do not have yet what it has committed");
                    let _nobody_waits = done.send(false);
                    return;
                }
                let has_left = seat.leave() == Some(epoch);
                let _nobody_waits = done.send(has_left);
            }
        }
    })
}

/// Runs its hooks for this role; whether all of them went well.
async fn tell<S: Service>(body: &mut Body<S>, role: Role, epoch: Epoch) -> bool {
    let cell = std::sync::Arc::clone(&body.core.cell);
    let Some(cell) = cell.as_any().downcast_ref::<Cell<S>>() else { return false };
    for (_, name, hook) in cell.blueprint.table.roles.iter().filter(|(of, ..)| *of == role) {
        if let Err(error) = named_if_late::<S, _>(name, epoch, hook(body, &epoch)).await {
            let (service, error) = (S::SPEC.name, told(error));
            let what = match role {
                Role::Master => "what runs when it becomes master failed, and it leaves the office",
                Role::Slave => "what runs when it becomes slave failed, and its service goes on",
            };
            tracing::error!(target: "ember::service", service, task = name, %epoch, %error, "{what}");
            return false;
        }
    }
    true
}

/// Until it returns its service answers nobody, and no other of its group does: somebody should know.
async fn named_if_late<S: Service, T>(task: &str, epoch: Epoch, hook: impl Future<Output = T>) -> T {
    let (began, mut hook) = (Instant::now(), pin!(hook));
    let mut next = began + QUIET;
    loop {
        tokio::select! {
            biased;
            done = &mut hook => return done,
            () = sleep_until(next) => {}
        }
        let waited = began.elapsed();
        next += waited;
        tracing::warn!(target: "ember::service", service = S::SPEC.name, task, %epoch, ?waited, "has not returned: until it does, its service answers nobody");
    }
}
