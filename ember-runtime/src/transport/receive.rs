//! What is done with a frame that has arrived.

use std::{
    ops::Range,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    RawAnswer,
    control::WireFailure,
    header, lock,
    parked::{Arrived, Door, Parked},
    session::Session,
    wire::{self, Correlation, Malformed, Record},
};
use crate::{
    error::{Failure, LostReason, RefusedReason},
    message::{RawCall, RawReply},
};

/// A small part of a frame larger than this is copied, so that a waiting call does not keep all of its frame.
const SHARE: usize = 16 << 10;

impl Session {
    /// Handles all records of `frame`, in order.
    pub(super) fn receive(self: &Arc<Self>, frame: &Bytes, now: Instant, parked: &mut Parked) -> Result<(), Malformed> {
        for record in wire::records(frame, self.config.max_message) {
            match record? {
                Record::Call { correlation, body, size } => {
                    let credit = self.hold(size as u64)?;
                    if let Some(correlation) = correlation {
                        lock(&self.inbound).begin(correlation)?;
                    }
                    parked.take(self, Arrived { correlation, body: part(frame, body), credit, at: now });
                }
                Record::Reply { correlation, kind, body } => {
                    let answer = match kind {
                        wire::VALUE => RawAnswer::Value(part(frame, body)),
                        wire::APP => RawAnswer::App(part(frame, body)),
                        _ => RawAnswer::Failed(failure(&frame[body])),
                    };
                    self.complete(correlation, answer);
                }
                Record::Cancel(call) => {
                    lock(&self.inbound).end(call);
                    let writer = lock(&self.outbox).kick();
                    if let Some(writer) = writer {
                        writer.wake();
                    }
                }
            }
        }
        Ok(())
    }

    /// What happens to a call that arrives now.
    pub(super) fn door(&self) -> Door {
        lock(&self.outbox).door(self.config.out_buffer)
    }

    /// Whether somebody still waits for it; one-way calls are always wanted.
    pub(super) fn is_wanted(&self, call: &Arrived) -> bool {
        call.correlation.is_none_or(|call| lock(&self.inbound).waits(call))
    }

    /// Hands `call` to the ingress, or refuses it.
    pub(super) fn deliver(self: &Arc<Self>, call: Arrived, door: Door, now: Instant) {
        let Arrived { correlation, body, credit, at } = call;
        let reply = RawReply::new(self.clone(), correlation.map_or(0, Correlation::number));
        if door == Door::Retiring {
            return reply.fail(RefusedReason::Retiring);
        }
        let header = match header::get(&body, at) {
            Ok(header) => header,
            Err(why) => return reply.fail(RefusedReason::Undecodable(why)),
        };
        if header.envelope.deadline.is_some_and(|deadline| deadline <= now) {
            return reply.fail(RefusedReason::Expired);
        }
        let call = RawCall {
            method: header.method,
            fingerprint: header.fingerprint,
            payload: body.slice(header.size..),
            envelope: header.envelope,
            reply,
            credit: Some(Box::new(credit)),
        };
        self.ingress.call(self.peer, header.target, call);
    }

    fn hold(self: &Arc<Self>, bytes: u64) -> Result<Credit, Malformed> {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let credit = Credit { session: self.clone(), bytes };
        // A peer may overdraw its credit by one message.
        let bound = self.config.credit.saturating_add(self.config.max_message);
        if held > bound as u64 { Err(Malformed::CREDIT) } else { Ok(credit) }
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

/// Bytes of a call that is here; given back when it is dropped.
pub(super) struct Credit {
    session: Arc<Session>,
    bytes: u64,
}

impl Drop for Credit {
    fn drop(&mut self) {
        self.session.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.session.control.give_back(self.bytes);
    }
}
