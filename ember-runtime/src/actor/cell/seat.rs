//! Where the state of a service comes from, and where it is while nobody uses it.

use std::sync::Arc;

use crate::actor::{
    about::{Lends, Shard},
    service::{Body, Running},
};

/// Where the state of a service comes from.
pub(crate) enum Source<S> {
    /// It was given; taken with the first start.
    Value(Option<S>),
    /// Made anew for each start.
    Factory(Box<dyn FnMut() -> S + Send>),
    /// Made anew for each start of each shard of a sharded service.
    PerShard(Arc<dyn Fn(Shard) -> S + Send + Sync>),
}

/// Where the state of a service is while nobody uses it.
#[derive(Default)]
pub(crate) enum Seat<S: Lends> {
    /// Somebody uses it, or the service has not been started yet, or has ended.
    #[default]
    Empty,
    Idle(Box<Body<S>>),
    /// A caller, or a link, has begun to run a handler that waits for something: the driver goes on with it. And whether modules were
    /// added or released so far.
    Suspended(Running<S>, bool),
}
