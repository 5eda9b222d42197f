//! The state of a replicated service, which whoever has its turn has too.

use std::{
    collections::BTreeMap,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::calling::{Calling, Later};
use crate::{
    actor::about::{AnyState, ReplicaKind},
    clock::Clock,
    error::LostReason,
    id::{CallId, Epoch},
    message::{CodecError, Reading},
    panics::attempt,
    replica::{Beside, Due, Note, Record, Replica},
};

/// The state as far as its log has been applied to it.
pub(crate) struct Holding {
    pub(crate) replica: Arc<Replica>,
    kind: ReplicaKind,
    clock: Arc<dyn Clock>,
    state: Box<AnyState>,
    /// As of the same record.
    pub(super) beside: Beside,
    /// That of the member whose state it is.
    incarnation: u32,
    /// The call whose handler runs.
    pub(super) call: Option<Calling>,
    /// Calls whose reply comes later.
    pub(super) later: BTreeMap<CallId, Later>,
}

/// What a handler that has gone on in vain carries up the stack: it was to commit, and is not the master any more.
pub(crate) struct Overtaken(pub(crate) Epoch);

impl From<&Overtaken> for LostReason {
    fn from(overtaken: &Overtaken) -> Self {
        Self::Deposed { epoch: overtaken.0.0 }
    }
}

impl Holding {
    pub(crate) fn new(replica: Arc<Replica>, kind: ReplicaKind, clock: Arc<dyn Clock>) -> Self {
        let (state, beside, later) = ((kind.new)(), Beside::default(), BTreeMap::new());
        Self { replica, kind, clock, state, beside, incarnation: 0, call: None, later }
    }

    /// Milliseconds since 1970, as the clock of this node has it.
    pub(super) fn wall(&self) -> u64 {
        u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// The state.
    pub(crate) fn state(&self) -> &AnyState {
        &*self.state
    }

    /// Whether the state may be shown to who asks for one so new, when all is applied that is committed. `acts`: as the master.
    pub(crate) fn may_show(&mut self, acts: bool, reading: Option<Reading>) -> bool {
        let wanted = reading.map_or(((Epoch(0), 0), None), |reading| (reading.seen, reading.within));
        // Most often there is nothing to apply, and one look tells all.
        self.replica.shows_at_once((self.incarnation, self.beside.applied()), acts, wanted).unwrap_or_else(|| {
            self.catch_up();
            self.replica.may_show(self.beside.applied(), acts, wanted)
        })
    }

    /// Enters a record, and applies what it consists of; `None` if this is not the master of that epoch any more.
    pub(crate) fn commit<T>(
        &mut self,
        epoch: Epoch,
        (entries, owes): (Vec<Bytes>, Option<(u64, Bytes)>),
        apply: impl FnOnce(&mut AnyState, &mut Vec<u8>) -> T,
    ) -> Option<T> {
        if self.replica.lacks_picture() {
            self.keep_picture();
        }
        let (begun, mut written) = self.note_of_call().unzip();
        let has_begun = begun.is_some();
        let owes = owes.map(|(lane, call)| Note::Owes { lane, call });
        if let Some(owes) = &owes {
            written = Some([written.unwrap_or_default(), owes.written().ok()?].concat().into());
        }
        let index = self.replica.enter(epoch, entries, written.unwrap_or_default())?;
        let mut outputs = Vec::new();
        let output = match catch_unwind(AssertUnwindSafe(|| apply(&mut *self.state, &mut outputs))) {
            Ok(output) => output,
            // The state is not what the log says.
            Err(panic) => {
                self.make_again(index);
                resume_unwind(panic);
            }
        };
        self.replica.has_entered(Record::came_to(&outputs));
        self.has_applied((epoch, index), begun.into_iter().chain(owes));
        if has_begun {
            self.has_begun();
        }
        Some(output)
    }

    /// The state has what this record consists of, which it has entered itself; now so has what there is beside the state.
    pub(super) fn has_applied(&mut self, (epoch, index): (Epoch, u64), notes: impl IntoIterator<Item = Note>) {
        self.beside.take(index, epoch, notes);
        self.replica.owes(self.beside.outbox().last());
        if self.replica.wants_picture() {
            self.keep_picture();
        }
    }

    /// Of nothing, if the state cannot be written, none is made again.
    fn keep_picture(&self) {
        let picture = self.written(self.replica.blank()).unwrap_or_default();
        self.replica.is_sized(picture.len());
        self.replica.keep_picture(self.beside.applied(), picture);
    }

    /// The state as it was before the record of this index, if nobody else has it, and it can be made again. Otherwise it is lost here.
    fn make_again(&mut self, index: u64) {
        let made = self.replica.made_of(index).and_then(|(picture, records)| {
            let before = index - 1 - records.len() as u64;
            let read = attempt(|| match &picture {
                Some(picture) => self.read(&picture.bytes, before),
                None => Ok((Beside::default(), (self.kind.new)())),
            });
            let (beside, state) = read.ok()?.ok()?;
            self.beside = beside;
            self.replace(state);
            let mut all = (before + 1..).zip(&records);
            attempt(|| all.try_for_each(|(index, record)| self.apply(index, record))).ok()?.ok()
        });
        let (pid, made_again) = (self.replica.pid(), made.is_some());
        tracing::error!(target: "ember::cluster", %pid, made_again, "`apply` panicked on the master: its state is made again from its log, or learnt anew");
        if !made_again {
            self.replica.lose();
        }
    }

    /// Applies what has been committed by others. A state that cannot take it is lost: it is learnt anew.
    pub(crate) fn catch_up(&mut self) {
        loop {
            match self.replica.due(self.incarnation, self.beside.applied()) {
                Due::Nothing => return self.replica.owes(self.beside.outbox().last()),
                Due::Empty(incarnation) => {
                    (self.incarnation, self.beside) = (incarnation, Beside::default());
                    self.replace((self.kind.new)());
                }
                Due::Take(incarnation, learnt) => match attempt(|| self.read(&learnt.bytes, learnt.at.index)) {
                    Ok(Ok((beside, state))) => {
                        (self.incarnation, self.beside) = (incarnation, beside);
                        self.replace(state);
                    }
                    Ok(Err(error)) => self.fails(&error),
                    Err(panic) => self.fails(&format_args!("reading the state panicked: {panic}")),
                },
                Due::Apply(first, records) => {
                    for (record, index) in records.iter().zip(first..) {
                        match attempt(|| self.apply(index, record)) {
                            Ok(Ok(())) => {}
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

    /// What it had may panic as it is dropped, which is its own business.
    fn replace(&mut self, state: Box<AnyState>) {
        let before = mem::replace(&mut self.state, state);
        if let Err(panic) = attempt(|| drop(before)) {
            tracing::error!(target: "ember::cluster", pid = %self.replica.pid(), "dropping a state panicked: {panic}");
        }
    }

    fn apply(&mut self, index: u64, record: &Record) -> Result<(), CodecError> {
        let notes = Note::read(&record.more)?;
        let mut outputs = Vec::new();
        record.entries.iter().try_for_each(|it| (self.kind.apply)(&mut *self.state, it, &mut outputs))?;
        if Record::came_to(&outputs) != record.came_to {
            return Err(CodecError::new(
                "`apply` has come to something else here than on the master: it may use nothing but its arguments, so no clock, no chance, no \
                 `static`, no map by hash whose order shows",
            ));
        }
        self.beside.take(index, record.epoch, notes);
        Ok(())
    }

    /// A picture of it after the record of this index.
    fn read(&self, picture: &[u8], applied: u64) -> Result<(Beside, Box<AnyState>), CodecError> {
        let (beside, state) = Beside::read(picture, applied)?;
        Ok((beside, (self.kind.decode)(state)?))
    }

    fn fails(&self, error: &dyn fmt::Display) {
        let pid = self.replica.pid();
        tracing::error!(
            target: "ember::cluster", %pid, %error,
            "what its master sends cannot be applied, so it learns the state anew: do all nodes of the group run one build of its service?"
        );
        self.replica.lose();
    }

    /// Its state as it is now, and what became of calls, for another of its group, in this memory. Which record that is of is looked at now: another
    /// may come to stand in its place.
    pub(crate) fn picture(&self, blank: Vec<u8>, done: oneshot::Sender<Option<((Epoch, u64), Bytes)>>) {
        if done.is_closed() {
            return;
        }
        // From now on nothing more is said in the record that the picture is of.
        self.replica.open();
        let picture = self.replica.point_of(self.incarnation, self.beside.applied()).and_then(|at| {
            let bytes = self.written(blank)?;
            self.replica.is_sized(bytes.len());
            Some(((at.epoch, at.index), bytes.into()))
        });
        let _nobody_waits = done.send(picture);
    }

    /// Its state as bytes, in this memory.
    fn written(&self, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        bytes.clear();
        let written = self.beside.write(&mut bytes);
        let written = written.and_then(|()| (self.kind.encode)(&*self.state, &mut bytes));
        if let Err(error) = &written {
            let pid = self.replica.pid();
            tracing::error!(target: "ember::cluster", %pid, %error, "its state cannot be written, so nobody can learn it");
        }
        written.ok().map(|()| bytes)
    }
}
