//! Where the links of a node ask who is a member, and where what they bring goes.

use std::{
    future::pending,
    sync::{Arc, Mutex, Weak},
    task,
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::{
    actor::Load,
    call::{
        CloseStream, Describe, EndOf, EntriesOf, HowFar, LearnFrom, More, NODE_ITSELF, OutcomeOf, PieceOf, Promise,
        Question, Replicate, Router,
    },
    error::RefusedReason,
    event::{Announce, Batch, Hub},
    id::{Incarnation, NodeId, NodeKey, PublicKey},
    message::{Arrivals, RawCall, RawReply, ReplyBody, decode, encode},
    node::{
        follow,
        hosting::{Services, Watches},
        offices::learn,
    },
    replica::Answer,
    sync::lock,
    transport::{Ingress, Members},
};

/// Which services are busy, and when that was looked at.
type Busy = (Instant, Arc<[(u64, Load)]>);

/// Takes in what the links bring.
pub(crate) struct Door {
    router: Weak<Router>,
    watches: Weak<Watches>,
    hub: Weak<Hub>,
    /// Which services were busy at some time.
    busy: Mutex<Option<Busy>>,
}

/// Which services are busy is looked at no more often.
const FRESH: Duration = Duration::from_millis(100);

impl Door {
    /// That of a node.
    pub(crate) fn of(services: &Services) -> Self {
        let Services { router, watches, hub, .. } = services;
        Self {
            router: Arc::downgrade(router),
            watches: Arc::downgrade(watches),
            hub: Arc::downgrade(hub),
            busy: Mutex::default(),
        }
    }
}

impl Members for Door {
    fn key_of(&self, peer: NodeKey) -> BoxFuture<'_, PublicKey> {
        let directory = self.router.upgrade().map(|router| Arc::clone(router.directory()));
        Box::pin(async move {
            // Without a router the node is gone, and so will be those who wait.
            let Some(directory) = directory else { return pending().await };
            let mut changes = directory.changes();
            loop {
                changes.mark_unchanged();
                if let Some(key) = directory.public_key(peer) {
                    return key;
                }
                if changes.changed().await.is_err() {
                    return pending().await;
                }
            }
        })
    }

    fn newest(&self, node: NodeId) -> Option<Incarnation> {
        self.router.upgrade().and_then(|router| router.directory().newest_run(node))
    }

    fn admit(&self, peer: NodeKey) -> Result<(), String> {
        let Some(router) = self.router.upgrade() else { return Ok(()) };
        let (_, refusal) = router.hooks.links.ask(|hook| hook.admit(peer));
        refusal.map_or(Ok(()), |refusal| Err(format!("the hook `{}`: {}", refusal.by, refusal.reason)))
    }
}

impl Ingress for Door {
    fn named(&self, peer: NodeKey) -> String {
        let name = self.router.upgrade().and_then(|router| router.directory().name_of(peer));
        name.map_or_else(|| peer.to_string(), |name| format!("{name} ({peer})"))
    }

    fn calls(&self, peer: NodeKey, calls: &mut dyn Arrivals<'_>, task: &mut task::Context<'_>) {
        let Some(router) = self.router.upgrade() else {
            return while let Some(call) = calls.take() {
                call.reply.fail(RefusedReason::Stopped);
            };
        };
        while let Some(target) = calls.target() {
            if target != NODE_ITSELF {
                router.deliver(target, calls, task);
            } else if let Some(call) = calls.take() {
                self.question(peer, call.own());
            }
        }
    }

    fn link_up(&self, peer: NodeKey) {
        if let Some(router) = self.router.upgrade() {
            router.directory().suspect(peer, false);
            if let Some(hub) = self.hub.upgrade() {
                hub.link_up(peer);
            }
            // What it said before, it may not know any more.
            router.directory().reported(peer, &[]);
            router.hooks.links.tell(|hook| hook.up(peer));
        }
    }

    fn link_late(&self, peer: NodeKey, is_late: bool) {
        if let Some(router) = self.router.upgrade() {
            router.directory().late(peer, is_late);
        }
    }

    fn busy(&self) -> Arc<[(u64, Load)]> {
        let (mut last, now) = (lock(&self.busy), Instant::now());
        // Many links ask at about the same time.
        if let Some((at, busy)) = &*last
            && now.duration_since(*at) < FRESH
        {
            return Arc::clone(busy);
        }
        let busy: Arc<[_]> = self.router.upgrade().map(|router| router.directory().busy()).unwrap_or_default().into();
        *last = Some((now, Arc::clone(&busy)));
        busy
    }

    fn reported(&self, peer: NodeKey, busy: &[(u64, Load)]) {
        if let Some(router) = self.router.upgrade() {
            router.directory().reported(peer, busy);
        }
    }

    fn deserted(&self, peer: NodeKey) {
        if let Some(router) = self.router.upgrade() {
            router.directory().desert(peer);
        }
    }

    fn link_down(&self, peer: NodeKey, why: &str) {
        if let Some(router) = self.router.upgrade() {
            router.directory().suspect(peer, true);
            router.directory().reported(peer, &[]);
            router.streams.lost(peer);
            router.hooks.links.tell_after(usize::MAX, |hook| hook.down(peer, why));
        }
        if let Some(watches) = self.watches.upgrade() {
            watches.prune();
        }
    }
}

