//! What became of calls to a replicated service: what its master says of them in the log, and whom it tells.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    calling::{Calling, KEEP, Later, Waiter},
    holding::Holding,
};
use crate::{
    error::{LostReason, RefusedReason},
    id::{CallId, Epoch, Serial},
    message::{RawReply, Settles, Stored, Unsettled},
    office::{Debt, Late},
    planted::{Bug, planted},
    replica::{About, Known, Note},
};

/// A reply of more bytes is not kept: it would drive out too many others.
const LARGEST: usize = 1 << 20;

impl Holding {
    /// A handler begins: of this call, if its outcome can be asked for.
    pub(crate) fn begin(&mut self, call: Option<Calling>) {
        self.call = call;
    }

    /// A call comes that the runtime has given its id: whether it is one to be run.
    pub(crate) fn is_new(&self, id: CallId) -> bool {
        self.beside.outcomes().find(id) == Known::Nothing && !self.later.contains_key(&id)
    }

    /// A call comes with an id of the user's. Given back if it is to be run.
    pub(crate) fn admit<'a>(&mut self, call: &Calling, epoch: Epoch, reply: RawReply<'a>) -> Option<RawReply<'a>> {
        let About { id, asked, .. } = call.about;
        let other = || {
            let why = format!("the id {} stands for another call: give each call an id of its own", id.serial.number);
            RefusedReason::NotOnce(why)
        };
        if let Some(later) = self.later.get_mut(&id).filter(|later| later.epoch == epoch) {
            if later.about.asked != asked {
                reply.fail(other());
            } else {
                later.waits(Waiter::Repeats(reply.own()));
            }
            return None;
        }
        let stored = match self.beside.outcomes().find(id) {
            Known::Nothing => return Some(reply),
            Known::Begun { asked: first } | Known::Ended { asked: first, .. } if first != asked => {
                reply.fail(other());
                return None;
            }
            Known::Ended { reply, .. } => reply.clone(),
            Known::Begun { .. } => Stored::Lost(LostReason::Unfinished),
            Known::Void => Stored::Lost(LostReason::NothingCommitted),
            // Whoever owes it made the next when it had been answered: another has acted since, who knows nothing of that.
            Known::Over if id.is_owed() => Stored::Value(Bytes::new()),
            Known::Forgotten | Known::Over => Stored::Lost(LostReason::Forgotten),
        };
        self.tell([Waiter::Repeats(reply.own())], epoch, stored);
        None
    }

    /// What a record says that the running call enters.
    pub(super) fn note_of_call(&self) -> Option<(Note, Bytes)> {
        let note = Note::Begun(About { at: self.wall(), ..self.call.as_ref()?.about });
        let bytes = written(&note)?;
        Some((note, bytes))
    }

    /// The log says so.
    pub(super) fn has_begun(&mut self) {
        if let Some(call) = &mut self.call {
            call.has_begun = true;
        }
    }

    /// Whether the others of the group are to know the reply of the call that runs.
    pub(crate) fn keeps_reply(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.is_once || call.has_begun)
    }

    /// The handler that began in `epoch` has come to this.
    pub(crate) fn conclude(&mut self, epoch: Epoch, reply: Stored) {
        if self.keeps_reply()
            && let Some(call) = self.call.take()
        {
            self.end(epoch, call.about, reply);
        }
    }

    /// Its reply comes later. Of which call, if its outcome can be asked for.
    pub(crate) fn defer(&mut self, epoch: Epoch) -> Option<CallId> {
        // What is done for it from now on is not known to be its own: so the log says at least that it has begun.
        if !self.call.as_ref()?.has_begun {
            let (note, bytes) = self.note_of_call()?;
            let index = self.replica.enter(epoch, Vec::new(), bytes)?;
            self.has_applied((epoch, index), [note]);
            self.has_begun();
        }
        // Those of an office that it has lost get no reply here any more.
        self.later.retain(|_, later| later.epoch == epoch);
        let about = self.call.take()?.about;
        self.later.insert(about.id, Later { about, epoch, waiting: Vec::new() });
        Some(about.id)
    }

    /// The reply of such a call is there.
    pub(crate) fn replied(&mut self, Late { id, reply, then }: Late) {
        let Some(Later { about, epoch, waiting }) = self.later.remove(&id) else { return then(false) };
        if !self.end(epoch, about, reply.clone()) {
            waiting.into_iter().for_each(|waiter| waiter.tell(None, epoch));
            return then(false);
        }
        match Unsettled::of(&self.group()) {
            Some(unsettled) => unsettled.then(then),
            None => then(true),
        }
        self.tell(waiting, epoch, reply);
    }

    /// Somebody asks what became of a call, of whom acts in this epoch. If nothing did, nothing will.
    pub(crate) fn asked(&mut self, epoch: Epoch, id: CallId, tell: oneshot::Sender<Option<Stored>>) {
        if self.replica.shows_nothing() || !self.replica.leads(Some(epoch)) {
            return;
        }
        if let Some(later) = self.later.get_mut(&id).filter(|later| later.epoch == epoch) {
            return later.waits(Waiter::Asks(tell));
        }
        let outcome = match self.beside.outcomes().find(id) {
            Known::Ended { reply, .. } => reply.clone(),
            Known::Begun { .. } => Stored::Lost(LostReason::Unfinished),
            Known::Void => Stored::Lost(LostReason::NothingCommitted),
            Known::Forgotten | Known::Over => Stored::Lost(LostReason::Forgotten),
            // Whoever asks comes again.
            Known::Nothing if self.replica.is_full() => return,
            Known::Nothing => {
                let note = Note::Void(About { id, lowest: Serial::default(), asked: 0, at: self.wall(), keep: KEEP });
                let Some(bytes) = written(&note) else { return };
                let Some(index) = self.replica.enter(epoch, Vec::new(), bytes) else { return };
                self.has_applied((epoch, index), [note]);
                Stored::Lost(LostReason::NothingCommitted)
            }
        };
        self.tell([Waiter::Asks(tell)], epoch, outcome);
    }

    /// What it owes to others, the first `most` of each lane but these, of whom acts in this epoch; told when all of it is acknowledged.
    pub(crate) fn owed(&self, epoch: Epoch, (but, most): (&BTreeSet<u64>, usize), tell: oneshot::Sender<Vec<Debt>>) {
        if self.replica.shows_nothing() || !self.replica.leads(Some(epoch)) {
            return;
        }
        let owed = self.beside.outbox().first(but, most);
        let tell = move |well: bool| {
            if well {
                let _nobody_waits = tell.send(owed);
            }
        };
        match Unsettled::in_any_case(&self.group()).filter(|_| !planted(Bug::SendAtOnce)) {
            Some(unsettled) => unsettled.then(tell),
            None => tell(true),
        }
    }

    /// One of them has been answered.
    pub(crate) fn paid(&mut self, epoch: Epoch, lane: u64, number: u64) {
        let note = Note::Paid { lane, number };
        if !self.beside.outbox().owes(lane, number) {
            return;
        }
        let Some(index) = written(&note).and_then(|bytes| self.replica.enter(epoch, Vec::new(), bytes)) else { return };
        self.has_applied((epoch, index), [note]);
        self.replica.open();
    }

    /// Says in the log what became of a call. `false`: it cannot, for this is not the master of that epoch.
    fn end(&mut self, epoch: Epoch, about: About, reply: Stored) -> bool {
        let fits = reply.len() <= LARGEST.min(self.replica.largest() / 2);
        let reply = match reply {
            // Nobody reads it: that it has been answered is all.
            Stored::Value(_) if about.id.is_owed() => Stored::Value(Bytes::new()),
            Stored::App(_) if about.id.is_owed() => Stored::App(Bytes::new()),
            reply if fits => reply,
            _ => Stored::Lost(LostReason::Forgotten),
        };
        let note = Note::Ended(About { at: self.wall(), ..about }, reply);
        let Some(index) = written(&note).and_then(|bytes| self.replica.conclude(epoch, bytes)) else { return false };
        self.has_applied((epoch, index), [note]);
        true
    }

    /// Tells it to those who wait when it is acknowledged.
    fn tell(&self, waiting: impl IntoIterator<Item = Waiter>, epoch: Epoch, outcome: Stored) {
        let waiting: Vec<_> = waiting.into_iter().collect();
        let tell = move |well: bool| {
            for waiter in waiting {
                waiter.tell(Some(&outcome).filter(|_| well), epoch);
            }
        };
        match Unsettled::in_any_case(&self.group()) {
            Some(unsettled) => unsettled.then(tell),
            None => tell(true),
        }
    }

    fn group(&self) -> Arc<dyn Settles> {
        Arc::clone(&self.replica) as _
    }
}

fn written(note: &Note) -> Option<Bytes> {
    match note.written() {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::error!(target: "ember::cluster", %error, "what became of a call cannot be written: a defect of Ember");
            None
        }
    }
}
