//! Calls by the names of service and method, with JSON: of methods that the program does not link.

mod asked;

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use self::asked::Asked;
use super::single::Call;
use crate::{
    call::{
        paths::leave_by_name,
        requests::{Aim, Destination, Options, Request, Target, undecodable},
        routes::Router,
    },
    directory::{Interest, Selector},
    error::{CallError, Failure, RefusedReason},
    id::Pid,
    message::{
        CodecError, Extension, Keys, MethodRef, Written, args_from_json, error_to_json, key_from_json, value_to_json,
    },
    sync::shielded,
};

/// The time that a call may take unless something else is said, the question what its method is included.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// So often the instance is chosen anew, since the one that was asked has described another key.
const MOST_PLACED: u8 = 3;

/// A call by names, with JSON: see [`Node::call`](crate::node::Node::call). It starts when it is awaited.
#[must_use = "a call does nothing until it is awaited"]
pub struct CallByName {
    router: Arc<Router>,
    service: String,
    method: String,
    args: Value,
    timeout: Option<Duration>,
    options: Options,
    pid: Option<Pid>,
}

impl CallByName {
    pub(crate) fn new(router: Arc<Router>, service: String, method: String, args: Value) -> Self {
        Self { router, service, method, args, timeout: None, options: Options::default(), pid: None }
    }

    /// Of this instance and no other.
    pub fn pid(mut self, pid: Pid) -> Self {
        self.pid = Some(pid);
        self
    }

    /// Waits this long at most: 5 s, or what the method says, by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets a header, which the callee reads with `cx.header(…)`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.set_header(name.into(), value.into());
        self
    }

    /// Gives it an extension, which the callee reads with `cx.extension::<…>()`.
    pub fn extension(mut self, extension: &impl Extension) -> Self {
        self.options.set_extension(extension);
        self
    }

    /// What the service's node says that the method is: the types of its arguments and results, and what is known of it. Nothing is
    /// called; arguments, headers and extensions are not looked at.
    ///
    /// # Errors
    /// `NotExecuted`, as if it had been called.
    pub async fn describe(self) -> Result<MethodRef, CallError<Value>> {
        let Self { router, method, timeout, .. } = &self;
        let destination = self.destination();
        let deadline = Instant::now() + timeout.unwrap_or(DEFAULT_TIMEOUT).min(crate::clock::LONGEST);
        let mut asked = Asked::new(router, &destination);
        let described = shielded(timeout_at(deadline, asked.describe(method))).await;
        let described = described.unwrap_or(Err(RefusedReason::Expired));
        described
            .map(|(_, method)| (*method).clone())
            .map_err(|reason| Failure::from(reason).at(&*destination.address.selector.to_string(), &**method))
    }

    fn destination(&self) -> Destination {
        let mut selector = Selector::new(Interest::Service(self.service.clone().into()));
        selector.pid = self.pid;
        let destination = Destination::new(selector, self.router.rng().below(1 << 16), "");
        // What is remembered of a target is remembered of this method of it.
        Destination::of(destination.address, (&*self.method).into())
    }

    async fn leave(mut self) -> Result<Value, CallError<Value>> {
        let destination = self.destination();
        let (router, service, method) = (Arc::clone(&self.router), self.service.clone(), self.method.clone());
        let called = (&destination.address.selector, &*method);
        let is_hooked = !router.hooks.calls.is_empty();
        let leaving = is_hooked.then(|| leave_by_name(&router, called, &mut self.options)).transpose();
        let (outcome, leaving) = match leaving {
            Ok(leaving) => (self.make(destination.clone()).await, leaving),
            Err(denied) => (Err(denied), None),
        };
        router.outages.measured.ended(&service, &method, &outcome);
        if let Some(leaving) = leaving {
            leaving.end(&outcome);
        }
        outcome
    }

    async fn make(self, destination: Destination) -> Result<Value, CallError<Value>> {
        let Self { router, method, args, timeout, options, .. } = self;
        let until = timeout.unwrap_or(DEFAULT_TIMEOUT).min(crate::clock::LONGEST);
        let mut deadline = Instant::now() + until;
        let at = destination.address.selector.to_string();
        let wrong = |failure: Failure| failure.at(&*at, &*method);
        let mut asked = Asked::new(&router, &destination);
        // What the last one said whose breaker has opened, or has another probe, since it was asked what the method is.
        let mut open = None;
        let mut placed = 0;
        loop {
            let described = timeout_at(deadline, asked.describe(&method)).await;
            let (pid, described) = match described.unwrap_or(Err(RefusedReason::Expired)) {
                Ok(described) => described,
                Err(reason) => return Err(open.unwrap_or_else(|| wrong(reason.into()))),
            };
            if described.schema.is_streaming() {
                let why = "it returns a stream, and a call by name has one reply: call it by the client of the service or contract, or \
                           give the service a method that returns the items as a `Vec`";
                return Err(wrong(RefusedReason::NotByName(why.into()).into()));
            }
            let mut written = Vec::new();
            let unwritable = |error: CodecError| wrong(RefusedReason::Undecodable(error.to_string()).into());
            args_from_json(&described.schema, &args, &mut written).map_err(unwritable)?;
            let key = key_from_json(&described.schema, &args).map_err(unwritable)?;
            // Two versions of a service may name two keys; each of them is asked once more at most.
            if asked.is_placed_otherwise(key) && placed < MOST_PLACED {
                placed += 1;
                continue;
            }
            let method = Some(Arc::clone(&described));
            let aim = Aim::new(Arc::clone(&router), destination.clone(), Keys::default(), method).past_hooks();
            // Of this instance and no other: one with the same types may give them other names.
            let mut request = Request::<Written>::new(Target::new(aim).pinned(pid), Bytes::from(written));
            request.options = options.clone();
            key.into_iter().for_each(|key| request.options.set_contract_key(key));
            if let (None, Some(usual)) = (timeout, described.timeout) {
                deadline = deadline.max(Instant::now() + usual);
                request.options.set_timeout(usual);
            } else {
                request.options.set_timeout(deadline.saturating_duration_since(Instant::now()));
            }
            let unreadable = |error: CodecError| wrong(undecodable(&error));
            return match Call::new(request).await {
                Ok(value) => value_to_json(&described.schema, &value).map_err(unreadable),
                Err(CallError::App(error)) => {
                    Err(error_to_json(&described.schema, &error).map_or_else(unreadable, CallError::App))
                }
                Err(CallError::NotExecuted(refused)) if refused.reason().can_pass() && asked.others(pid) => continue,
                Err(CallError::NotExecuted(refused))
                    if matches!(refused.reason(), RefusedReason::BreakerOpen(_)) && asked.others(pid) =>
                {
                    open = Some(CallError::NotExecuted(refused));
                    continue;
                }
                Err(CallError::NotExecuted(refused)) => Err(CallError::NotExecuted(refused)),
                Err(CallError::MaybeExecuted(lost)) => Err(CallError::MaybeExecuted(lost)),
            };
        }
    }
}

impl IntoFuture for CallByName {
    type Output = Result<Value, CallError<Value>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(shielded(self.leave()))
    }
}

impl fmt::Debug for CallByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallByName({}.{})", self.service, self.method)
    }
}
