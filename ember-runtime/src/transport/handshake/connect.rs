//! Waiting for a link: one dial for all who want it.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::dial;
use crate::{
    error::RefusedReason,
    sync::{lock, ordered},
    transport::{
        peers::{Connecting, How, Links, Outcome, State},
        protocol::Peer,
    },
};

/// What has to happen next.
enum Next {
    Done(Result<(), RefusedReason>),
    Wait(ordered::Receiver<Outcome>),
    Sleep(Instant),
}

impl Links {
    /// Waits until the link to `peer` is up, dialling if nobody does; while dials fail there are pauses between them, of
    /// 2 s at most. It is for the caller to limit the time.
    ///
    /// # Errors
    /// `Unreachable` if the attempt that it waited for failed, `NodeClosed`.
    ///
    /// # Cancel safety
    /// The dial goes on without it.
    pub(crate) async fn ready(self: &Arc<Self>, peer: &Peer) -> Result<(), RefusedReason> {
        loop {
            let next = self.next(peer);
            self.events.tell(&*self.ingress);
            match next {
                Next::Done(result) => return result,
                Next::Sleep(until) => sleep_until(until).await,
                Next::Wait(mut outcome) => {
                    return match outcome.wait_for(Option::is_some).await {
                        Ok(Some(result)) => result,
                        Ok(None) | Err(_) => unreachable("the attempt was given up"),
                    };
                }
            }
        }
    }

    fn next(self: &Arc<Self>, peer: &Peer) -> Next {
        let mut table = lock(&self.table);
        if table.closed {
            return Next::Done(Err(RefusedReason::NodeClosed));
        }
        if peer.key.id == self.identity.node.id {
            return Next::Done(unreachable("it is this node"));
        }
        let slot = table.peers.entry(peer.key.id).or_default();
        if slot.newest > peer.key.incarnation {
            return Next::Done(unreachable("the node has restarted since"));
        }
        match &slot.state {
            State::Up(session) if session.peer == peer.key => {
                let (accepts, closed) = session.openness();
                if !closed {
                    return Next::Done(if accepts { Ok(()) } else { unreachable("it is shutting down") });
                }
                // It broke just now, and its task is about to say so.
                self.close_locked(slot, "the link broke");
            }
            State::Up(_) => self.close_locked(slot, "the node has restarted"),
            State::Connecting(Connecting { target, outcome, .. }) if target.incarnation >= peer.key.incarnation => {
                return Next::Wait(outcome.subscribe());
            }
            State::Connecting(_) => {
                if let Some(outcome) = slot.take_over("the node has restarted", &self.events) {
                    self.events.outcome(outcome, unreachable("the node has restarted since"));
                }
            }
            State::Idle => {}
        }
        if let Some(until) = slot.pause(peer.key.incarnation) {
            return Next::Sleep(until);
        }
        let attempt = self.next_dial();
        let task = self.spawn(dial::run(Arc::downgrade(self), peer.clone(), attempt));
        let outcome = ordered::Sender::new(None);
        let waiting = outcome.subscribe();
        slot.state = State::Connecting(Connecting { target: peer.key, how: How::Dial { attempt, task }, outcome });
        Next::Wait(waiting)
    }
}

fn unreachable(why: &str) -> Result<(), RefusedReason> {
    Err(RefusedReason::Unreachable(why.into()))
}
