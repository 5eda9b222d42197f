//! Work of a service that has begun.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::Body;
use crate::{
    actor::{about::Lends, turn::Pace},
    message::{Payload, RawReply},
    threads::Work,
};

/// Work under way.
pub(crate) type Running<S> = Pin<Box<dyn Run<S>>>;

/// Work that owns the body of its service until it has ended.
pub(crate) trait Run<S: Lends>: Send {
    /// Goes on. Whoever waits for the outcome has been told when the body comes back.
    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Box<Body<S>>>;

    /// It has ended: its memory may be used again.
    fn end(self: Pin<Box<Self>>) {}
}

/// How work begins.
pub(crate) enum Start<S: Lends> {
    /// It has ended.
    Over(Box<Body<S>>),
    Running(Running<S>),
    /// A handler of the method that has this place in the service's table waits for something, or what is [none](NO_METHOD). And whether modules
    /// were added or released so far.
    Waits(Running<S>, bool, usize),
}

/// Where a handler takes its first step.
pub(crate) struct Stepping<'a, 'b> {
    /// Of its method.
    pub(crate) pace: Option<&'a Pace>,
    /// Whether the service can have modules under keys.
    pub(crate) has_keyed: bool,
    /// Of whoever runs the service.
    pub(crate) task: &'a mut Context<'b>,
}

/// A call from another node whose context is there already.
pub(crate) struct Raw<'a> {
    pub(crate) payload: &'a Payload,
    pub(crate) reply: RawReply<'a>,
    /// The place of the method in the service's table, and its full name.
    pub(crate) index: usize,
    pub(crate) method: &'a str,
    pub(crate) deadline: Option<Instant>,
}

/// The place of what is no method.
pub(crate) const NO_METHOD: usize = usize::MAX;

/// Takes the first step of the handler of an event, which the body has, with its source and keys.
pub(crate) type StartEvent<S> = fn(Box<Body<S>>, Work, &mut Stepping<'_, '_>) -> Start<S>;

/// Begins a call from another node.
pub(crate) type StartRaw<S> = fn(Raw<'_>, Box<Body<S>>, &mut Stepping<'_, '_>) -> Start<S>;
