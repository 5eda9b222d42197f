//! What a session asks of a server, in the registry's terms. Below it is a client.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::outcome::Outcome;
use crate::registry::{
    Event, KeyValue, LeaseId,
    api::{Transaction, TransactionOutcome},
};

/// A connection to a server of etcd's API.
pub(crate) trait Wire: Send + Sync {
    /// Some of the keys, in order.
    fn look_up(&self, wanted: Lookup) -> BoxFuture<'_, Outcome<Page>>;

    /// The store's revision as the whole cluster has it, by reading `key`, which may be absent.
    fn revision(&self, key: Vec<u8>) -> BoxFuture<'_, Outcome<i64>>;

    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Outcome<TransactionOutcome>>;

    /// A lease of so many seconds: its id, and how many they are.
    fn grant(&self, seconds: i64) -> BoxFuture<'_, Outcome<(LeaseId, i64)>>;

    /// How many seconds it lives from now on; 0 or less: it has expired.
    fn keep_alive(&self, lease: LeaseId) -> BoxFuture<'_, Outcome<i64>>;

    fn revoke(&self, lease: LeaseId) -> BoxFuture<'_, Outcome<()>>;

    /// The changes within a half-open range, from a revision on, which is above 0.
    fn watch(&self, range: (Vec<u8>, Vec<u8>), from: i64) -> BoxFuture<'_, Outcome<Box<dyn Watching>>>;
}

/// A watch, as a client has it. It is cancelled when it is dropped.
pub(crate) trait Watching: Send {
    /// What comes next; `None` when the server has closed it. A dropped wait loses nothing.
    fn receive(&mut self) -> BoxFuture<'_, Outcome<Option<Told>>>;

    /// Asks for the revision, which comes as a message without events.
    fn ask(&mut self) -> BoxFuture<'_, Outcome<()>>;
}

/// Keys that are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// Half-open, as etcd has it.
    pub(crate) range: (Vec<u8>, Vec<u8>),
    /// At most so many.
    pub(crate) limit: i64,
    /// As of a revision; 0: the newest.
    pub(crate) revision: i64,
}

/// Keys that were found.
#[derive(Debug)]
pub(crate) struct Page {
    /// The store's.
    pub(crate) revision: i64,
    pub(crate) keys: Vec<Stored>,
    /// Whether there are more than were wanted.
    pub(crate) more: bool,
}

/// A key as the server has it, which may be anything.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Bytes,
    pub(crate) created: i64,
    pub(crate) modified: i64,
    /// 0: none.
    pub(crate) lease: LeaseId,
}

/// A message of a watch.
#[derive(Debug)]
pub(crate) struct Told {
    /// The store's.
    pub(crate) revision: i64,
    /// It confirms the watch.
    pub(crate) created: bool,
    /// It ends the watch, for the reason that it gives, if any.
    pub(crate) canceled: Option<String>,
    /// The oldest revision that there is, if the wanted one is gone; otherwise 0.
    pub(crate) compacted: i64,
    pub(crate) changes: Vec<Change>,
}

/// What became of a key.
#[derive(Debug)]
pub(crate) enum Change {
    Put(Stored),
    /// Its key, and when.
    Delete(Vec<u8>, i64),
}

impl Stored {
    /// In the registry's terms; `None` for a key that is not text, and so was not written by Ember.
    pub(super) fn known(self) -> Option<KeyValue> {
        let Self { key, value, created, modified, lease } = self;
        Some(KeyValue { key: text(key)?, value, created, modified, lease: Some(lease).filter(|lease| *lease != 0) })
    }
}

impl Change {
    /// In the registry's terms; `None` as for a key.
    pub(super) fn known(self) -> Option<Event> {
        Some(match self {
            Self::Put(stored) => Event::Put(stored.known()?),
            Self::Delete(key, revision) => Event::Delete { key: text(key)?, revision },
        })
    }
}

fn text(key: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(key).ok();
    if text.is_none() {
        tracing::warn!(target: "ember::registry", "a key among Ember's is not text, and is left out");
    }
    text
}
