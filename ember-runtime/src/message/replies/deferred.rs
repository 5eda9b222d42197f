//! Replies that are sent later than the method returns.

use std::{
    fmt, mem,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    message::codecs::{ADeferred, PickMisplaced, Probe},
    sync::lock,
};

/// What a method returns that answers later: `async fn rpc_wait(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64>`. For
/// callers it is a method that returns `u64`; a `Deferred<Result<T, E>>` is one that returns `Result<T, E>`.
///
/// It comes with its [`Replier`] from `cx.defer()`. The service is free for other messages as soon as the method has
/// returned.
#[must_use = "return it from the method"]
pub struct Deferred<T>(Arc<Mutex<State<T>>>);

/// Answers a call whose method has returned a [`Deferred`]. It can be kept, or sent anywhere.
///
/// Dropped unanswered, it tells the caller so at once: `MaybeExecuted(NoReply)`.
#[must_use = "dropping it is an error reply"]
pub struct Replier<T>(Option<Arc<Mutex<State<T>>>>);

/// Takes the answer; `None` if there will be none.
type Sink<T> = Box<dyn FnOnce(Option<T>) + Send>;

enum State<T> {
    /// No answer yet, and nobody to give it to.
    Open,
    Bound(Sink<T>),
    /// Answered before the method returned.
    Answered(Option<T>),
    Done,
}

/// Where it is no result as a whole, it is refused.
impl<T> PickMisplaced<Deferred<T>> for &&Probe<Deferred<T>> {
    type Why = ADeferred;
}

/// The two halves of a deferred reply.
pub(crate) fn deferred<T>() -> (Deferred<T>, Replier<T>) {
    let state = Arc::new(Mutex::new(State::Open));
    (Deferred(Arc::clone(&state)), Replier(Some(state)))
}

impl<T> Deferred<T> {
    /// Says where the answer goes.
    fn bind(self, sink: impl FnOnce(Option<T>) + Send + 'static) {
        let mut state = lock(&self.0);
        match mem::replace(&mut *state, State::Done) {
            State::Answered(answer) => {
                drop(state);
                sink(answer);
            }
            State::Open | State::Bound(_) | State::Done => *state = State::Bound(Box::new(sink)),
        }
    }
}

impl<T> Replier<T> {
    /// Answers. A caller that has gone away is no error.
    pub fn reply(mut self, value: T) {
        if let Some(state) = self.0.take() {
            answer(&state, Some(value));
        }
    }
}

impl<T> Drop for Replier<T> {
    fn drop(&mut self) {
        if let Some(state) = self.0.take() {
            answer(&state, None);
        }
    }
}

fn answer<T>(state: &Mutex<State<T>>, value: Option<T>) {
    let mut state = lock(state);
    match mem::replace(&mut *state, State::Done) {
        State::Bound(sink) => {
            drop(state);
            sink(value);
        }
        State::Open | State::Answered(_) | State::Done => *state = State::Answered(value),
    }
}

impl<T> fmt::Debug for Deferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Replier<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replier").finish_non_exhaustive()
    }
}

/// What a handler gives back: a result, or one that comes later.
pub struct Handled<T, E>(Inner<T, E>);

/// Says where the result goes.
type Bind<T, E> = Box<dyn FnOnce(Sink<Result<T, E>>) + Send>;

enum Inner<T, E> {
    Now(Result<T, E>),
    Later(Bind<T, E>),
}

impl<T, E> From<Result<T, E>> for Handled<T, E> {
    fn from(result: Result<T, E>) -> Self {
        Self(Inner::Now(result))
    }
}

/// What a method that fulfils a contract may return where the contract says `Said`: just that, or a [`Deferred`] of it. Callers see no
/// difference.
#[diagnostic::on_unimplemented(
    message = "the contract says that this method returns `{Said}`, and it returns `{Self}`",
    label = "write `-> {Said}`, or `-> Deferred<{Said}>` where it answers later"
)]
pub trait Returned<Said>: Sized {
    /// What was said, or what it comes from later.
    ///
    /// # Errors
    /// It is not there yet.
    fn now(self) -> Result<Said, Deferred<Said>>;
}

impl<T> Returned<T> for T {
    fn now(self) -> Result<T, Deferred<T>> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T> Returned<T> for Deferred<T> {
    fn now(self) -> Result<T, Self> {
        Err(self)
    }
}

pin_project! {
    /// What the future of a user's method comes to.
    struct Answered<F, H> {
        #[pin]
        future: F,
        handled: H,
    }
}

impl<F: Future, T, E, H: Fn(F::Output) -> Handled<T, E>> Future for Answered<F, H> {
    type Output = Handled<T, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let parts = self.project();
        parts.future.poll(task).map(parts.handled)
    }
}

