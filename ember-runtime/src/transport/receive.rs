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
    pub(super) fn receive(self: &Arc<Self>, frame: &Bytes, now: Instant) -> Result<(), Malformed> {
        let refusal = self.refusal();
        for record in wire::records(frame, self.config.max_message) {
            match record? {
                Record::Call { correlation, body, size } => {
                    self.receive_call(frame, correlation, body, size, now, refusal.as_ref())?;
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

    /// Why no call is taken right now, if none is.
    fn refusal(&self) -> Option<RefusedReason> {
        let outbox = lock(&self.outbox);
        let limit = self.config.out_buffer;
        if outbox.finishing() {
            Some(RefusedReason::Retiring)
        } else if outbox.replies.waiting() > limit {
            Some(RefusedReason::LinkFull { limit: limit as u64 })
        } else {
            None
        }
    }

    fn receive_call(
        self: &Arc<Self>,
        frame: &Bytes,
        correlation: Option<Correlation>,
        body: Range<usize>,
        size: usize,
        now: Instant,
        refusal: Option<&RefusedReason>,
    ) -> Result<(), Malformed> {
        let held = self.held.fetch_add(size as u64, Ordering::Relaxed) + size as u64;
        let credit = Credit { session: self.clone(), bytes: size as u64 };
        // A peer may overdraw its credit by one message.
        if held > (self.config.credit.saturating_add(self.config.max_message)) as u64 {
            return Err(Malformed::CREDIT);
        }
        if let Some(correlation) = correlation {
            lock(&self.inbound).begin(correlation)?;
        }
        let reply = RawReply::new(self.clone(), correlation.map_or(0, Correlation::number));
        if let Some(refusal) = refusal {
            reply.fail(refusal.clone());
            return Ok(());
        }
        let header = match header::get(&frame[body.clone()], now) {
            Ok(header) => header,
            Err(why) => {
                reply.fail(RefusedReason::Undecodable(why));
                return Ok(());
            }
        };
        if header.envelope.deadline.is_some_and(|deadline| deadline <= now) {
            reply.fail(RefusedReason::Expired);
            return Ok(());
        }
        let call = RawCall {
            method: header.method,
            payload: part(frame, body.start + header.size..body.end),
            envelope: header.envelope,
            reply,
            credit: Some(Box::new(credit)),
        };
        self.ingress.call(self.peer, header.target, call);
        Ok(())
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
struct Credit {
    session: Arc<Session>,
    bytes: u64,
}

impl Drop for Credit {
    fn drop(&mut self) {
        self.session.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.session.control.give_back(self.bytes);
    }
}
