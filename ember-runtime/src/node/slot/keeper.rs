//! The task that takes the slot of a node when it first needs one, reserves more time before what it has is used up, and makes sure that the
//! node still has its slot when it has another lease.

use std::{collections::BTreeSet, mem, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    reserved::{Asks, STEP, ahead},
    source::{Held, Source, is_too_late},
};
use crate::{
    error::NoUniqueId,
    id::{Generator, NodeKey},
    office::Term,
};

/// So often it is looked whether more time is to be reserved,
const LOOK: Duration = Duration::from_secs(5);
/// which is done when fewer milliseconds than these are left,
const FEW: u64 = 14_000;
/// until no id was made for so long: then the next one waits for it.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// Pauses after an attempt that has failed: the first, and the longest.
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// The least time before ids that are ahead of the clock are looked at again.
const SOON: Duration = Duration::from_millis(20);

/// When to look again.
enum Next {
    /// When somebody needs an id that is not there, and now and then.
    Rest,
    /// When the clock has come nearer to the ids, which are ahead of it: nobody needs to say so.
    Later(Duration),
}

impl Source {
    /// Looks after the slot, until dropped. It does nothing before somebody needs an id.
    pub(crate) async fn keep(self: Arc<Self>) {
        let mut terms = self.tenure.changes();
        self.wake.notified().await;
        let (mut heard, mut pause) = (self.place.heard(), MIN_PAUSE);
        loop {
            terms.mark_unchanged();
            let next = self.step().await;
            let trouble = next.as_ref().err().cloned();
            self.lock().trouble = trouble;
            self.attempts.send_modify(|attempts| *attempts += 1);
            match next {
                Ok(Next::Rest) => {
                    pause = MIN_PAUSE;
                    tokio::select! {
                        biased;
                        () = self.wake.notified() => {}
                        _ = terms.changed() => {}
                        () = heard.again() => self.doubt(),
                        () = sleep(LOOK) => {}
                    }
                }
                Ok(Next::Later(wait)) => {
                    pause = MIN_PAUSE;
                    sleep(wait).await;
                }
                Err(error) => {
                    tracing::debug!(target: "ember::cluster", %error, "no time is reserved for unique ids");
                    tokio::select! {
                        biased;
                        _ = terms.changed() => {}
                        () = sleep(pause / 2 + self.router.rng().jitter(pause / 2)) => pause = (pause * 2).min(MAX_PAUSE),
                    }
                }
            }
        }
    }

    async fn step(&self) -> Result<Next, NoUniqueId> {
        let clock = || self.now();
        let lists = |node: NodeKey| !self.router.directory().registered_of(BTreeSet::from([node])).1.is_empty();
        let asks = Asks { here: self.router.directory().here(), rng: self.router.rng(), clock: &clock, lists: &lists };
        let Some(term) = self.place.term(&self.tenure) else {
            return Err(NoUniqueId::Away("this node has no lease there now".into()));
        };
        if let Some((slot, before, until)) = self.wanted(term) {
            if self.place.extend(&asks, slot, before, until).await? {
                self.has_extended(term, until);
            } else {
                self.has_lost(slot);
            }
        }
        if self.needs_slot() {
            if is_too_late(self.now()) {
                return Err(NoUniqueId::ClockTooLate);
            }
            let floor = self.lock().floor;
            let reserved = self.place.take(&asks, floor).await?;
            let mut known = self.lock();
            if !known.given_back {
                let ids = Generator::new(reserved.slot, reserved.from, reserved.until);
                known.held = Some(Held::new(ids, term));
            }
        }
        Ok(self.rest())
    }

    fn needs_slot(&self) -> bool {
        let known = self.lock();
        known.held.is_none() && !known.given_back
    }

    /// What is to be reserved of the slot that the node has: its number, until when it was reserved, and until when it is to be.
    fn wanted(&self, present: Term) -> Option<(u16, u64, u64)> {
        let now = self.now();
        let mut known = self.lock();
        let Held { ids, term, doubted, used, last_used, asked } = known.held.as_mut()?;
        if mem::take(used) {
            *last_used = Instant::now();
        }
        let (slot, before, most) = (ids.slot(), ids.until(), ahead(now));
        let is_worth_it = before.saturating_add(STEP) <= most;
        let is_due = *asked || (last_used.elapsed() < IDLE && before < now.saturating_add(FEW));
        let until = if is_worth_it && is_due && !is_too_late(now) { most } else { before };
        (until > before || *doubted || *term != present).then_some((slot, before, until))
    }

    fn has_extended(&self, present: Term, until: u64) {
        if let Some(Held { ids, term, doubted, asked, .. }) = &mut self.lock().held {
            *asked &= until <= ids.until();
            ids.extend(until);
            (*term, *doubted) = (present, false);
        }
    }

    fn doubt(&self) {
        if let Some(held) = &mut self.lock().held {
            held.doubted = true;
        }
    }

    /// Another has taken it, or what is written there cannot be read: what was reserved before is not used up, and not used any more either.
    fn has_lost(&self, slot: u16) {
        let mut known = self.lock();
        if let Some(Held { ids, .. }) = known.held.take() {
            known.floor = known.floor.max(ids.unused());
        }
        tracing::warn!(
            target: "ember::cluster", slot,
            "the slot for unique ids that this node had is not its own any more, by what the registry says of it: it takes another"
        );
    }

    fn rest(&self) -> Next {
        let now = self.now();
        match &self.lock().held {
            // So far ahead of the clock that no more can be reserved before it has come nearer.
            Some(Held { ids, asked: true, .. }) => {
                let wait = ids.until().saturating_add(STEP).saturating_sub(ahead(now));
                Next::Later(Duration::from_millis(wait).clamp(SOON, MAX_PAUSE))
            }
            _ => Next::Rest,
        }
    }
}
