//! Calls that have arrived. Mostly they are handed over at once, as they lie in the bytes at hand; while too many replies to their
//! sender wait they are parked: no more bytes than the sender has credit for. They belong to the link's task, and are handed
//! over in their order.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, atomic::Ordering},
    task::Context,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::session::Session;
use crate::{
    error::RefusedReason,
    message::{Arrivals, Lender, Payload, RawCall, RawReply},
    transport::{
        protocol::{Clock, Correlation, Header, header},
        stream::{Intake, part, share},
    },
};

/// Bytes that come all the time are read, and handlers are run, for so long before the other tasks of the thread have their
/// turn.
pub(crate) const TURN: Duration = Duration::from_millis(1);

/// What is known of a call before its header is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrived {
    /// `None` for a one-way call.
    pub(crate) correlation: Option<Correlation>,
    /// The credit that it takes.
    pub(crate) size: u64,
}

/// A call in the bytes at hand; where its header and arguments are.
struct Fresh {
    call: Arrived,
    body: Range<usize>,
}

/// A call that was not handed over with the bytes that it came in.
struct Kept {
    call: Arrived,
    body: Bytes,
    time: Time,
    /// It had to wait.
    parked: bool,
}

/// What the deadlines of calls count by, and how many callers had given up before they came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    pub(crate) clock: Clock,
    pub(crate) given_up: u64,
}

/// All that have arrived and were not handed over: first those that are kept, then the fresh ones.
#[derive(Default)]
pub(crate) struct Parked {
    kept: VecDeque<Kept>,
    fresh: Vec<Fresh>,
    /// So many of the fresh ones have been handed over.
    handed: usize,
}

impl Parked {
    /// A call in the bytes at hand.
    pub(crate) fn add(&mut self, call: Arrived, body: Range<usize>) {
        self.fresh.push(Fresh { call, body });
    }

    /// A call with its own bytes. Those at hand before it must have been [kept](Self::keep).
    pub(crate) fn add_whole(&mut self, call: Arrived, body: Bytes, time: Time) {
        self.kept.push_back(Kept { call, body, time, parked: false });
    }

    /// Lets go of the bytes at hand.
    pub(crate) fn keep(&mut self, bytes: &Bytes, time: Time) {
        let fresh = self.fresh.drain(..).skip(self.handed);
        self.kept.extend(fresh.map(|Fresh { call, body }| Kept { call, body: part(bytes, body), time, parked: false }));
        self.handed = 0;
    }

    /// Hands over what need not wait; `bytes` are those at hand.
    pub(crate) fn deliver(
        &mut self,
        session: &Arc<Session>,
        bytes: &Bytes,
        time: Time,
        now: Instant,
        task: &mut Context<'_>,
    ) {
        if self.kept.is_empty() && self.fresh.is_empty() {
            return;
        }
        let lender = Lender::new(session.clone());
        while !self.kept.is_empty() || self.handed < self.fresh.len() {
            let intake = session.intake();
            if intake != Intake::Shut {
                let turn = Turn { begun: now, now, ran: 0, over: false };
                let mut batch =
                    Batch { parked: self, session, lender: &lender, bytes, time, intake, turn, target: None };
                session.ingress.calls(session.peer, &mut batch, task);
                if !batch.turn.over {
                    continue;
                }
                session.unparked.notify_one();
            }
            self.keep(bytes, time);
            self.kept.iter_mut().rev().take_while(|call| !call.parked).for_each(|call| call.parked = true);
            return;
        }
        self.fresh.clear();
        self.handed = 0;
    }
}

/// The calls that go through an open intake, until it shuts.
struct Batch<'a> {
    parked: &'a mut Parked,
    session: &'a Session,
    lender: &'a Lender,
    bytes: &'a Bytes,
    time: Time,
    intake: Intake,
    turn: Turn,
    /// Whom the next call is for, once somebody has asked.
    target: Option<u64>,
}

/// How long handlers have run while calls were handed over.
struct Turn {
    begun: Instant,
    /// When the clock was last looked at.
    now: Instant,
    ran: u32,
    over: bool,
}

impl Turn {
    /// The clock is looked at after every so many handlers: that costs as much as reading a header.
    const LOOK: u32 = 8;

    /// Another handler has run.
    fn count(&mut self) {
        self.ran += 1;
        if self.ran.is_multiple_of(Self::LOOK) {
            self.now = Instant::now();
            self.over = self.now.duration_since(self.begun) > TURN;
        }
    }
}

impl<'a> Arrivals<'a> for Batch<'a> {
    #[inline]
    fn target(&mut self) -> Option<u64> {
        // A call may be answered while the next ones are handed over.
        if self.session.crowded.load(Ordering::Relaxed) || self.turn.over {
            return None;
        }
        if self.target.is_none() {
            self.target = Some(header::target(match self.parked.kept.front() {
                Some(Kept { body, .. }) => body,
                None => &self.bytes[self.parked.fresh.get(self.parked.handed)?.body.clone()],
            }));
        }
        self.target
    }

    #[inline]
    fn ran(&mut self) {
        self.turn.count();
    }

    #[inline]
    fn take(&mut self) -> Option<RawCall<'a>> {
        self.target = None;
        if let Some(Kept { call, body, time, parked }) = self.parked.kept.pop_front() {
            return self.admit(call, &body.clone(), time, parked, |size| part(&body, size..body.len()).into());
        }
        let Fresh { call, body } = self.parked.fresh.get(self.parked.handed)?;
        let (call, body) = (*call, body.clone());
        self.parked.handed += 1;
        let payload = |size| share(self.bytes, body.start + size..body.end);
        self.admit(call, &self.bytes[body.clone()], self.time, false, payload)
    }
}

impl<'a> Batch<'a> {
    /// Reads the header of a call, or refuses it. `payload` gives what is behind so many bytes.
    #[inline]
    fn admit(
        &self,
        call: Arrived,
        body: &[u8],
        time: Time,
        parked: bool,
        payload: impl FnOnce(usize) -> Payload,
    ) -> Option<RawCall<'a>> {
        let correlation = call.correlation.map_or(0, Correlation::number);
        let reply = RawReply::of_link(self.lender, correlation, call.size, time.given_up);
        if self.intake == Intake::Retiring {
            reply.fail(RefusedReason::Retiring);
            return None;
        }
        if parked && reply.is_unwanted() {
            // Nobody hears of it.
            reply.fail(RefusedReason::CallerGone);
            return None;
        }
        let header = match header::get(body, time.clock) {
            Ok(header) => header,
            Err(why) => {
                reply.fail(RefusedReason::Undecodable(why));
                return None;
            }
        };
        if header.stamp.deadline.is_some_and(|deadline| deadline <= self.turn.now) {
            reply.fail(RefusedReason::Expired);
            return None;
        }
        let Header { method, fingerprint, stamp, envelope, size } = header;
        Some(RawCall { method, fingerprint, payload: payload(size), stamp, envelope, reply })
    }
}
