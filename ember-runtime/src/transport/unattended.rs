//! A link that nobody looks after, for those who read bytes from it.

use std::{sync::Arc, task::Context};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{
    entrance::{Capabilities, Grant},
    link::{NewSession, Session},
    protocol::{Ingress, LinkConfig, Members},
    stream::Control,
};
use crate::{
    id::{Incarnation, NodeId, NodeKey, PublicKey},
    message::Arrivals,
};

/// A node without services.
struct Nobody;

impl Members for Nobody {
    fn key_of(&self, _: NodeKey) -> BoxFuture<'_, PublicKey> {
        Box::pin(std::future::pending())
    }

    fn newest(&self, _: NodeId) -> Option<Incarnation> {
        None
    }
}

impl Ingress for Nobody {
    fn calls(&self, _: NodeKey, calls: &mut dyn Arrivals<'_>, _: &mut Context<'_>) {
        while let Some(call) = calls.take() {
            drop(call);
        }
    }
    fn link_up(&self, _: NodeKey) {}
    fn link_down(&self, _: NodeKey, _: &str) {}
}

/// One whose peer has the key 1.1, and whose task does not run.
pub(crate) fn unattended() -> Arc<Session> {
    let (config, ingress) = (LinkConfig::default(), Arc::new(Nobody) as Arc<dyn Ingress>);
    let new = NewSession {
        number: 1,
        peer: NodeKey { id: NodeId(1), incarnation: Incarnation(1) },
        peer_dial: 0,
        grant: Grant { max_message: 1 << 20, credit: 1 << 20 },
        capabilities: Capabilities::ours(),
        control: Control::new(Bytes::new(), config.credit),
        sever: Arc::default(),
        workers: Arc::default(),
    };
    Session::new(new, &config, &ingress)
}
