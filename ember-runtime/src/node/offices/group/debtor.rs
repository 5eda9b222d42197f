//! The calls that a replicated service owes to others: its master makes them, one after the other to each, until they have been answered.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    call::{Call, OwedCall, Router},
    error::{CallError, LostReason},
    id::{CallNumber, Epoch, GroupKey, fnv1a_of},
    office::{Appointment, OfficeName},
    replica::Replica,
};

/// It is looked so often whether there are new ones, whatever happens.
const LOOK: Duration = Duration::from_secs(1);
/// A call that is not answered in this time is made again,
const PATIENCE: Duration = Duration::from_secs(30);
/// after a pause of so much at first, which grows to this.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// Whoever has answered so often that there is no reply, means it.
const SILENT: u32 = 5;
/// That one is not taken is said once in so long.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// A master that owes calls.
pub(super) struct Debtor {
    pub(super) replica: Arc<Replica>,
    pub(super) router: Arc<Router>,
    pub(super) office: OfficeName,
    pub(super) epoch: Epoch,
}

/// One of them.
struct Next {
    number: u64,
    since: u64,
    call: OwedCall,
}

impl Debtor {
    /// Until it is dropped, or the office is lost.
    pub(super) async fn run(self) {
        let this = Arc::new(self);
        let (mut changes, mut lanes, mut tasks) = (this.replica.changes(), BTreeMap::new(), JoinSet::new());
        let mut seen = 0;
        loop {
            changes.mark_unchanged();
            let upto = this.replica.owed();
            if upto > seen
                && let Some((since, all)) = this.fetch(seen).await
            {
                seen = upto;
                for (number, bytes) in all {
                    seen = seen.max(number);
                    let Some(call) = read(number, &bytes) else { continue };
                    let lane = lanes.entry(call.lane()).or_insert_with_key(|lane| {
                        #[allow(clippy::disallowed_methods, reason = "each is in the state of its group already")]
                        let (sender, calls) = mpsc::unbounded_channel();
                        drop(tasks.spawn(Arc::clone(&this).pay(lane.clone(), calls)));
                        sender
                    });
                    let _ended = lane.send(Next { number, since, call });
                }
            }
            if this.replica.look(this.epoch, |_| ()).is_none() {
                return;
            }
            let _in_time = timeout(LOOK, changes.changed()).await;
        }
    }

    /// Those after this number, and since when they are numbered; all that leads to them is acknowledged.
    async fn fetch(&self, after: u64) -> Option<(u64, Vec<(u64, Bytes)>)> {
        let cell = self.router.cells.get(self.replica.pid().number)?;
        let (tell, told) = oneshot::channel();
        cell.appoint(Appointment::Owed(after, tell));
        told.await.ok()
    }

    /// Makes those that are for one.
    async fn pay(self: Arc<Self>, lane: String, mut calls: mpsc::UnboundedReceiver<Next>) {
        let group = fnv1a_of(&[self.office.to_string().as_bytes(), lane.as_bytes()]);
        while let Some(Next { number, since, call }) = calls.recv().await {
            let by = Some(GroupKey { group, since });
            // In this lane all before it have been answered.
            self.make(&call, CallNumber { by, number, lowest: number }).await;
            if let Some(cell) = self.router.cells.get(self.replica.pid().number) {
                cell.appoint(Appointment::Paid(number));
            }
        }
    }

    /// Makes a call until it has been answered.
    async fn make(&self, call: &OwedCall, number: CallNumber) {
        let (mut pause, mut said, mut silent) = (FIRST_PAUSE, None, 0);
        loop {
            let why = match Call::new(call.request(&self.router, number, PATIENCE)).await {
                Ok(_) => return,
                Err(CallError::App(_)) => return self.tell_refused(call, number.number),
                Err(CallError::MaybeExecuted(lost)) if is_final(lost.reason(), &mut silent) => {
                    let (office, method, number) = (&self.office, call.method(), number.number);
                    tracing::error!(
                        target: "ember::cluster", %office, method, number, %lost,
                        "a call that was committed to be sent was executed, and has no good end"
                    );
                    return;
                }
                Err(CallError::NotExecuted(refused)) => refused.to_string(),
                Err(CallError::MaybeExecuted(lost)) => lost.to_string(),
            };
            // The first failure is nothing: whoever takes it is about to be elected, say.
            let is_first = said.is_none() && pause == FIRST_PAUSE;
            if !is_first && said.is_none_or(|said: Instant| said.elapsed() >= SAID_EVERY) {
                let (office, method, number) = (&self.office, call.method(), number.number);
                tracing::warn!(
                    target: "ember::cluster", %office, method, number, why,
                    "a call that was committed to be sent is not taken: it is made again until it is"
                );
                said = Some(Instant::now());
            }
            sleep(pause / 2 + self.router.rng().jitter(pause / 2)).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn tell_refused(&self, call: &OwedCall, number: u64) {
        let (office, method) = (&self.office, call.method());
        tracing::warn!(
            target: "ember::cluster", %office, method, number,
            "a call that was committed to be sent was answered by an error of its method: it is not made again"
        );
    }
}

/// Whether the callee has said so, and would say it again.
fn is_final(lost: &LostReason, silent: &mut u32) -> bool {
    use LostReason as L;
    // A master that is about to lose its office says so too.
    *silent += u32::from(*lost == L::NoReply);
    *silent >= SILENT
        || matches!(
            lost,
            L::Unfinished
                | L::Forgotten
                | L::Panicked(_)
                | L::Undecodable(_)
                | L::ReplyTooLarge { .. }
                | L::NothingCommitted
        )
}

fn read(number: u64, bytes: &[u8]) -> Option<OwedCall> {
    match OwedCall::read(bytes) {
        Ok(call) => Some(call),
        Err(error) => {
            tracing::error!(
                target: "ember::cluster", number, %error,
                "a call that was committed to be sent cannot be read by this build: it waits for a master that can"
            );
            None
        }
    }
}
