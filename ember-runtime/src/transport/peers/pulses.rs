//! Links whose second connections, for signs of life, are on their way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::sync::oneshot;

use crate::{
    net::Network,
    sync::lock,
    transport::{
        entrance::{Socket, Token},
        link::Pulse,
    },
};

/// The links of a node whose second connection is expected, by their tokens.
#[derive(Clone, Default)]
pub(crate) struct Pulses(Arc<Mutex<BTreeMap<Token, oneshot::Sender<Socket>>>>);

impl Pulses {
    /// Expects the one with this token, until what is returned is dropped.
    pub(crate) fn expect(&self, token: Token, network: Arc<dyn Network>) -> ExpectedPulse {
        let (sender, socket) = oneshot::channel();
        lock(&self.0).insert(token, sender);
        ExpectedPulse { pulses: self.clone(), token, network, socket }
    }

    /// Who expects the one with this token.
    pub(crate) fn take(&self, token: Token) -> Option<oneshot::Sender<Socket>> {
        lock(&self.0).remove(&token)
    }
}

/// A connection that is expected.
pub(crate) struct ExpectedPulse {
    pulses: Pulses,
    token: Token,
    network: Arc<dyn Network>,
    socket: oneshot::Receiver<Socket>,
}

impl ExpectedPulse {
    /// Waits for it; `None` if the link is not expected any more.
    pub(crate) async fn come(mut self) -> Option<Pulse> {
        let socket = (&mut self.socket).await.ok()?;
        Some(Pulse::of(socket, Arc::clone(&self.network)))
    }
}

impl Drop for ExpectedPulse {
    fn drop(&mut self) {
        lock(&self.pulses.0).remove(&self.token);
    }
}
