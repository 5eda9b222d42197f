//! What is done with records that have arrived.

use std::{
    ops::Range,
    sync::{Arc, atomic::Ordering},
    task::{Context, Waker},
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    parked::{Arrived, Parked, Time},
    session::Session,
};
use crate::{
    error::{Failure, LostReason},
    panics::woken,
    sync::{lock, wake},
    transport::{
        protocol::{Clock, Correlation, Frames, Malformed, Part, RawAnswer, Record, wire},
        stream::{Assembly, Intake, MAX_PENDING, Outbox, WireFailure, share},
    },
};

/// The receiving end of a data stream.
pub(crate) struct Inflow {
    frames: Frames,
    calls: Assembly,
    replies: Assembly,
    clock: Clock,
    parked: Parked,
    /// Calls of the bytes at hand that somebody waits for.
    begun: Vec<Correlation>,
    /// Replies of the bytes at hand.
    answers: Vec<(Correlation, RawAnswer)>,
    wakers: Vec<Waker>,
    /// The bytes of all calls that have come.
    received: u64,
    /// When the bytes at hand came: the bytes that had left their mailboxes, and the callers that had given up.
    released: u64,
    given_up: u64,
}

impl Inflow {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            frames: Frames::default(),
            calls: Assembly::default(),
            replies: Assembly::default(),
            clock: Clock { there: 0, here: now },
            parked: Parked::default(),
            begun: Vec::new(),
            answers: Vec::new(),
            wakers: Vec::new(),
            received: 0,
            released: 0,
            given_up: 0,
        }
    }

    /// Handles bytes of the stream.
    pub(crate) fn read(
        &mut self,
        session: &Arc<Session>,
        chunk: Bytes,
        now: Instant,
        task: &mut Context<'_>,
    ) -> Result<(), Malformed> {
        let mut frames = std::mem::take(&mut self.frames);
        let read = frames.read(chunk, session.config.max_message, |part| match part {
            Part::Records(records) => self.receive(session, &records, now, task),
            Part::OfPiece { kind, bytes, ends } => self.receive_part(session, (kind, &bytes, ends), now, task),
        });
        self.frames = frames;
        read
    }

    /// Handles whole records, in their order; what precedes a malformed one too.
    pub(crate) fn receive(
        &mut self,
        session: &Arc<Session>,
        records: &Bytes,
        now: Instant,
        task: &mut Context<'_>,
    ) -> Result<(), Malformed> {
        self.look(session);
        let sorted = self.sort(session, records, now);
        self.pass_on(session, records, sorted, now, task)
    }

    /// Handles a part of a piece of a large record, of this kind, that ends there or does not.
    fn receive_part(
        &mut self,
        session: &Arc<Session>,
        (kind, bytes, ends): (u8, &[u8], bool),
        now: Instant,
        task: &mut Context<'_>,
    ) -> Result<(), Malformed> {
        let Some(whole) = self.assembly(kind).add(bytes, ends, session.config.max_message)? else { return Ok(()) };
        self.look(session);
        let sorted = self.whole(session, &whole, kind);
        self.pass_on(session, &Bytes::new(), sorted, now, task)
    }

    /// How much has left this node by now.
    fn look(&mut self, session: &Session) {
        self.given_up = session.given_up.load(Ordering::Acquire);
        self.released = session.control.released();
    }

    /// Hands over what has been sorted.
    fn pass_on(
        &mut self,
        session: &Arc<Session>,
        records: &Bytes,
        sorted: Result<(), Malformed>,
        now: Instant,
        task: &mut Context<'_>,
    ) -> Result<(), Malformed> {
        session.received.store(self.received, Ordering::Relaxed);
        let begun = self.begin(session);
        self.resolve(session);
        self.parked.deliver(session, records, self.time(), now, task);
        sorted.and(begun)
    }

    /// Hands over calls that had to wait, if they need not any more.
    pub(crate) fn unpark(&mut self, session: &Arc<Session>, task: &mut Context<'_>) {
        self.parked.deliver(session, &Bytes::new(), self.time(), Instant::now(), task);
    }

    fn time(&self) -> Time {
        Time { clock: self.clock, given_up: self.given_up }
    }

    fn sort(&mut self, session: &Session, records: &Bytes, now: Instant) -> Result<(), Malformed> {
        let limit = session.config.max_message;
        for record in wire::records(records, limit) {
            match record? {
                Record::Piece { kind, body } => {
                    if let Some(whole) = self.assembly(kind).add(&records[body], true, limit)? {
                        self.parked.keep(records, self.time());
                        self.whole(session, &whole, kind)?;
                    }
                }
                Record::Clock(there) => {
                    // Those before it count by the clock before it.
                    self.parked.keep(records, self.time());
                    self.clock = Clock { there, here: now };
                }
                Record::Skipped => {}
                Record::Cancel(call) => {
                    self.begin(session)?;
                    session.cancelled(call);
                }
                Record::Call { correlation, body, size } => {
                    let call = self.admit(session, correlation, size)?;
                    self.parked.add(call, body);
                }
                Record::Reply { correlation, kind, body } => self.answer(records, correlation, kind, body),
            }
        }
        Ok(())
    }

    fn assembly(&mut self, kind: u8) -> &mut Assembly {
        if kind == wire::CALL_PIECE { &mut self.calls } else { &mut self.replies }
    }

    /// A record that came in pieces of this kind.
    fn whole(&mut self, session: &Session, bytes: &Bytes, pieces: u8) -> Result<(), Malformed> {
        for record in wire::records(bytes, session.config.max_message) {
            match (record?, pieces) {
                (Record::Call { correlation, body, size }, wire::CALL_PIECE) => {
                    let call = self.admit(session, correlation, size)?;
                    self.parked.add_whole(call, bytes.slice(body), self.time());
                }
                (Record::Reply { correlation, kind, body }, wire::REPLY_PIECE) => {
                    self.answer(bytes, correlation, kind, body);
                }
                _ => return Err(Malformed::PIECES),
            }
        }
        Ok(())
    }

    /// Counts a call of this size.
    #[inline]
    fn admit(
        &mut self,
        session: &Session,
        correlation: Option<Correlation>,
        size: usize,
    ) -> Result<Arrived, Malformed> {
        if let Some(correlation) = correlation {
            if correlation.index as usize >= MAX_PENDING {
                return Err(Malformed::SLOT);
            }
            self.begun.push(correlation);
        }
        let size = size as u64;
        self.received += size;
        // A peer may overdraw its credit by one message.
        let bound = session.config.credit.saturating_add(session.config.max_message) as u64;
        if self.received - self.released > bound {
            // What was released since the bytes came counts too.
            self.released = session.control.released();
            if self.received - self.released > bound {
                return Err(Malformed::CREDIT);
            }
        }
        Ok(Arrived { correlation, size })
    }

    #[inline]
    fn answer(&mut self, bytes: &Bytes, correlation: Correlation, kind: u8, body: Range<usize>) {
        let answer = match kind {
            wire::VALUE => RawAnswer::Value(share(bytes, body)),
            wire::APP => RawAnswer::App(share(bytes, body)),
            _ => RawAnswer::Failed(failure(&bytes[body])),
        };
        self.answers.push((correlation, answer));
    }

    /// Notes that the callers of the calls that have come wait for their answers.
    fn begin(&mut self, session: &Session) -> Result<(), Malformed> {
        if self.begun.is_empty() { Ok(()) } else { session.begun(self.begun.drain(..)) }
    }

    /// Gives callers their answers.
    fn resolve(&mut self, session: &Session) {
        if self.answers.is_empty() {
            return;
        }
        session.callers.complete(self.answers.drain(..), &mut self.wakers);
        let mut wakers = self.wakers.drain(..);
        // One that panics keeps nobody else from being woken, and does not end the link.
        while wakers.len() > 0 {
            woken(|| wakers.by_ref().for_each(Waker::wake));
        }
    }
}

