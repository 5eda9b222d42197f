//! What a case is made of: keys of its own, operations that are waited for, watches whose items are checked.

use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, future::BoxFuture};

use crate::registry::{Event, KeyValue, RegistryError, Session, Watch, WatchItem, api::Result};

/// Has the registry forget its history before a revision: the trait cannot, administrators do.
pub type Compact = dyn Fn(i64) -> BoxFuture<'static, ()> + Send + Sync;

/// Far longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Suite {
    pub(super) name: String,
    pub(super) session: Arc<dyn Session>,
}

impl Suite {
    /// A place of its own for the keys of `case`, also if the suite ran before against the same registry.
    pub(super) async fn place(&self, case: &str) -> Place {
        let revision =
            self.wait("a revision to name keys by", self.session.list("conformance/0".into())).await.revision;
        let prefix = format!("conformance/{}/{case}/{revision}/", self.name);
        Place { name: format!("{}: {case}", self.name), prefix, session: self.session.clone() }
    }

    pub(super) async fn wait<T>(&self, what: &str, future: impl Future<Output = Result<T>>) -> T {
        wait(&self.name, what, future).await.unwrap_or_else(|error| panic!("{}: {what}: {error}", self.name))
    }
}

/// One case: a prefix that nobody else writes to.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) session: Arc<dyn Session>,
}

impl Place {
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Awaits an operation that must succeed.
    pub(super) async fn ok<T>(&self, what: &str, future: impl Future<Output = Result<T>>) -> T {
        wait(&self.name, what, future).await.unwrap_or_else(|error| panic!("{}: {what}: {error}", self.name))
    }

    /// Awaits an operation that must fail.
    pub(super) async fn fails<T: Debug>(&self, what: &str, future: impl Future<Output = Result<T>>) -> RegistryError {
        match wait(&self.name, what, future).await {
            Ok(value) => panic!("{}: {what}: should have failed, got {value:?}", self.name),
            Err(error) => error,
        }
    }

    pub(super) async fn put(&self, key: &str, value: &str) -> i64 {
        self.ok("put", self.session.put(self.key(key), Bytes::copy_from_slice(value.as_bytes()), None)).await
    }

    pub(super) async fn delete(&self, key: &str) -> i64 {
        self.ok("delete", self.session.delete(self.key(key))).await
    }

    pub(super) async fn list(&self) -> Vec<KeyValue> {
        self.ok("list", self.session.list(self.prefix.clone())).await.entries
    }

    /// The keys below the prefix, without it.
    pub(super) async fn names(&self) -> Vec<String> {
        self.list().await.iter().map(|entry| entry.key[self.prefix.len()..].to_owned()).collect()
    }

    pub(super) async fn revision(&self) -> i64 {
        self.ok("list", self.session.list(self.prefix.clone())).await.revision
    }

    pub(super) async fn watch(&self, from: i64) -> Watching {
        self.watch_below("", from).await
    }

    pub(super) async fn watch_below(&self, key: &str, from: i64) -> Watching {
        let prefix = self.key(key);
        let stream = self.ok("the watch to be confirmed", self.session.watch(prefix.clone(), from)).await;
        Watching { name: self.name.clone(), prefix, stream, seen: 0 }
    }
}

/// A watch, its items checked as they come.
pub(super) struct Watching {
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) stream: Watch,
    /// The highest revision that the registry reported.
    pub(super) seen: i64,
}

impl Watching {
    pub(super) async fn item(&mut self, what: &str) -> WatchItem {
        let item = wait(&self.name, what, self.stream.next()).await;
        let item = item.unwrap_or_else(|| panic!("{}: the watch ended before {what}", self.name));
        item.unwrap_or_else(|error| panic!("{}: the watch failed before {what}: {error}", self.name))
    }

    /// The next `count` changes or more, as `+name` and `-name` with their revisions.
    pub(super) async fn changes(&mut self, what: &str, count: usize) -> Vec<(String, i64)> {
        let mut changes = Vec::new();
        while changes.len() < count {
            let item = self.item(what).await;
            let WatchItem::Events { revision, events } = item else {
                panic!("{}: waiting for {what}: {item:?}", self.name)
            };
            assert!(revision >= self.seen, "{}: the revision went back from {} to {revision}", self.name, self.seen);
            self.seen = revision;
            changes.extend(events.into_iter().map(|event| self.change(event.into())));
        }
        changes
    }

    pub(super) async fn names(&mut self, what: &str, count: usize) -> Vec<String> {
        self.changes(what, count).await.into_iter().map(|(name, _)| name).collect()
    }

    pub(super) fn change(&self, event: Event) -> (String, i64) {
        let (sign, key, revision) = match event {
            Event::Put(entry) => ('+', entry.key, entry.modified),
            Event::Delete { key, revision } => ('-', key, revision),
        };
        let name = key.strip_prefix(&self.prefix);
        let name = name.unwrap_or_else(|| panic!("{}: {key} is outside of the watched prefix", self.name));
        assert!(revision <= self.seen, "{}: an event of {revision} in an item of {}", self.name, self.seen);
        (format!("{sign}{name}"), revision)
    }
}

pub(super) async fn wait<T>(name: &str, what: &str, future: impl Future<Output = T>) -> T {
    // The suite's futures are deep; boxed, they do not pile up on the stack of whoever awaits them.
    let waited = Box::pin(tokio::time::timeout(PATIENCE, future)).await;
    waited.unwrap_or_else(|_| panic!("{name}: gave up waiting for {what}"))
}
