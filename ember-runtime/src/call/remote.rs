//! The last step of a call to a service on another node.

use std::sync::Arc;

use super::{
    Router,
    attempt::{Attempt, HandedOver},
    departures::{Departure, Ticket},
};
use crate::{
    directory::Instance,
    error::{Failure, LostReason, RefusedReason},
    id::{MethodId, fnv1a},
    message::{CodecError, Encode, Envelope, Method, Wire},
    transport::{Links, OutCall, Peer, PendingReply, RawAnswer},
};

impl Router {
    /// Makes the links known. Once.
    pub(crate) fn connect(self: &Arc<Self>, links: Arc<Links>) {
        let _already = self.links.set(links);
    }

    /// Cuts all links: the node has gone, though clients made from it may still be held.
    pub(crate) fn disconnect(&self) {
        if let Some(links) = self.links.get() {
            links.close("the node was dropped");
        }
    }

    pub(super) async fn call_remote<M: Method>(
        &self,
        instance: &Instance,
        id: MethodId,
        args: M::Args,
        envelope: Envelope,
        handed_over: &mut HandedOver,
    ) -> Attempt<M> {
        let (wire, links) = match self.way::<M>(instance, id) {
            Ok(way) => way,
            Err(reason) => return Attempt::Refused(reason, args),
        };
        let peer = peer(instance);
        let submitted = if self.departures.is_waiting(peer.key) {
            Ok(None)
        } else {
            submit::<M>(links, &peer, instance, id, &envelope, &wire, &args)
        };
        let pending = match submitted {
            Ok(Some(pending)) => {
                *handed_over = HandedOver::Yes;
                pending
            }
            Ok(None) => {
                let mut payload = Vec::new();
                if let Err(error) = (wire.put_args)(&args, &mut payload) {
                    return Attempt::Refused(RefusedReason::Undecodable(error.to_string()), args);
                }
                let (ticket, leaving) = Ticket::new();
                *handed_over = HandedOver::Elsewhere(leaving.handed_over);
                let (target, name, ticket) = (instance.pid.number, M::INFO.name, Some(ticket));
                let departure = Departure { target, method: id, name, envelope, payload, ticket };
                if let Err(reason) = self.departures.push(Arc::clone(links), peer, departure) {
                    return Attempt::Refused(reason, args);
                }
                match leaving.left.await.unwrap_or(Err(RefusedReason::NodeClosed)) {
                    Ok(pending) => pending,
                    Err(reason) => {
                        if let RefusedReason::Unreachable(_) = &reason {
                            self.directory().suspect(instance.pid.node, true);
                        }
                        return Attempt::Refused(reason, args);
                    }
                }
            }
            Err(reason) => return Attempt::Refused(reason, args),
        };
        let read = |error: CodecError| Failure::from(LostReason::Undecodable(error.to_string()));
        match pending.await {
            RawAnswer::Value(bytes) => match (wire.get_value)(&bytes) {
                Ok(value) => Attempt::Done(Ok(value)),
                Err(error) => Attempt::Failed(read(error)),
            },
            RawAnswer::App(bytes) => match (wire.get_error)(&bytes) {
                Ok(error) => Attempt::Done(Err(error)),
                Err(error) => Attempt::Failed(read(error)),
            },
            RawAnswer::Failed(Failure::NotExecuted(reason)) => Attempt::Refused(reason, args),
            RawAnswer::Failed(failure) => Attempt::Failed(failure),
        }
    }

    /// Sends a one-way call over the link, or queues it while the link is being made.
    pub(super) fn send_remote<M: Method>(
        &self,
        instance: &Instance,
        id: MethodId,
        args: M::Args,
        envelope: &Envelope,
    ) -> Result<(), (M::Args, RefusedReason)> {
        let (wire, links) = match self.way::<M>(instance, id) {
            Ok(way) => way,
            Err(reason) => return Err((args, reason)),
        };
        let peer = peer(instance);
        let mut put_args = |out: &mut Vec<u8>| (wire.put_args)(&args, out);
        let target = instance.pid.number;
        let sent = if self.departures.is_waiting(peer.key) {
            Ok(None)
        } else {
            links.submit(&peer, OutCall { target, method: id, envelope, put_args: &mut put_args, one_way: true })
        };
        match sent {
            Ok(Some(_done)) => return Ok(()),
            Ok(None) => {}
            Err(reason) => return Err((args, reason)),
        }
        let mut payload = Vec::new();
        if let Err(error) = (wire.put_args)(&args, &mut payload) {
            return Err((args, RefusedReason::Undecodable(error.to_string())));
        }
        let (name, envelope) = (M::INFO.name, envelope.clone());
        let departure = Departure { target, method: id, name, envelope, payload, ticket: None };
        self.departures.push(Arc::clone(links), peer, departure).map_err(|reason| (args, reason))
    }

    /// How to encode the method `M`, and the links; refused if the instance would not understand it.
    fn way<M: Method>(&self, instance: &Instance, id: MethodId) -> Result<(Wire<M>, &Arc<Links>), RefusedReason> {
        let wire = M::wire().ok_or(RefusedReason::Private)?;
        let links = self.links.get().ok_or(RefusedReason::NodeClosed)?;
        let published = instance.fingerprint(id).ok_or(RefusedReason::UnknownMethod)?;
        if published != fnv1a(M::INFO.signature) {
            return Err(RefusedReason::SignatureMismatch {
                caller: M::INFO.signature.into(),
                callee: format!("another signature, in version {}", instance.identity.version),
            });
        }
        Ok((wire, links))
    }
}

/// Hands a call to the link. `None` if there is none yet: then nothing was sent.
fn submit<M: Method>(
    links: &Arc<Links>,
    peer: &Peer,
    instance: &Instance,
    id: MethodId,
    envelope: &Envelope,
    wire: &Wire<M>,
    args: &M::Args,
) -> Result<Option<PendingReply>, RefusedReason> {
    let put_args: Encode<'_> = &mut |out| (wire.put_args)(args, out);
    links.submit(peer, OutCall { target: instance.pid.number, method: id, envelope, put_args, one_way: false })
}

fn peer(instance: &Instance) -> Peer {
    Peer { key: instance.pid.node, endpoint: instance.node.endpoint.clone() }
}