impl Session {
    /// What happens to a call that arrives now.
    pub(crate) fn intake(&self) -> Intake {
        let mut outbox = lock(&self.outbox);
        let intake = outbox.intake(self.config.out_buffer);
        self.crowded.store(intake == Intake::Shut, Ordering::Relaxed);
        intake
    }

    /// The callers of these calls wait from now on.
    fn begun(&self, mut calls: impl Iterator<Item = Correlation>) -> Result<(), Malformed> {
        let mut listeners = Vec::new();
        let begun = {
            let mut outbox = lock(&self.outbox);
            calls.try_for_each(|call| {
                let (held, listener) = outbox.inbound.begin(call)?;
                listeners.extend(listener);
                if held {
                    self.one_gave_up(&outbox);
                }
                Ok(())
            })
        };
        listeners.into_iter().for_each(wake);
        begun
    }

    /// The caller of this call waits no more.
    fn cancelled(&self, call: Correlation) {
        let mut outbox = lock(&self.outbox);
        let (_, listener) = outbox.inbound.end(call);
        self.one_gave_up(&outbox);
        // It may have been the last one that a link waited for which is about to end.
        let writer = outbox.kick();
        drop(outbox);
        listener.into_iter().chain(writer).for_each(wake);
    }

    fn one_gave_up(&self, outbox: &Outbox) {
        // All have, once it is closed.
        if outbox.closed().is_none() {
            self.given_up.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The bytes of the peer's calls that are here.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn held(&self) -> u64 {
        self.received.load(Ordering::Relaxed) - self.control.released()
    }
}

fn failure(bytes: &[u8]) -> Failure {
    match WireFailure::read(bytes) {
        Ok(failure) => failure.into(),
        Err(error) => LostReason::Undecodable(error.to_string()).into(),
    }
}
