//! A service on its way into a node.

use std::collections::BTreeMap;

use crate::{
    actor::{Service, ServiceIdentity},
    mailbox::Limits,
};

/// A service with what sets this instance apart: `Hosted::new(PlayerService::default()).id("42").tag("zone", "eu")`.
#[derive(Debug)]
#[must_use = "give it to `Node::builder().service(…)`"]
pub struct Hosted<S> {
    pub(super) service: S,
    id: Option<String>,
    kind: Option<String>,
    version: Option<String>,
    tags: BTreeMap<String, String>,
    pub(super) limits: Limits,
}

impl<S: Service> Hosted<S> {
    /// An instance like any other.
    pub fn new(service: S) -> Self {
        Self { service, id: None, kind: None, version: None, tags: BTreeMap::new(), limits: Limits::default() }
    }

    /// Gives it an id; otherwise it has one that no other instance has.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Gives it a kind, in place of the one in `#[service(kind = …)]`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Gives it a version, in place of its package's.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Tags it, for selection.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Bounds its mailbox to this many user messages; 1024 by default.
    pub fn mailbox(mut self, messages: usize) -> Self {
        self.limits.user = messages;
        self
    }

    pub(super) fn identity(&self, server: u32, otherwise: impl FnOnce() -> String) -> ServiceIdentity {
        let id = self.id.clone().unwrap_or_else(otherwise);
        let mut identity = ServiceIdentity::new(&S::SPEC, id, server);
        identity.kind = self.kind.clone().unwrap_or(identity.kind);
        identity.version = self.version.clone().unwrap_or(identity.version);
        identity.tags = self.tags.clone();
        identity
    }
}

/// What [`NodeBuilder::service`](super::NodeBuilder::service) takes: a service, or a [`Hosted`] one.
pub trait IntoHosted {
    /// The service.
    type Service: Service;

    /// The common form.
    fn into_hosted(self) -> Hosted<Self::Service>;
}

impl<S: Service> IntoHosted for S {
    type Service = S;

    fn into_hosted(self) -> Hosted<S> {
        Hosted::new(self)
    }
}

impl<S: Service> IntoHosted for Hosted<S> {
    type Service = S;

    fn into_hosted(self) -> Self {
        self
    }
}
