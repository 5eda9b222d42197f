//! The calls that a replicated service owes to others: its master makes them, one after the other to each, until they have been answered.

mod lanes;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use self::lanes::{Made, Pays};
use crate::{
    call::{Call, OwedCall, Router},
    error::{CallError, LostReason},
    id::{CallNumber, Epoch, GroupKey, Serial},
    office::{Appointment, Debt, OfficeName},
    replica::Replica,
    sync::ordered,
};

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

impl Debtor {
    /// Until it is dropped, or the office is lost.
    pub(super) async fn run(self) {
        lanes::run(Arc::new(self)).await;
    }
}

impl Pays for Debtor {
    fn changes(&self) -> ordered::Receiver<()> {
        self.replica.changes()
    }

    fn last(&self) -> u64 {
        self.replica.owed()
    }

    fn acts(&self) -> bool {
        self.replica.look(self.epoch, |_| ()).is_some()
    }

    async fn fetch(&self, but: BTreeSet<u64>, most: usize) -> Option<Vec<Debt>> {
        let cell = self.router.cells.get(self.replica.pid().number)?;
        let (tell, told) = oneshot::channel();
        cell.appoint(Appointment::Owed(but, most, tell));
        told.await.ok()
    }

    async fn make(&self, debt: &Debt) -> Made {
        let Some(call) = self.read(debt) else { return Made::Unreadable };
        let Serial { epoch, number } = debt.serial;
        let key = GroupKey { group: self.office.hashed(), lane: debt.lane };
        // In this lane all before it have been answered.
        self.make_until_answered(&call, CallNumber { by: Some((key, epoch)), number, lowest: number }).await;
        Made::Answered
    }

    fn paid(&self, debt: &Debt) {
        if let Some(cell) = self.router.cells.get(self.replica.pid().number) {
            cell.appoint(Appointment::Paid(debt.lane, debt.serial.number));
        }
    }
}

impl Debtor {
    async fn make_until_answered(&self, call: &OwedCall, number: CallNumber) {
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

    /// Nothing, if this build cannot: that is said once in an office, for its lane stands still then.
    fn read(&self, debt: &Debt) -> Option<OwedCall> {
        match OwedCall::read(&debt.call) {
            Ok(call) => Some(call),
            Err(error) => {
                let (office, number) = (&self.office, debt.serial.number);
                tracing::warn!(
                    target: "ember::cluster", %office, number, %error,
                    "a call that was committed to be sent cannot be read by this build: it is kept, and those after it to the same service wait with it \
                     for a master that can. Have one of the build that committed it take over"
                );
                None
            }
        }
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
