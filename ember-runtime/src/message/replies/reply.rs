//! Where the answer to a local call goes: a slot that caller and callee share. When both have let go of it, the caller's thread
//! keeps it for another call, so that most calls need no new one.

use std::{
    any::Any,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::{
    error::{Failure, LostReason, RefusedReason},
    panics::discard,
    shelf,
    sync::{lock, wake, watch},
};

/// Arguments that were not used. A refusal has them boxed, so that an answer depends on nothing but what a method gives back: those that give
/// back the same share all that is here.
pub(crate) type Unused = Box<dyn Any + Send>;

/// The end of a local call.
pub(crate) enum Answer<R> {
    /// The method ran.
    Done(R),
    /// It did not run: here are the arguments again, a `M::Args`.
    Refused(RefusedReason, Unused),
    /// It did not run to its end, or the arguments are gone.
    Failed(Failure),
}

/// The callee's half of a call. Dropped unanswered, it tells the caller so at once.
pub(crate) struct Reply<R: 'static>(Option<Arc<Slot<R>>>);

/// The caller's half of a call.
pub(crate) struct Answering<R: 'static> {
    slot: Option<Arc<Slot<R>>>,
    /// The name of the method.
    method: &'static str,
}

struct Slot<R: 'static>(Mutex<State<R>>);

struct State<R: 'static> {
    course: Course<R>,
    /// Who waits: the caller for the answer, or the callee for the caller's end.
    caller: Option<Waker>,
    callee: Option<Waker>,
}

enum Course<R: 'static> {
    Open,
    Answered(Answer<R>),
    /// There will be no answer.
    Unanswered,
    /// The caller has gone away.
    Unwanted,
}

/// The two halves of a local call, whose caller is to be woken by `waker`.
pub(crate) fn reply_slot<R: 'static>(method: &'static str, waker: Option<&Waker>) -> (Reply<R>, Answering<R>) {
    let mut slot = shelf::take::<Arc<Slot<R>>>().unwrap_or_else(|| Arc::new(Slot(Mutex::new(State::new()))));
    if let (Some(waker), Some(slot)) = (waker, Arc::get_mut(&mut slot)) {
        slot.0.get_mut().unwrap_or_else(PoisonError::into_inner).caller = Some(waker.clone());
    }
    (Reply(Some(Arc::clone(&slot))), Answering { slot: Some(slot), method })
}

impl<R: 'static> State<R> {
    fn new() -> Self {
        Self { course: Course::Open, caller: None, callee: None }
    }
}

impl<R: 'static> Slot<R> {
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        lock(&self.0)
    }

    /// Ends the call at the callee's side. Gives back what nobody wants.
    fn finish(self: Arc<Self>, end: Course<R>) -> Option<Course<R>> {
        let mut state = self.lock();
        if matches!(state.course, Course::Unwanted) {
            return Some(end);
        }
        state.course = end;
        let caller = state.caller.take();
        drop(state);
        // The caller finds the slot to be its own when it wakes up.
        drop(self);
        caller.into_iter().for_each(wake);
        None
    }
}

impl<R: 'static> Reply<R> {
    /// Answers that the call was not executed. If the caller has gone away, its arguments are dropped here: a panic of theirs is told
    /// to the log, and is nobody else's.
    pub(crate) fn refuse(mut self, method: &str, reason: RefusedReason, args: Unused) {
        let back = self.0.take().and_then(|slot| slot.finish(Course::Answered(Answer::Refused(reason, args))));
        if let Some(back) = back {
            discard("an argument", method, back);
        }
    }

    /// Answers. If the caller has gone away, the answer is dropped here.
    pub(crate) fn send(mut self, answer: Answer<R>) {
        if let Some(slot) = self.0.take() {
            drop(slot.finish(Course::Answered(answer)));
        }
    }

    /// Whether the caller has gone away.
    pub(crate) fn is_unwanted(&self) -> bool {
        // Until there is an answer, the caller keeps its half.
        self.0.as_ref().is_none_or(|slot| Arc::strong_count(slot) == 1)
    }

    /// Waits until the caller has gone away.
    pub(crate) async fn unwanted(&mut self) {
        std::future::poll_fn(|task| self.poll_unwanted(task)).await;
    }

    /// Ready once the caller has gone away.
    pub(crate) fn poll_unwanted(&self, task: &mut Context<'_>) -> Poll<()> {
        let Some(slot) = &self.0 else { return Poll::Ready(()) };
        let mut spare = None;
        loop {
            let mut state = slot.lock();
            if matches!(state.course, Course::Unwanted) {
                return Poll::Ready(());
            }
            if watch(&mut state.callee, task.waker(), &mut spare) {
                return Poll::Pending;
            }
            drop(state);
            spare = Some(task.waker().clone());
        }
    }
}

impl<R: 'static> Drop for Reply<R> {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            drop(slot.finish(Course::Unanswered));
        }
    }
}

