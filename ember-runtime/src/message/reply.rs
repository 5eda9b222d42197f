//! Where the answer to a local call goes.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use super::Method;
use crate::error::{Failure, LostReason, RefusedReason};

/// The end of a local call.
pub(crate) enum Answer<M: Method> {
    /// The method ran.
    Done(Result<M::Value, M::Error>),
    /// It did not run: here are the arguments again.
    Refused(RefusedReason, M::Args),
    /// It did not run to its end, or the arguments are gone.
    Failed(Failure),
}

/// The callee's half of a call. Dropped unanswered, it tells the caller so at once.
pub(crate) struct Reply<M: Method>(oneshot::Sender<Answer<M>>);

impl<M: Method> Reply<M> {
    /// Answers. A caller that has gone away is no error.
    pub(crate) fn send(self, answer: Answer<M>) {
        let _ = self.0.send(answer);
    }

    /// Waits until the caller has gone away.
    pub(crate) async fn unwanted(&mut self) {
        self.0.closed().await;
    }

    /// Whether the caller has gone away.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.0.is_closed()
    }
}

/// The caller's half of a call.
pub(crate) struct Answering<M: Method>(oneshot::Receiver<Answer<M>>);

impl<M: Method> Future for Answering<M> {
    type Output = Answer<M>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Answer<M>> {
        let answer = ready!(Pin::new(&mut self.0).poll(task));
        Poll::Ready(answer.unwrap_or(Answer::Failed(LostReason::NoReply.into())))
    }
}

/// The two halves of a local call.
pub(crate) fn reply_slot<M: Method>() -> (Reply<M>, Answering<M>) {
    let (sender, receiver) = oneshot::channel();
    (Reply(sender), Answering(receiver))
}
