//! What a node tells this room, and what it gets from it.

use std::{sync::Arc, task::Context, time::Duration};

use futures_util::future::BoxFuture;

use super::proof::KeyPair;
use crate::{
    actor::Load,
    error::Failure,
    id::{Incarnation, MethodId, NodeId, NodeKey, PublicKey},
    message::{Arrivals, Encode, Envelope, Lane, Payload, Stamp},
    net::Endpoint,
};

/// Who this node is.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) cluster: String,
    pub(crate) node: NodeKey,
    /// The address that it advertises.
    pub(crate) endpoint: Endpoint,
    /// What it proves with that it is this run.
    pub(crate) key_pair: KeyPair,
}

/// The bounds and the times of every link of a node.
#[derive(Debug, Clone)]
pub(crate) struct LinkConfig {
    /// The largest message, header included, in bytes. The smaller one of the two nodes counts. 16 MiB.
    pub(crate) max_message: usize,
    /// The bytes of calls that wait for one peer. 16 MiB.
    pub(crate) out_buffer: usize,
    /// The bytes of calls that one peer may have here, not yet taken by a handler. 32 MiB.
    pub(crate) credit: usize,
    /// The longest time between two signs of life; they are sent twice as often. 1 s.
    pub(crate) heartbeat: Duration,
    /// A peer of which nothing was heard for `heartbeat + grace` is taken for dead, and so is one that reads nothing of what it is
    /// sent for so long, if its workers are not held up. Workers that are held up for so long are late. 1 s.
    pub(crate) grace: Duration,
    /// Workers that are held up for so long are given up. 30 s.
    pub(crate) stall_limit: Duration,
    /// The time for connecting, and again for the handshake. 1 s.
    pub(crate) connect_timeout: Duration,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            max_message: 16 << 20,
            out_buffer: 16 << 20,
            credit: 32 << 20,
            heartbeat: Duration::from_secs(1),
            grace: Duration::from_secs(1),
            stall_limit: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(1),
        }
    }
}

/// A node to talk to.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) key: NodeKey,
    pub(crate) endpoint: Endpoint,
    /// By what this run is recognised, as far as its registry entry says so.
    pub(crate) public_key: Option<PublicKey>,
}

/// What the membership knows of those who say that they are peers. Its methods must not block.
pub(crate) trait Members: Send + Sync + 'static {
    /// By what this run of a node is recognised, as soon as that is known: the news of a node that has just begun may still be
    /// on its way. The caller limits the time.
    fn key_of(&self, peer: NodeKey) -> BoxFuture<'_, PublicKey>;
    /// The newest run of this node that is a member.
    fn newest(&self, node: NodeId) -> Option<Incarnation>;
    /// Asked before there is a link to this run of a node, by both sides.
    ///
    /// # Errors
    /// Why there is to be none.
    fn admit(&self, _peer: NodeKey) -> Result<(), String> {
        Ok(())
    }
}

/// Where calls from other nodes go. Its methods must not block.
pub(crate) trait Ingress: Members {
    /// Takes all of `calls`, or refuses them through their `reply`s. `task` is the link's.
    fn calls(&self, from: NodeKey, calls: &mut dyn Arrivals<'_>, task: &mut Context<'_>);
    /// The link to `peer` is up. Ups and downs come in their order.
    fn link_up(&self, peer: NodeKey);
    /// The workers of `peer` are late, or are not any more. Told while the link is up.
    fn link_late(&self, _peer: NodeKey, _is_late: bool) {}
    /// Those services of this node that have something to do, by their numbers and in that order: 512 at most.
    fn busy(&self) -> Arc<[(u64, Load)]> {
        Arc::default()
    }
    /// Those of `peer`, as it says, in the order of their numbers; the others have nothing to do.
    fn reported(&self, _peer: NodeKey, _busy: &[(u64, Load)]) {}
    /// Nobody listens at the address of `peer` any more: its process has ended. Told in the order of ups and downs, and before those
    /// who wait for the link hear of it.
    fn deserted(&self, _peer: NodeKey) {}
    /// How `peer` is called in the log: by its name, if that is known.
    fn named(&self, peer: NodeKey) -> String {
        peer.to_string()
    }
    /// The link to `peer` is down; calls in flight have their answers already.
    fn link_down(&self, peer: NodeKey, why: &str);
}

/// A call for another node.
pub(crate) struct OutCall<'a> {
    /// The number of the callee's [`Pid`](crate::id::Pid).
    pub(crate) target: u64,
    pub(crate) method: MethodId,
    /// That of the method, if the callee is to compare it.
    pub(crate) fingerprint: Option<u64>,
    pub(crate) stamp: Stamp,
    pub(crate) lane: Lane,
    pub(crate) envelope: &'a Envelope,
    /// May run code of users: nothing is locked.
    pub(crate) put_args: Encode<'a>,
    pub(crate) one_way: bool,
}

/// How a call to another node ended.
#[derive(Debug)]
pub(crate) enum RawAnswer {
    /// The value, still bytes; empty for a one-way call.
    Value(Payload),
    /// The method's error, still bytes.
    App(Payload),
    /// Any other outcome.
    Failed(Failure),
}
