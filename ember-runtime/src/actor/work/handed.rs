//! What a handler made of a call, and who is told of it.

use std::future::pending;

use crate::{
    actor::service::{Body, Service},
    error::{Failure, LostReason, RefusedReason, Result},
    message::{Answer, Handled, Method, RawReply, Reply, ReplyBody},
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

    /// Tells the outcome, now or when it is there.
    pub(crate) fn tell(self, outcome: Handed<M>) {
        match outcome.map(Handled::now) {
            Ok(Ok(result)) => self.answer(Some(result)),
            Ok(Err(later)) => {
                let to = self.own();
                later.settle(move |result| to.answer(result));
            }
            Err(failure) => match self {
                Self::Nobody => {}
                Self::Here(reply) => reply.send(Answer::Failed(*failure)),
                Self::Elsewhere(reply) => reply.fail(*failure),
            },
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

/// A handler has ended. What is run here beside it may panic too.
#[inline]
pub(crate) fn conclude<S: Service, M: Method>(body: &mut Body<S>, outcome: Handed<M>, to: To<'_, M>) {
    match to {
        To::Nobody => body.guarded(|| drop(outcome)),
        to => body.guarded(|| to.tell(outcome)),
    }
}
