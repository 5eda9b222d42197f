//! A call of every instance that matches.

use std::{fmt, future::IntoFuture};

use futures_util::future::{BoxFuture, join_all};

use super::{setters::setters, single::Call};
use crate::{
    call::requests::{Args, Request, RetryPolicy},
    directory::Key,
    error::{CallError, Refused},
    id::Pid,
    message::{Method, Unkeyed},
};

/// A call that goes to every instance that matches when it is made. Awaited, it gives each one's result.
#[must_use = "a call does nothing until it is awaited, or sent with `.send()`"]
pub struct CallMany<M: Method>(Request<M>);

/// What became of a one-way call to many.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Sent {
    /// How many instances it was sent to.
    pub sent: usize,
    /// Those that it could not be sent to, and why.
    pub refused: Vec<(Pid, Refused)>,
}

impl<M: Method> CallMany<M> {
    pub(crate) fn new(request: Request<M>) -> Self {
        Self(request)
    }

    fn change(mut self, change: impl FnOnce(&mut Request<M>)) -> Self {
        change(&mut self.0);
        self
    }
}

setters!(CallMany);

impl<M: Method> CallMany<M> {
    /// As [`Call::key`].
    pub fn key(self, key: impl Into<Key>) -> Self
    where
        M: Unkeyed,
    {
        self.change(|request| request.options.set_key(key.into()))
    }

    /// As [`Call::retry`], for each instance by itself: one that refused is asked again, and no other in its place.
    /// What is [sent](CallMany::send) one way is not repeated.
    pub fn retry(self, policy: impl RetryPolicy<M>) -> Self {
        self.change(|request| request.retry = Some(Box::new(policy.repeat())))
    }
}

impl<M: Method<Args: Clone>> CallMany<M> {
    fn calls(self) -> Vec<(Pid, Call<M>)> {
        let Request { target, args, options, retry } = self.0;
        let pids = target.router.matching(&target.address);
        let call = |pid| {
            let (args, retry) = (Args::new((*args).clone()), retry.clone());
            (pid, Call::new(Request { target: target.pinned(pid), args, options: options.clone(), retry }))
        };
        pids.into_iter().map(call).collect()
    }

    /// Sends the call one way to every match. Never waits.
    pub fn send(self) -> Sent {
        let mut sent = Sent::default();
        for (pid, call) in self.calls() {
            match call.send() {
                Ok(()) => sent.sent += 1,
                Err(error) => sent.refused.push((pid, error.refused)),
            }
        }
        sent
    }
}

impl<M: Method<Args: Clone>> IntoFuture for CallMany<M> {
    type Output = Vec<(Pid, Result<M::Value, CallError<M::Error>>)>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let calls = self.calls();
        Box::pin(join_all(calls.into_iter().map(|(pid, call)| async move { (pid, call.await) })))
    }
}

impl<M: Method> fmt::Debug for CallMany<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
