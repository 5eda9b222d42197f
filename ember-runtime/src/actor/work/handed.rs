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
    message::{Answer, Awaited, Handled, Method, Promised, Promises, RawReply, Reply, ReplyBody},
    office::Fence,
    sync::lock,
};

/// What a handler made of a call. What hardly ever happens is boxed: it would make what is moved around larger.
pub(crate) type Handed<M> = Result<Handled<<M as Method>::Value, <M as Method>::Error>, Box<Failure>>;

/// Who is told of an outcome.
pub(crate) enum To<'a, M: Method> {
    Nobody,
    /// A caller on this node.
    Here(Reply<M>),
    Elsewhere(RawReply<'a>),
}

impl<M: Method> To<'_, M> {
    /// The same, if the outcome comes later.
    pub(crate) fn own(self) -> To<'static, M> {
        match self {
            Self::Nobody => To::Nobody,
            Self::Here(reply) => To::Here(reply),
            Self::Elsewhere(reply) => To::Elsewhere(reply.own()),
        }
    }

    /// Tells the outcome, now or when it is there; `by` says who owes it until then.
    pub(crate) fn tell(self, outcome: Handed<M>, by: Option<Owing>) {
        match outcome.map(Handled::now) {
            Ok(Ok(result)) => self.answer(Some(result)),
            Ok(Err(later)) => {
                let to = Arc::new(Mutex::new(Some(self.own())));
                let promised = by.as_ref().and_then(|by| by.promise(&to));
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
            Self::Elsewhere(reply) => reply.fail(failure),
        }
    }

    /// Tells the result. If there is none, a caller hears so when the reply is dropped.
    fn answer(self, result: Option<Result<M::Value, M::Error>>) {
        match (self, result) {
            (Self::Here(reply), Some(result)) => reply.send(Answer::Done(result)),
            (Self::Elsewhere(reply), Some(mut result)) => {
                let Some(wire) = M::wire() else { return reply.fail(RefusedReason::Private) };
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
            (Self::Nobody, _) | (_, None) => {}
        }
    }

    /// Waits until nobody wants it any more.
    pub(crate) async fn unwanted(&mut self) {
        match self {
            Self::Nobody => pending().await,
            Self::Here(reply) => reply.unwanted().await,
            Self::Elsewhere(reply) => reply.unwanted().await,
        }
    }
}

impl<M: Method> Awaited for Mutex<Option<To<'static, M>>> {
    fn is_awaited(&self) -> bool {
        match &*lock(self) {
            None | Some(To::Nobody) => false,
            Some(To::Here(reply)) => !reply.is_unwanted(),
            Some(To::Elsewhere(reply)) => !reply.is_one_way() && !reply.is_unwanted(),
        }
    }
}

/// The service that owes a reply which comes later.
pub(crate) struct Owing {
    service: &'static str,
    host: Arc<dyn Host>,
    /// What it must still have when the reply comes, if it acts for a group.
    acting: Option<Fence>,
}

impl Owing {
    /// The service of `core` that has handled a call of the method `M`, if `outcome` is not there yet.
    #[inline]
    pub(crate) fn of<M: Method>(outcome: &Handed<M>, service: &'static str, core: &Core) -> Option<Self> {
        let is_later = outcome.as_ref().is_ok_and(|handled| handled.result().is_none());
        is_later.then(|| Self { service, host: Arc::clone(&core.host), acting: core.acting(const { &M::INFO }) })
    }

    fn promise<M: Method>(&self, to: &Arc<Mutex<Option<To<'static, M>>>>) -> Option<Promised> {
        let promises: Arc<Promises> = self.host.part(TypeId::of::<Promises>())?.downcast().ok()?;
        let reply: Weak<Mutex<Option<To<'static, M>>>> = Arc::downgrade(to);
        Some(promises.add(self.service, M::INFO.name, reply))
    }
}

/// A handler has ended. What is run here beside it may panic too.
#[inline]
pub(crate) fn conclude<S: Service, M: Method>(body: &mut Body<S>, outcome: Handed<M>, to: To<'_, M>) {
    match to {
        To::Nobody => body.guarded(|| drop(outcome)),
        to => {
            let by = Owing::of::<M>(&outcome, S::SPEC.name, &body.core);
            body.guarded(|| to.tell(outcome, by));
        }
    }
}