/// What the future of a user's method comes to. It asks for `Send` where the compiler can tell the user's future by its name.
pub fn answered<F: Future, T, E, H: Fn(F::Output) -> Handled<T, E>>(
    future: F,
    handled: H,
) -> impl Future<Output = Handled<T, E>> {
    Answered { future, handled }
}

impl<T: Send + 'static, E: 'static> Handled<T, E> {
    /// The value comes later.
    pub fn later(deferred: Deferred<T>) -> Self {
        Self(Inner::Later(Box::new(|sink| deferred.bind(|value| sink(value.map(Ok))))))
    }

    /// The value, or an error, comes later.
    pub fn later_result(deferred: Deferred<Result<T, E>>) -> Self
    where
        E: Send,
    {
        Self(Inner::Later(Box::new(|sink| deferred.bind(sink))))
    }

    /// What a method of a contract returned that cannot fail.
    pub fn returned(returned: impl Returned<T>) -> Self {
        returned.now().map_or_else(Self::later, Self::done)
    }

    /// What a method of a contract returned that can fail.
    pub fn returned_result(returned: impl Returned<Result<T, E>>) -> Self
    where
        E: Send,
    {
        returned.now().map_or_else(Self::later_result, Self::from)
    }
}

impl<T, E> Handled<T, E> {
    /// The result, if it is there.
    pub(crate) fn now(self) -> Result<Result<T, E>, Self> {
        match self.0 {
            Inner::Now(result) => Ok(result),
            later @ Inner::Later(_) => Err(Self(later)),
        }
    }

    /// The result, if it is there.
    pub(crate) fn result(&self) -> Option<&Result<T, E>> {
        match &self.0 {
            Inner::Now(result) => Some(result),
            Inner::Later(_) => None,
        }
    }

    /// The value is there.
    pub fn done(value: T) -> Self {
        Self(Inner::Now(Ok(value)))
    }

    /// The same result, when `wait`, which is called once the result is there, has called what it is given; none if that was called with `false`, or
    /// dropped.
    pub(crate) fn after(self, wait: impl FnOnce(Box<dyn FnOnce(bool) + Send>) + Send + 'static) -> Self
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        self.after_a_look(|_| (), |(), then| wait(then))
    }

    /// The same, where `wait` is given what `look` has made of the result.
    pub(crate) fn after_a_look<L>(
        self,
        look: impl FnOnce(Option<&Result<T, E>>) -> L + Send + 'static,
        wait: impl FnOnce(L, Box<dyn FnOnce(bool) + Send>) + Send + 'static,
    ) -> Self
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        Self(Inner::Later(Box::new(move |sink| {
            self.settle(move |result| {
                let sink = Last(Some(sink));
                let seen = look(result.as_ref());
                wait(seen, Box::new(move |well| sink.take(result.filter(|_| well))));
            });
        })))
    }

    /// Gives the result to `sink`: now, or when it is there; `None` if there will be none.
    pub(crate) fn settle(self, sink: impl FnOnce(Option<Result<T, E>>) + Send + 'static) {
        match self.0 {
            Inner::Now(result) => sink(Some(result)),
            Inner::Later(bind) => bind(Box::new(sink)),
        }
    }
}

/// Takes the answer, or is told that there is none.
struct Last<T>(Option<Sink<T>>);

impl<T> Last<T> {
    fn take(mut self, answer: Option<T>) {
        if let Some(sink) = self.0.take() {
            sink(answer);
        }
    }
}

impl<T> Drop for Last<T> {
    fn drop(&mut self) {
        if let Some(sink) = self.0.take() {
            sink(None);
        }
    }
}

impl<T, E> fmt::Debug for Handled<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Inner::Now(_) => "Handled(now)",
            Inner::Later(_) => "Handled(later)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn settled(use_it: impl FnOnce(Replier<u32>), before: bool) -> Option<Result<u32, ()>> {
        let (sender, receiver) = mpsc::channel();
        let (deferred, replier) = deferred();
        let bind = move || Handled::<u32, ()>::later(deferred).settle(move |answer| sender.send(answer).unwrap());
        if before {
            use_it(replier);
            bind();
        } else {
            bind();
            use_it(replier);
        }
        receiver.try_recv().expect("it is settled at once")
    }

    #[test]
    fn an_answer_arrives_once_whether_it_comes_before_or_after_the_return() {
        for before in [true, false] {
            assert_eq!(settled(|replier| replier.reply(5), before), Some(Ok(5)));
            assert_eq!(settled(drop, before), None, "dropped unanswered");
        }
    }
}