impl<R: 'static> Future for Answering<R> {
    type Output = Answer<R>;

    /// # Panics
    /// If it is polled again after it has ended.
    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Answer<R>> {
        let slot = self.slot.as_ref().expect("an answer is taken once");
        let mut spare = None;
        let answer = loop {
            let mut state = slot.lock();
            match mem::replace(&mut state.course, Course::Open) {
                Course::Answered(answer) => break answer,
                Course::Unanswered => break Answer::Failed(LostReason::NoReply.into()),
                Course::Open | Course::Unwanted => {
                    if watch(&mut state.caller, task.waker(), &mut spare) {
                        return Poll::Pending;
                    }
                }
            }
            drop(state);
            spare = Some(task.waker().clone());
        };
        if let Some(mut slot) = self.slot.take()
            && let Some(own) = Arc::get_mut(&mut slot)
        {
            *own.0.get_mut().unwrap_or_else(PoisonError::into_inner) = State::new();
            shelf::keep(slot);
        }
        Poll::Ready(answer)
    }
}

impl<R: 'static> Drop for Answering<R> {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        let mut state = slot.lock();
        let left = mem::replace(&mut state.course, Course::Unwanted);
        let callee = state.callee.take();
        drop(state);
        callee.into_iter().for_each(wake);
        drop(slot);
        if let Course::Answered(late) = left {
            discard("an answer that came too late", self.method, late);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
    };

    use futures_util::FutureExt;

    use super::*;

    type Echo = Result<Arc<u32>, Infallible>;

    fn done(value: u32) -> Answer<Echo> {
        Answer::Done(Ok(Arc::new(value)))
    }

    fn value(answer: Option<Answer<Echo>>) -> Option<u32> {
        match answer? {
            Answer::Done(Ok(value)) => Some(*value),
            _ => None,
        }
    }

    #[test]
    fn an_answer_arrives_once_whoever_comes_first() {
        let (reply, answering) = reply_slot::<Echo>("echo", None);
        reply.send(done(1));
        assert_eq!(value(answering.now_or_never()), Some(1));
        let (reply, mut answering) = reply_slot::<Echo>("echo", None);
        assert!((&mut answering).now_or_never().is_none());
        reply.send(done(2));
        assert_eq!(value(answering.now_or_never()), Some(2));
    }

    #[test]
    fn a_slot_is_used_again_only_when_both_have_let_go_of_it() {
        let address = |reply: &Reply<Echo>| reply.0.as_ref().map(Arc::as_ptr);
        let (reply, answering) = reply_slot::<Echo>("echo", None);
        let first = address(&reply);
        reply.send(done(1));
        assert!(answering.now_or_never().is_some());
        let (reply, answering) = reply_slot::<Echo>("echo", None);
        assert_eq!(address(&reply), first, "nobody has it any more");
        drop(answering);
        let (other, _answering) = reply_slot::<Echo>("echo", None);
        assert_ne!(address(&other), first, "a callee may still answer to it");
        reply.send(done(3));
    }

    /// Looks, as it is woken and as it is dropped, whether the slot is free; panics as it is woken.
    struct Looks(Arc<Slot<Echo>>, Arc<[AtomicUsize; 2]>);

    impl Looks {
        fn look(&self) {
            self.1[usize::from(self.0.0.try_lock().is_ok())].fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.look();
            panic!("a waker that panics");
        }
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            self.look();
        }
    }

    #[test]
    fn wakers_of_both_sides_are_woken_and_dropped_with_nothing_locked_and_may_panic() {
        let looked = Arc::<[AtomicUsize; 2]>::default();
        let counts = || looked.each_ref().map(|count| count.load(Ordering::Relaxed));
        let waker = |slot: &Arc<Slot<Echo>>| Waker::from(Arc::new(Looks(Arc::clone(slot), Arc::clone(&looked))));
        let (mut reply, mut answering) = reply_slot::<Echo>("echo", None);
        let slot = answering.slot.clone().unwrap();
        for _ in 0..2 {
            assert!(Pin::new(&mut answering).poll(&mut Context::from_waker(&waker(&slot))).is_pending());
            assert!(pin!(reply.unwanted()).poll(&mut Context::from_waker(&waker(&slot))).is_pending());
        }
        assert_eq!(counts(), [0, 2], "others took their places");
        reply.send(done(1));
        assert_eq!(counts(), [0, 4], "the caller was woken, and its waker dropped");
        drop(answering);
        assert_eq!(counts(), [0, 6], "the callee was woken, and its waker dropped");
    }

    #[tokio::test]
    async fn both_see_the_other_go() {
        let (reply, answering) = reply_slot::<Echo>("echo", None);
        drop(reply);
        assert!(matches!(answering.await, Answer::Failed(Failure::MaybeExecuted(LostReason::NoReply))));
        let (mut reply, answering) = reply_slot::<Echo>("echo", None);
        assert!(!reply.is_unwanted());
        let unwanted = tokio::spawn(async move {
            reply.unwanted().await;
            reply.is_unwanted()
        });
        tokio::task::yield_now().await;
        drop(answering);
        assert!(unwanted.await.unwrap());
    }

    #[test]
    fn an_answer_that_nobody_wants_is_dropped_at_once() {
        let kept = Arc::new(7);
        let (reply, answering) = reply_slot::<Echo>("echo", None);
        drop(answering);
        reply.send(Answer::Done(Ok(Arc::clone(&kept))));
        let (reply, answering) = reply_slot::<Echo>("echo", None);
        reply.send(Answer::Done(Ok(Arc::clone(&kept))));
        drop(answering);
        assert_eq!(Arc::strong_count(&kept), 1);
    }
}
