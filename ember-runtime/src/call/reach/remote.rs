//! The last step of a call to a service on another node.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{
    freight::{Came, Freight},
    local::{mismatch, own_side},
};
use crate::{
    actor::SIGNATURE_OF,
    call::{
        requests::{Aim, Attempt, HandedOver, Question, undecodable},
        routes::{Boarding, Departure, Router},
    },
    directory::{Instance, NodeRecord, Turn},
    error::{Failure, LostReason, RefusedReason},
    id::MethodId,
    message::{Encode, Envelope, Lane, Lent, MethodKind, Payload, Stamp, decode, encode, take_shown},
    office::Shown,
    transport::{Links, OutCall, Peer, PendingReply, RawAnswer},
};

/// How long a node may take to tell its signature.
const TELL_WITHIN: Duration = Duration::from_secs(1);

/// Stands for a signature that is known by its fingerprint only.
const UNTOLD: &str = "another signature";
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

    pub(crate) async fn call_remote(
        &self,
        target: &Aim,
        instance: &Instance,
        freight: &mut dyn Freight,
        (stamp, envelope): (Stamp, Envelope),
        (handed_over, turn): (&mut HandedOver, &mut Option<Turn>),
    ) -> Attempt {
        let kind = freight.kind();
        let id = target.id_of(kind.info);
        let shown = envelope.reading.and(instance.shown()).map(Arc::clone);
        let submitted = match self.way(kind, target, instance, id) {
            Ok((links, _)) if self.departures.is_waiting(instance.pid.node) => Ok((links, None)),
            Ok((links, fingerprint)) => {
                let put_args: Encode<'_> = &mut |out| freight.put_args(out);
                let (number, envelope, lane) = (instance.pid.number, &envelope, kind.info.lane);
                let call = OutCall {
                    target: number,
                    method: id,
                    fingerprint,
                    stamp,
                    lane,
                    envelope,
                    put_args,
                    one_way: false,
                };
                links.submit(instance.pid.node, call).map(|pending| (links, pending))
            }
            Err(reason) => Err(reason),
        };
        // What is seldom needed is boxed: it would make every call's future larger.
        let pending = match submitted {
            Ok((_, Some(pending))) => {
                drop(envelope);
                *handed_over = HandedOver::Yes;
                pending
            }
            Ok((links, None)) => {
                match Box::pin(self.depart(target, links, instance, freight, (stamp, envelope), handed_over)).await {
                    Ok(pending) => pending,
                    Err(reason) => return Attempt::Refused(reason),
                }
            }
            Err(RefusedReason::SignatureMismatch { .. }) => {
                return Attempt::Refused(Box::pin(self.mismatch(kind, instance, id)).await);
            }
            Err(reason) => return Attempt::Refused(reason),
        };
        // It is on its way: those behind it follow.
        *turn = None;
        let came = match came(is_shown(pending.await, shown.as_ref()), kind) {
            Ok(came) => came,
            Err(attempt) => return attempt,
        };
        let _lent = lend(&came);
        Attempt::read(freight.read(came.as_deref().map_err(|error| &**error), Some(&target.router)))
    }

    /// Lets a call wait for the link, which is being made; gives it back when it has left.
    async fn depart(
        &self,
        target: &Aim,
        links: &Arc<Links>,
        instance: &Instance,
        freight: &mut dyn Freight,
        (stamp, envelope): (Stamp, Envelope),
        handed_over: &mut HandedOver,
    ) -> Result<PendingReply, RefusedReason> {
        let kind = freight.kind();
        let id = target.id_of(kind.info);
        let (_, fingerprint) = self.way(kind, target, instance, id)?;
        self.refuse_deserted(instance)?;
        let payload = links.payload(&mut |out| freight.put_args(out))?;
        let (boarding, leaving) = Boarding::new();
        *handed_over = HandedOver::Elsewhere(leaving.handed_over);
        let (target, info, boarding) = (instance.pid.number, kind.info, Some(boarding));
        let departure = Departure { target, method: id, fingerprint, info, stamp, envelope, payload, boarding };
        self.departures.push(Arc::clone(links), peer(instance), departure)?;
        let left = leaving.left.await.unwrap_or(Err(RefusedReason::NodeClosed));
        if let Err(RefusedReason::Unreachable(_)) = &left {
            self.directory().suspect(instance.pid.node, true);
        }
        left
    }

    /// How the signatures differ: asks the other node for its own, which is not in the registry because it is needed only
    /// here. The arguments are not sent.
    async fn mismatch(&self, kind: &MethodKind, instance: &Instance, id: MethodId) -> RefusedReason {
        let theirs = timeout(TELL_WITHIN, self.ask_signature(instance, id)).await;
        let theirs = theirs.ok().flatten();
        mismatch(kind, theirs.as_deref().unwrap_or(UNTOLD), &instance.identity().version)
    }

    async fn ask_signature(&self, instance: &Instance, id: MethodId) -> Option<String> {
        let (links, peer) = (self.links.get()?, peer(instance));
        // It answers whatever the fingerprints are.
        let method = (instance.pid.number, SIGNATURE_OF);
        let pending = ask(links, &peer, method, &id.0.to_le_bytes()).await.ok()?;
        match pending.await {
            RawAnswer::Value(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            RawAnswer::App(_) | RawAnswer::Failed(_) => None,
        }
    }

    /// So many bytes, or as many as surely fit into one message beside what else is in it.
    pub(crate) fn fitting(&self, bytes: usize) -> usize {
        self.links.get().map_or(bytes, |links| bytes.min(links.max_message() / 2))
    }

    /// Asks a node itself, not one of its services. The first future ends when the question is on its way, the second with
    /// the answer; there is no time-out.
    pub(crate) async fn ask_node<Q: Question>(
        &self,
        node: &NodeRecord,
        question: &Q,
    ) -> Result<impl Future<Output = Result<Q::Answer, Failure>> + Send + use<Q>, Failure> {
        let links = self.links.get().ok_or(RefusedReason::NodeClosed)?;
        let peer = peer_of(node);
        let mut written = Vec::new();
        encode(question, &mut written).map_err(|error| RefusedReason::Undecodable(error.to_string()))?;
        let pending = ask(links, &peer, (NODE_ITSELF, Q::ID), &written).await?;
        Ok(async move {
            match pending.await {
                RawAnswer::Value(answer) => decode(&answer).map_err(|error| undecodable(&error)),
                RawAnswer::App(_) => Err(LostReason::NoReply.into()),
                RawAnswer::Failed(failure) => Err(failure),
            }
        })
    }

    /// Sends a one-way call over the link, or queues it while the link is being made. The arguments are there, and stay there.
    pub(crate) fn send_remote(
        &self,
        target: &Aim,
        instance: &Instance,
        freight: &dyn Freight,
        (stamp, envelope): (Stamp, &Envelope),
    ) -> Result<(), RefusedReason> {
        let info = freight.kind().info;
        let id = target.id_of(info);
        let (links, fingerprint) = self.way(freight.kind(), target, instance, id)?;
        let mut put_args = |out: &mut Vec<u8>| freight.put_args(out);
        let (node, target) = (instance.pid.node, instance.pid.number);
        if !self.departures.is_waiting(node) {
            let (put_args, lane) = (&mut put_args, info.lane);
            let call = OutCall { target, method: id, fingerprint, stamp, lane, envelope, put_args, one_way: true };
            if links.submit(node, call)?.is_some() {
                return Ok(());
            }
        }
        self.refuse_deserted(instance)?;
        let payload = links.payload(&mut put_args)?;
        let envelope = envelope.clone();
        let departure = Departure { target, method: id, fingerprint, info, stamp, envelope, payload, boarding: None };
        self.departures.push(Arc::clone(links), peer(instance), departure)
    }

    /// Nobody waits for a link to a process that has ended. Should somebody listen there again, those who look after suspects find out.
    fn refuse_deserted(&self, instance: &Instance) -> Result<(), RefusedReason> {
        if self.directory().is_deserted(instance.pid.node) {
            let endpoint = &instance.node.endpoint;
            return Err(RefusedReason::Unreachable(format!("{endpoint}: nobody listens there any more")));
        }
        Ok(())
    }

    /// The links, and the fingerprint that the callee is to compare if the caller does not know what it has published; refused if the
    /// instance would not understand the method.
    pub(crate) fn way(
        &self,
        kind: &MethodKind,
        target: &Aim,
        instance: &Instance,
        id: MethodId,
    ) -> Result<(&Arc<Links>, Option<u64>), RefusedReason> {
        let signature = (kind.signature)().ok_or(RefusedReason::Private)?;
        let links = self.links.get().ok_or(RefusedReason::NodeClosed)?;
        let own = target.method.as_ref().map_or_else(|| signature.fingerprint(), |method| method.fingerprint);
        if instance.direct {
            return Ok((links, Some(own)));
        }
        if instance.fingerprint(id).ok_or(RefusedReason::UnknownMethod)? != own {
            return Err(mismatch(kind, UNTOLD, &instance.identity().version));
        }
        Ok((links, None))
    }
}