impl Door {
    /// What another node asks this node itself.
    fn question(&self, peer: NodeKey, call: RawCall<'static>) {
        let RawCall { method, payload, mut reply, .. } = call;
        reply.taken();
        if reply.is_one_way() {
            return reply.fail(RefusedReason::Undecodable("whoever asks a node wants an answer".into()));
        }
        let Some(router) = self.router.upgrade() else { return reply.fail(RefusedReason::Stopped) };
        match method {
            EndOf::ID => match (read(&payload), self.watches.upgrade()) {
                (Ok(question), Some(watches)) => watches.watch_from_elsewhere(peer, &question, reply),
                (Ok(_), None) => reply.fail(RefusedReason::Stopped),
                (Err(refused), _) => reply.fail(refused),
            },
            Describe::ID => at_once(reply, &payload, |Describe { service, method }| {
                router.cells.get(service).and_then(|cell| Describe::answer(&*cell, method))
            }),
            More::ID => match read(&payload) {
                Ok(question) => router.give_more(peer, &question, reply),
                Err(refused) => reply.fail(refused),
            },
            CloseStream::ID => at_once(reply, &payload, |CloseStream { stream }| router.streams.close(peer, stream)),
            Replicate::ID => match read(&payload) {
                Ok(question) => replicate(&router, reply, question),
                Err(refused) => reply.fail(refused),
            },
            OutcomeOf::ID => later(&router, reply, &payload, move |router, question: OutcomeOf| async move {
                router.outcome(peer, &question).await
            }),
            HowFar::ID => at_once(reply, &payload, |HowFar { service, asks }| {
                router.replicas.far(service, asks.map(|member| (peer, member)))
            }),
            Promise::ID => at_once(reply, &payload, |Promise { service, from, epoch, lasts }| {
                router.replicas.promises(service, (from, epoch), lasts)
            }),
            LearnFrom::ID => {
                later(&router, reply, &payload, |router, question| async move { learn::learn(&router, question).await })
            }
            PieceOf::ID => later(&router, reply, &payload, |router, question: PieceOf| async move {
                learn::piece(&router, &question).await
            }),
            EntriesOf::ID => later(&router, reply, &payload, |router, question: EntriesOf| async move {
                follow::entries(&router, &question).await
            }),
            Announce::ID | Batch::ID => match self.hub.upgrade() {
                Some(hub) if method == Announce::ID => {
                    later(&router, reply, &payload, move |_, said: Announce| async move { hub.hear(peer, said) })
                }
                Some(hub) => match read::<Batch>(&payload) {
                    Ok(batch) if batch.is_fair() => {
                        when_done::<Batch>(&router, reply, async move { hub.receive(peer, &batch).await });
                    }
                    Ok(_) => reply.fail(RefusedReason::Undecodable("no node sends so many events at once".into())),
                    Err(refused) => reply.fail(refused),
                },
                None => reply.fail(RefusedReason::Stopped),
            },
            _ => reply.fail(RefusedReason::UnknownMethod),
        }
    }
}

fn read<Q: Question>(payload: &[u8]) -> Result<Q, RefusedReason> {
    decode(payload).map_err(|error| RefusedReason::Undecodable(error.to_string()))
}

/// Answers on the spot, or when what the answer says is on the disk.
fn replicate(router: &Arc<Router>, reply: RawReply<'static>, Replicate { service, types, batch }: Replicate) {
    let answer = router.replicas.receive(service, types, batch, &router.cells);
    let tell = |reply: RawReply<'static>, answer: Option<Answer>| {
        reply.send(ReplyBody::Value(&mut |out| encode(&answer, out)));
    };
    match answer {
        Some((answer, on_disk)) if !on_disk.is_there() => drop(router.runtime().spawn(async move {
            let is_kept = on_disk.waits().await;
            tell(reply, Some(answer).filter(|_| is_kept));
        })),
        answer => tell(reply, answer.map(|(answer, _)| answer)),
    }
}

/// Answers on the spot.
fn at_once<Q: Question>(reply: RawReply<'static>, payload: &[u8], answer: impl FnOnce(Q) -> Q::Answer) {
    match read::<Q>(payload) {
        Ok(question) => {
            let answer = answer(question);
            reply.send(ReplyBody::Value(&mut |out| encode(&answer, out)));
        }
        Err(refused) => reply.fail(refused),
    }
}

/// Answers when what takes time is done.
fn later<Q: Question, F: Future<Output = Q::Answer> + Send + 'static>(
    router: &Arc<Router>,
    reply: RawReply<'static>,
    payload: &[u8],
    answer: impl FnOnce(Arc<Router>, Q) -> F,
) {
    match read::<Q>(payload) {
        Ok(question) => {
            let answer = answer(Arc::clone(router), question);
            when_done::<Q>(router, reply, answer);
        }
        Err(refused) => reply.fail(refused),
    }
}

fn when_done<Q: Question>(
    router: &Arc<Router>,
    reply: RawReply<'static>,
    answer: impl Future<Output = Q::Answer> + Send + 'static,
) {
    drop(router.runtime().spawn(async move {
        let answer = answer.await;
        reply.send(ReplyBody::Value(&mut |out| encode(&answer, out)));
    }));
}
