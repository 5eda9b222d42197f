//! What a handler made of a call, and who is told of it.

use std::{
    any::TypeId,
    future::pending,
    sync::{Arc, Mutex, Weak},
};

use crate::{
    actor::{
        erased::{Core, Host},
        service::{Body, Service},
    },
    error::{Failure, LostReason, RefusedReason, Result},
    message::{
        Answer, Awaited, Given, Handled, Method, MethodInfo, Promised, Promises, RawReply, Reply, ReplyBody, Wire,
    },
    office::Fence,
    sync::lock,
};

/// What a handler made of a call. What hardly ever happens is boxed: it would make what is moved around larger.
pub(crate) type Handed<T, E> = Result<Handled<T, E>, Box<Failure>>;

/// Writes a result, and sends it to another node.
pub(super) type SendFn<T, E> = fn(RawReply<'_>, Result<T, E>);

/// Who is told of an outcome.
pub(crate) enum To<'a, T: 'static, E: 'static> {
    Nobody,
    /// A caller on this node.
    Here(Reply<Result<T, E>>),
    Elsewhere(RawReply<'a>, SendFn<T, E>),
}

impl<T: Send + 'static, E: Send + 'static> To<'_, T, E> {
    /// The same, if the outcome comes later.
    pub(crate) fn own(self) -> To<'static, T, E> {
        match self {
            Self::Nobody => To::Nobody,
            Self::Here(reply) => To::Here(reply),
            Self::Elsewhere(reply, send) => To::Elsewhere(reply.own(), send),
        }
    }

    /// Tells the outcome, now or when it is there; `by` says who owes it until then.
    pub(crate) fn tell(self, outcome: Handed<T, E>, by: Option<Owing>) {
        match outcome.map(Handled::now) {
            Ok(Ok(result)) => self.answer(Some(result)),
            Ok(Err(later)) => {
                let to = Arc::new(Mutex::new(Some(self.own())));
                let awaited: Weak<dyn Awaited> = Arc::<Mutex<Option<To<'static, T, E>>>>::downgrade(&to);
                let promised = by.as_ref().and_then(|by| by.promise(awaited));
                let acting = by.and_then(|by| by.acting);
                later.settle(move |result| {
                    let to = lock(&to).take();
                    if let Some(to) = to {
                        // What was promised for a group is released as what is answered at once is.
                        match acting.map_or(Ok(()), |acting| acting.release()) {
                            Ok(()) => to.answer(result),
                            Err(lost) => to.fail(lost.into()),
                        }
                    }
                    // Only now: who waits for promises waits for what has been sent.
                    drop(promised);
                });
            }
            Err(failure) => self.fail(*failure),
        }
    }

    /// Tells why there is no result.
    fn fail(self, failure: Failure) {
        match self {
            Self::Nobody => {}
            Self::Here(reply) => reply.send(Answer::Failed(failure)),
            Self::Elsewhere(reply, _) => reply.fail(failure),
        }
    }

    /// Tells the result. If there is none, a caller hears so when the reply is dropped.
    fn answer(self, result: Option<Result<T, E>>) {
        match (self, result) {
            (Self::Here(reply), Some(result)) => reply.send(Answer::Done(result)),
            (Self::Elsewhere(reply, send), Some(result)) => send(reply, result),
            (Self::Nobody, _) | (_, None) => {}
        }
    }

    /// Waits until nobody wants it any more.
    pub(crate) async fn unwanted(&mut self) {
        match self {
            Self::Nobody => pending().await,
            Self::Here(reply) => reply.unwanted().await,
            Self::Elsewhere(reply, _) => reply.unwanted().await,
        }
    }
}

/// Writes what the method `M` has given back, and sends it.
pub(super) fn send<M: Method>(reply: RawReply<'_>, result: Given<M>) {
    send_by(M::wire(), reply, result);
}

#[cfg_attr(not(debug_assertions), inline)]
fn send_by<A, T, E>(wire: Option<Wire<A, T, E>>, reply: RawReply<'_>, mut result: Result<T, E>) {
    let Some(wire) = wire else { return reply.fail(RefusedReason::Private) };
    if let Err(error) = wire.check_result(result.as_ref()) {
        return reply.fail(LostReason::Undecodable(error.to_string()));
    }
    if wire.is_stream()
        && let Ok(value) = &mut result
    {
        // A stream that nobody will ask for ends here, and not when its time is over.
        if reply.is_one_way() || reply.is_unwanted() {
            drop(result);
            return reply.send(ReplyBody::Value(&mut |_| Ok(())));
        }
        if let Err(error) = wire.lend(value) {
            return reply.fail(LostReason::Undecodable(error.to_string()));
        }
    }
    match result {
        Ok(value) => reply.send(ReplyBody::Value(&mut |out| wire.put_value(&value, out))),
        Err(error) => reply.send(ReplyBody::App(&mut |out| wire.put_error(&error, out))),
    }
}

impl<T: Send + 'static, E: Send + 'static> Awaited for Mutex<Option<To<'static, T, E>>> {
    fn is_awaited(&self) -> bool {
        match &*lock(self) {
            None | Some(To::Nobody) => false,
            Some(To::Here(reply)) => !reply.is_unwanted(),
            Some(To::Elsewhere(reply, _)) => !reply.is_one_way() && !reply.is_unwanted(),
        }
    }
}

/// The service that owes a reply which comes later.
pub(crate) struct Owing {
    service: &'static str,
    method: &'static str,
    host: Arc<dyn Host>,
    /// What it must still have when the reply comes, if it acts for a group.
    acting: Option<Fence>,
}

impl Owing {
    /// The service of `core` that has handled a call of this method, if `outcome` is not there yet.
    #[inline]
    pub(crate) fn of<T, E>(
        outcome: &Handed<T, E>,
        (service, info): (&'static str, &MethodInfo),
        core: &Core,
    ) -> Option<Self> {
        let is_later = outcome.as_ref().is_ok_and(|handled| handled.result().is_none());
        is_later.then(|| Self { service, method: info.name, host: Arc::clone(&core.host), acting: core.acting(info) })
    }

    fn promise(&self, reply: Weak<dyn Awaited>) -> Option<Promised> {
        let promises: Arc<Promises> = self.host.part(TypeId::of::<Promises>())?.downcast().ok()?;
        Some(promises.add(self.service, self.method, reply))
    }
}

/// A handler has ended. What is run here beside it may panic too.
#[inline]
pub(crate) fn conclude<S: Service, T: Send + 'static, E: Send + 'static>(
    body: &mut Body<S>,
    info: &'static MethodInfo,
    outcome: Handed<T, E>,
    to: To<'_, T, E>,
) {
    match to {
        To::Nobody => body.guarded(|| drop(outcome)),
        to => {
            let by = Owing::of(&outcome, (S::SPEC.name, info), &body.core);
            body.guarded(|| to.tell(outcome, by));
        }
    }
}