/// What came back, without what it says of how new it is, if it was asked to say that: whoever calls from here is shown nothing older from now on.
pub(super) fn is_shown(answer: RawAnswer, shown: Option<&Arc<Shown>>) -> RawAnswer {
    let Some(shown) = shown else { return answer };
    let mut answer = answer;
    let (RawAnswer::Value(reply) | RawAnswer::App(reply)) = &mut answer else { return answer };
    match take_shown(reply) {
        Some(point) => shown.raise(point),
        None => return RawAnswer::Failed(LostReason::Undecodable("it does not say how new it is".into()).into()),
    }
    answer
}

/// As long as this is there, bytes that are read may be kept as a part of what came.
pub(super) fn lend(came: &Came<Payload>) -> Lent {
    let (Ok(bytes) | Err(bytes)) = came;
    bytes.lend()
}

/// What the method returned, or what became of the call otherwise.
pub(super) fn came(answer: RawAnswer, kind: &MethodKind) -> Result<Came<Payload>, Attempt> {
    match answer {
        RawAnswer::Value(value) => Ok(Ok(value)),
        RawAnswer::App(error) => Ok(Err(error)),
        RawAnswer::Failed(Failure::NotExecuted(RefusedReason::SignatureMismatch { callee, .. })) => {
            Err(Attempt::Refused(RefusedReason::SignatureMismatch { caller: own_side(kind), callee }))
        }
        RawAnswer::Failed(Failure::NotExecuted(reason)) => Err(Attempt::Refused(reason)),
        RawAnswer::Failed(failure) => Err(Attempt::Failed(failure)),
    }
}

fn peer(instance: &Instance) -> Peer {
    Peer { key: instance.pid.node, ..peer_of(&instance.node) }
}

/// How a node is reached, and recognised.
pub(crate) fn peer_of(node: &NodeRecord) -> Peer {
    Peer { key: node.key, endpoint: node.endpoint.clone(), public_key: node.public_key }
}

/// Asks `method` of a target on a node, which takes whatever comes, and waits for a link if there is none.
async fn ask(
    links: &Arc<Links>,
    peer: &Peer,
    (target, method): (u64, MethodId),
    question: &[u8],
) -> Result<PendingReply, RefusedReason> {
    loop {
        let mut put_args = |out: &mut Vec<u8>| {
            out.extend_from_slice(question);
            Ok(())
        };
        let call = OutCall {
            target,
            method,
            fingerprint: None,
            stamp: Stamp::default(),
            lane: Lane::User,
            envelope: &Envelope::default(),
            put_args: &mut put_args,
            one_way: false,
        };
        match links.submit(peer.key, call)? {
            Some(pending) => return Ok(pending),
            None => links.ready(peer).await?,
        }
    }
}
