//! What is done with records that have arrived.

use std::{
    ops::Range,
    sync::{Arc, atomic::Ordering},
    task::Waker,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    RawAnswer,
    control::WireFailure,
    frame::Frames,
    header::{self, Clock},
    inbound::Inbound,
    lock,
    parked::{Arrived, Door, Parked},
    session::Session,
    slow::Assembly,
    wire::{self, Correlation, Malformed, Record},
};
use crate::{
    error::{Failure, LostReason, RefusedReason},
    message::{RawCall, RawReply},
};

/// A small part of more bytes than this is copied, so that a waiting call does not keep all of them.
const SHARE: usize = 64 << 10;

/// The receiving end of a data stream.
pub(super) struct Inflow {
    frames: Frames,
    calls: Assembly,
    replies: Assembly,
    clock: Clock,
    parked: Parked,
    /// Replies of the bytes at hand.
    answers: Vec<(Correlation, RawAnswer)>,
    wakers: Vec<Waker>,
    /// The bytes of all calls that have come.
    received: u64,
}

impl Inflow {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            frames: Frames::default(),
            calls: Assembly::default(),
            replies: Assembly::default(),
            clock: Clock { there: 0, here: now },
            parked: Parked::default(),
            answers: Vec::new(),
            wakers: Vec::new(),
            received: 0,
        }
    }

    /// Handles bytes of the stream.
    pub(super) fn read(&mut self, session: &Arc<Session>, chunk: Bytes, now: Instant) -> Result<(), Malformed> {
        let mut frames = std::mem::take(&mut self.frames);
        let read = frames.read(chunk, session.config.max_message, |records| self.receive(session, &records, now));
        self.frames = frames;
        read
    }

    /// Handles whole records, in their order; what precedes a malformed one too.
    pub(super) fn receive(&mut self, session: &Arc<Session>, records: &Bytes, now: Instant) -> Result<(), Malformed> {
        let sorted = self.sort(session, records, now);
        self.resolve(session);
        self.parked.deliver(session, now);
        sorted
    }

    /// Hands over calls that had to wait, if they need not any more.
    pub(super) fn unpark(&mut self, session: &Arc<Session>) {
        self.parked.deliver(session, Instant::now());
    }

    fn sort(&mut self, session: &Session, records: &Bytes, now: Instant) -> Result<(), Malformed> {
        let limit = session.config.max_message;
        let mut inbound = None;
        let mut kick = false;
        for record in wire::records(records, limit) {
            match record? {
                Record::Piece { kind, body } => {
                    let assembly = if kind == wire::CALL_PIECE { &mut self.calls } else { &mut self.replies };
                    if let Some(whole) = assembly.add(&records[body], limit)? {
                        self.whole(session, &whole, kind, &mut inbound)?;
                    }
                }
                Record::Clock(there) => self.clock = Clock { there, here: now },
                Record::Cancel(call) => {
                    inbound.get_or_insert_with(|| lock(&session.inbound)).end(call);
                    kick = true;
                }
                record @ (Record::Call { .. } | Record::Reply { .. }) => {
                    self.one(session, records, record, &mut inbound)?
                }
            }
        }
        drop(inbound);
        if kick {
            // It may have been the last one that a link waited for which is about to end.
            let writer = lock(&session.outbox).kick();
            if let Some(writer) = writer {
                writer.wake();
            }
        }
        Ok(())
    }

    /// A record that came in pieces of this kind.
    fn whole<'a>(
        &mut self,
        session: &'a Session,
        bytes: &Bytes,
        pieces: u8,
        inbound: &mut Option<std::sync::MutexGuard<'a, Inbound>>,
    ) -> Result<(), Malformed> {
        for record in wire::records(bytes, session.config.max_message) {
            let record = record?;
            match (&record, pieces) {
                (Record::Call { .. }, wire::CALL_PIECE) | (Record::Reply { .. }, wire::REPLY_PIECE) => {
                    self.one(session, bytes, record, inbound)?;
                }
                _ => return Err(Malformed::PIECES),
            }
        }
        Ok(())
    }

    fn one<'a>(
        &mut self,
        session: &'a Session,
        bytes: &Bytes,
        record: Record,
        inbound: &mut Option<std::sync::MutexGuard<'a, Inbound>>,
    ) -> Result<(), Malformed> {
        match record {
            Record::Call { correlation, body, size } => {
                if let Some(correlation) = correlation {
                    inbound.get_or_insert_with(|| lock(&session.inbound)).begin(correlation)?;
                }
                self.received += size as u64;
                session.received.store(self.received, Ordering::Relaxed);
                let call = Arrived {
                    correlation,
                    body: part(bytes, body),
                    size: size as u64,
                    clock: self.clock,
                    parked: false,
                };
                self.parked.add(call);
                // A peer may overdraw its credit by one message.
                let bound = session.config.credit.saturating_add(session.config.max_message);
                if session.held() > bound as u64 { Err(Malformed::CREDIT) } else { Ok(()) }
            }
            Record::Reply { correlation, kind, body } => {
                let answer = match kind {
                    wire::VALUE => RawAnswer::Value(part(bytes, body)),
                    wire::APP => RawAnswer::App(part(bytes, body)),
                    _ => RawAnswer::Failed(failure(&bytes[body])),
                };
                self.answers.push((correlation, answer));
                Ok(())
            }
            Record::Cancel(_) | Record::Piece { .. } | Record::Clock(_) => Ok(()),
        }
    }

    /// Gives callers their answers.
    fn resolve(&mut self, session: &Session) {
        if self.answers.is_empty() {
            return;
        }
        let mut pending = lock(&session.pending);
        let answers = self.answers.drain(..);
        self.wakers.extend(answers.filter_map(|(call, answer)| pending.complete(call, answer)));
        drop(pending);
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

impl Session {
    /// What happens to a call that arrives now.
    pub(super) fn door(&self) -> Door {
        let mut outbox = lock(&self.outbox);
        let door = outbox.door(self.config.out_buffer);
        self.crowded.store(door == Door::Shut, Ordering::Relaxed);
        door
    }

    /// Reads a call, so that it can be handed to the ingress; or refuses it.
    pub(super) fn admit(self: &Arc<Self>, call: Arrived, door: Door, now: Instant) -> Option<(u64, RawCall)> {
        let Arrived { correlation, body, size, clock, parked } = call;
        let reply = RawReply::new(self.clone(), correlation.map_or(0, Correlation::number)).with_credit(size);
        if door == Door::Retiring {
            reply.fail(RefusedReason::Retiring);
            return None;
        }
        if parked && reply.is_unwanted() {
            // Nobody hears of it.
            reply.fail(RefusedReason::CallerGone);
            return None;
        }
        let header = match header::get(&body, clock) {
            Ok(header) => header,
            Err(why) => {
                reply.fail(RefusedReason::Undecodable(why));
                return None;
            }
        };
        if header.envelope.deadline.is_some_and(|deadline| deadline <= now) {
            reply.fail(RefusedReason::Expired);
            return None;
        }
        let mut payload = body;
        bytes::Buf::advance(&mut payload, header.size);
        let call = RawCall {
            method: header.method,
            fingerprint: header.fingerprint,
            payload,
            envelope: header.envelope,
            reply,
        };
        Some((header.target, call))
    }

    /// The bytes of the peer's calls that are here.
    pub(super) fn held(&self) -> u64 {
        self.received.load(Ordering::Relaxed) - self.control.released()
    }
}

fn part(frame: &Bytes, range: Range<usize>) -> Bytes {
    if frame.len() > SHARE && range.len() < frame.len() / 4 {
        Bytes::copy_from_slice(&frame[range])
    } else {
        frame.slice(range)
    }
}

fn failure(bytes: &[u8]) -> Failure {
    match postcard::from_bytes::<WireFailure>(bytes) {
        Ok(failure) => failure.into(),
        Err(error) => LostReason::Undecodable(error.to_string()).into(),
    }
}
