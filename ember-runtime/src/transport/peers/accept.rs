//! Answering a hello, and joining the data stream to it.

use std::sync::Arc;

use tokio::sync::oneshot;
use tonic::body::Body;

use super::{
    links::Links,
    pulses,
    table::{Connecting, How, State},
};
use crate::{
    error::RefusedReason,
    id::NodeKey,
    sync::{lock, ordered},
    transport::{
        entrance::{Additions, Capabilities, Hello, Refusal, Sever, Token, Welcome},
        link::{NewSession, Session},
        stream::Control,
    },
};

/// A link of which the data stream is still missing.
pub(crate) struct Accepted {
    pub(crate) session: Arc<Session>,
    /// What the dialler is to be told.
    pub(crate) welcome: Welcome,
    /// Where the data stream is expected.
    pub(crate) data: oneshot::Receiver<Body>,
    pub(crate) expects: oneshot::Sender<Body>,
    /// The connection for signs of life.
    pub(crate) pulse: pulses::ExpectedPulse,
}

impl Links {
    /// Decides on a hello of whoever it says that it is from.
    pub(crate) fn accept(
        &self,
        hello: &Hello,
        control: &Arc<Control>,
        sever: &Arc<Sever>,
    ) -> Result<Accepted, Refusal> {
        let accepted = self.admit(hello, control, sever);
        self.events.tell(&*self.ingress);
        accepted
    }

    fn admit(&self, hello: &Hello, control: &Arc<Control>, sever: &Arc<Sever>) -> Result<Accepted, Refusal> {
        let own = self.identity.node;
        if hello.cluster != self.identity.cluster {
            return Err(Refusal::Cluster { ours: self.identity.cluster.clone() });
        }
        if hello.expected != own || hello.from.id == own.id {
            return Err(Refusal::WrongNode { actual: own });
        }
        let NodeKey { id, incarnation } = hello.from;
        let mut table = lock(&self.table);
        if table.closed {
            return Err(Refusal::ShuttingDown);
        }
        let slot = table.peers.entry(id).or_default();
        if slot.newest > incarnation {
            return Err(Refusal::Stale { newest: slot.newest });
        }
        match &slot.state {
            State::Idle => {}
            State::Up(link) if link.peer == hello.from && hello.dial <= link.peer_dial => {
                return Err(Refusal::Superseded);
            }
            State::Up(_) => self.close_locked(slot, "the peer has made a new link"),
            State::Connecting(Connecting { how: How::Accept(link), .. })
                if link.peer == hello.from && hello.dial <= link.peer_dial =>
            {
                return Err(Refusal::Superseded);
            }
            State::Connecting(Connecting { target, how: How::Dial { .. }, .. }) => {
                // Both dial: the dial of the smaller id goes on. A dial to an older run is pointless.
                if own.id < id && target.incarnation >= incarnation {
                    return Err(Refusal::DialInProgress);
                }
            }
            State::Connecting(_) => {}
        }
        let waiting = slot.take_over("the peer has made a new link", &self.events);
        let session = Token(self.rng.secret());
        let welcome = Welcome {
            from: own,
            session,
            dial: self.last_dial(),
            grant: self.grant(),
            capabilities: Capabilities::ours(),
            more: Additions::default(),
        };
        let new = NewSession {
            number: self.next_number(),
            peer: hello.from,
            peer_dial: hello.dial,
            grant: hello.grant,
            capabilities: hello.capabilities.clone(),
            control: control.clone(),
            sever: sever.clone(),
            workers: Arc::clone(&self.workers),
        };
        let session = Session::new(new, &self.config, &self.ingress);
        slot.newest = incarnation;
        slot.state = State::Connecting(Connecting {
            target: hello.from,
            how: How::Accept(session.clone()),
            outcome: waiting.unwrap_or_else(|| ordered::Sender::new(None)),
        });
        let (expects, data) = oneshot::channel();
        let pulse = self.pulses.expect(welcome.session, Arc::clone(&self.network));
        Ok(Accepted { session, welcome, data, expects, pulse })
    }

    /// The data stream of an accepted link did not come, or its connection broke.
    pub(crate) fn give_up(&self, session: &Arc<Session>, why: &str) {
        session.kill(why);
        self.fail(session, why);
        self.events.tell(&*self.ingress);
        self.tidy(session.peer.id);
    }

    fn fail(&self, session: &Arc<Session>, why: &str) {
        let mut table = lock(&self.table);
        let Some(slot) = table.peers.get_mut(&session.peer.id) else { return };
        let State::Connecting(Connecting { how: How::Accept(current), .. }) = &slot.state else { return };
        if Arc::ptr_eq(current, session)
            && let Some(outcome) = slot.take_over(why, &self.events)
        {
            slot.back_off(session.peer.incarnation, &self.rng);
            self.events.outcome(outcome, Err(RefusedReason::Unreachable(why.into())));
        }
    }
}
