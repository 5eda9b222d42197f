//! The state of a replicated service, which whoever has its turn has too.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::{
    actor::about::{AnyState, ReplicaKind},
    error::LostReason,
    id::Epoch,
    message::Reading,
    panics::attempt,
    replica::{Due, Replica},
};

/// The state as far as its log has been applied to it.
pub(crate) struct Holding {
    pub(crate) replica: Arc<Replica>,
    kind: ReplicaKind,
    state: Box<AnyState>,
    /// The index of the last record that has been applied.
    applied: u64,
    /// That of the member whose state it is.
    incarnation: u32,
}

/// What a handler that has gone on in vain carries up the stack: it was to commit, and is not the master any more.
pub(crate) struct Overtaken(pub(crate) Epoch);

impl From<&Overtaken> for LostReason {
    fn from(overtaken: &Overtaken) -> Self {
        Self::Deposed { epoch: overtaken.0.0 }
    }
}

impl Holding {
    pub(crate) fn new(replica: Arc<Replica>, kind: ReplicaKind) -> Self {
        Self { replica, kind, state: (kind.new)(), applied: 0, incarnation: 0 }
    }

    /// The state.
    pub(crate) fn state(&self) -> &AnyState {
        &*self.state
    }

    /// Whether the state may be shown to who asks for one so new. `acts`: as the master.
    pub(crate) fn may_show(&self, acts: bool, reading: Option<Reading>) -> bool {
        let (seen, within) = reading.map_or(((Epoch(0), 0), None), |reading| (reading.seen, reading.within));
        self.replica.may_show(self.applied, acts, seen, within)
    }

    /// Enters a record, and applies what it consists of; `None` if this is not the master of that epoch any more.
    pub(crate) fn commit<T>(
        &mut self,
        epoch: Epoch,
        entries: Vec<Bytes>,
        apply: impl FnOnce(&mut AnyState) -> T,
    ) -> Option<T> {
        let index = self.replica.enter(epoch, entries)?;
        let output = match catch_unwind(AssertUnwindSafe(|| apply(&mut *self.state))) {
            Ok(output) => output,
            // The state is not what the log says.
            Err(panic) => {
                self.make_again(index);
                resume_unwind(panic);
            }
        };
        self.replica.has_entered();
        self.applied = index;
        if self.replica.wants_picture() {
            // Of nothing, if it cannot be written, no state is made again.
            self.replica.keep_picture(index, self.written().unwrap_or_default());
        }
        Some(output)
    }

    /// The state as it was before the record of this index, if nobody else has it, and it can be made again. Otherwise it is lost here.
    fn make_again(&mut self, index: u64) {
        let made = self.replica.made_of(index).and_then(|(picture, records)| {
            let state = attempt(|| match &picture {
                Some(picture) => (self.kind.decode)(&picture.bytes),
                None => Ok((self.kind.new)()),
            });
            let mut state = state.ok()?.ok()?;
            let entries = || records.iter().flat_map(|record| &record.entries);
            let apply = || entries().try_for_each(|entry| (self.kind.apply)(&mut *state, entry));
            attempt(apply).ok()?.ok()?;
            Some(state)
        });
        let (pid, made_again) = (self.replica.pid(), made.is_some());
        tracing::error!(target: "ember::cluster", %pid, made_again, "`apply` panicked on the master: its state is made again from its log, or learnt anew");
        match made {
            Some(state) => (self.state, self.applied) = (state, index - 1),
            None => self.replica.lose(),
        }
    }

    /// Applies what has been committed by others. A state that cannot take it is lost: it is learnt anew.
    pub(crate) fn catch_up(&mut self) {
        loop {
            match self.replica.due(self.incarnation, self.applied) {
                Due::Nothing => return,
                Due::Empty(incarnation) => {
                    self.state = (self.kind.new)();
                    (self.incarnation, self.applied) = (incarnation, 0);
                }
                Due::Take(incarnation, learnt) => match (self.kind.decode)(&learnt.bytes) {
                    Ok(state) => {
                        self.state = state;
                        (self.incarnation, self.applied) = (incarnation, learnt.at.index);
                    }
                    Err(error) => self.fails(&error),
                },
                Due::Apply(first, records) => {
                    for (record, index) in records.iter().zip(first..) {
                        let apply = || record.entries.iter().try_for_each(|it| (self.kind.apply)(&mut *self.state, it));
                        match attempt(apply) {
                            Ok(Ok(())) => self.applied = index,
                            Ok(Err(error)) => {
                                self.fails(&error);
                                break;
                            }
                            Err(panic) => {
                                self.fails(&format_args!("`apply` panicked: {panic}"));
                                break;
                            }
                        }
                    }
                }
            }
        }
    }

    fn fails(&self, error: &dyn fmt::Display) {
        let pid = self.replica.pid();
        tracing::error!(
            target: "ember::cluster", %pid, %error,
            "what its master sends cannot be applied, so it learns the state anew: do all nodes of the group run one build of its service?"
        );
        self.replica.lose();
    }

    /// Its state as it is now, for another of its group.
    pub(crate) fn picture(&mut self, done: oneshot::Sender<Option<(u64, Bytes)>>) {
        if done.is_closed() {
            return;
        }
        let _nobody_waits = done.send(self.written().map(|bytes| (self.applied, bytes)));
    }

    /// Its state as bytes.
    fn written(&self) -> Option<Bytes> {
        let mut bytes = Vec::new();
        let written = (self.kind.encode)(&*self.state, &mut bytes);
        if let Err(error) = &written {
            let pid = self.replica.pid();
            tracing::error!(target: "ember::cluster", %pid, %error, "its state cannot be written, so nobody can learn it");
        }
        written.ok().map(|()| bytes.into())
    }
}
