//! Sessions that wait for the data streams of their peers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::sync::oneshot;
use tonic::body::Body;

use crate::{
    sync::lock,
    transport::{
        entrance::{Sever, Token},
        link::Session,
    },
};

/// The data streams that are expected, by the token of their session.
#[derive(Clone, Default)]
pub(crate) struct AwaitedStreams(Arc<Mutex<BTreeMap<Token, Awaited>>>);

impl AwaitedStreams {
    /// From now on, until what is returned is dropped.
    pub(crate) fn expect(&self, token: Token, awaited: Awaited) -> Forget {
        lock(&self.0).insert(token, awaited);
        Forget { expected: self.clone(), token }
    }

    /// The session with this token, if it came over the same connection.
    pub(crate) fn take(&self, token: Token, connection: &Arc<Sever>) -> Option<Awaited> {
        let mut expected = lock(&self.0);
        let ours = expected.get(&token).is_some_and(|awaited| Arc::ptr_eq(&awaited.session.sever, connection));
        if ours { expected.remove(&token) } else { None }
    }
}

pub(crate) struct Awaited {
    pub(crate) session: Arc<Session>,
    pub(crate) expects: oneshot::Sender<Body>,
}

/// Forgets an expected data stream when it has come, or will not.
pub(crate) struct Forget {
    expected: AwaitedStreams,
    token: Token,
}

impl Drop for Forget {
    fn drop(&mut self) {
        lock(&self.expected.0).remove(&self.token);
    }
}
