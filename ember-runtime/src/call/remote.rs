//! The last step of a call to a service on another node.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Router,
    attempt::{Attempt, HandedOver},
    departures::{Departure, Ticket},
};
use crate::{
    directory::{Instance, NodeRecord},
    error::{Failure, LostReason, RefusedReason},
    id::{MethodId, fnv1a},
    message::{CodecError, Encode, Envelope, Method, Wire},
    transport::{Links, OutCall, Peer, PendingReply, RawAnswer},
};

/// The target of what is for a node itself: the numbers of services count from 1.
pub(crate) const NODE_ITSELF: u64 = 0;

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
                let fingerprint = fingerprint::<M>(instance);
                let departure = Departure { target, method: id, fingerprint, name, envelope, payload, ticket };
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
            RawAnswer::Failed(Failure::NotExecuted(RefusedReason::SignatureMismatch { callee, .. })) => {
                let caller = M::INFO.signature.into();
                Attempt::Refused(RefusedReason::SignatureMismatch { caller, callee }, args)
            }
            RawAnswer::Failed(Failure::NotExecuted(reason)) => Attempt::Refused(reason, args),
            RawAnswer::Failed(failure) => Attempt::Failed(failure),
        }
    }

    /// Asks a node itself, not one of its services. The first future ends when the question is on its way, the second with
    /// the answer; there is no time-out.
    pub(crate) async fn ask_node(
        &self,
        node: &NodeRecord,
        question: &[u8],
    ) -> Result<impl Future<Output = Result<Bytes, Failure>> + Send + use<>, Failure> {
        let links = self.links.get().ok_or(RefusedReason::NodeClosed)?;
        let peer = Peer { key: node.key, endpoint: node.endpoint.clone() };
        let envelope = Envelope::default();
        let pending = loop {
            let mut put_args = |out: &mut Vec<u8>| {
                out.extend_from_slice(question);
                Ok(())
            };
            let call = OutCall {
                target: NODE_ITSELF,
                method: MethodId(0),
                fingerprint: None,
                envelope: &envelope,
                put_args: &mut put_args,
                one_way: false,
            };
            match links.submit(&peer, call)? {
                Some(pending) => break pending,
                None => links.ready(&peer).await?,
            }
        };
        Ok(async move {
            match pending.await {
                RawAnswer::Value(answer) => Ok(answer),
                RawAnswer::App(_) => Err(LostReason::NoReply.into()),
                RawAnswer::Failed(failure) => Err(failure),
            }
        })
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
            let fingerprint = fingerprint::<M>(instance);
            let call = OutCall { target, method: id, fingerprint, envelope, put_args: &mut put_args, one_way: true };
            links.submit(&peer, call)
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
        let fingerprint = fingerprint::<M>(instance);
        let (name, envelope) = (M::INFO.name, envelope.clone());
        let departure = Departure { target, method: id, fingerprint, name, envelope, payload, ticket: None };
        self.departures.push(Arc::clone(links), peer, departure).map_err(|reason| (args, reason))
    }

    /// How to encode the method `M`, and the links; refused if the instance would not understand it.
    fn way<M: Method>(&self, instance: &Instance, id: MethodId) -> Result<(Wire<M>, &Arc<Links>), RefusedReason> {
        let wire = M::wire().ok_or(RefusedReason::Private)?;
        let links = self.links.get().ok_or(RefusedReason::NodeClosed)?;
        if instance.direct {
            return Ok((wire, links));
        }
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

/// What the callee is to compare, if the caller does not know what it has published.
fn fingerprint<M: Method>(instance: &Instance) -> Option<u64> {
    instance.direct.then(|| fnv1a(M::INFO.signature))
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
    let (target, fingerprint) = (instance.pid.number, fingerprint::<M>(instance));
    links.submit(peer, OutCall { target, method: id, fingerprint, envelope, put_args, one_way: false })
}

fn peer(instance: &Instance) -> Peer {
    Peer { key: instance.pid.node, endpoint: instance.node.endpoint.clone() }
}
