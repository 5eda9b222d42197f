//! Panics of the user's code, and of what is dropped for it. All of these that are caught, in whatever room, come through here: what a panic
//! carries may be anything, and may panic itself when it is dropped.

use std::{
    any::Any,
    collections::VecDeque,
    fmt,
    future::poll_fn,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::Poll,
    thread,
};

use crate::error::Error;

/// What a panic said. What it carried is gone.
#[derive(Debug)]
pub(crate) struct Panic(String);

impl From<Box<dyn Any + Send>> for Panic {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            // There is no end to this otherwise: what the second one carries is not dropped at all.
            mem::forget(again);
        }
        Self(text.unwrap_or_else(|| "(no message)".into()))
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs what may panic, where the time for an indirect call does not matter: one function for all adds less to the size of a
/// program.
pub(crate) fn caught(action: &mut dyn FnMut()) -> Result<(), Panic> {
    catch_unwind(AssertUnwindSafe(action)).map_err(Panic::from)
}

/// Wakes whoever waits for a call. That may be the user's own executor: if its waker panics, the others are woken all the same.
pub(crate) fn woken(wake: impl FnOnce()) {
    let mut wake = Some(wake);
    if let Err(panic) = caught(&mut || wake.take().into_iter().for_each(|wake| wake())) {
        tracing::error!(target: "ember::call", %panic, "a waker panicked: what polls a call must be able to be woken from any thread");
    }
}

/// Waits for `work`, up to its end or its panic. It stays where it is: what is waited for may be large, and each move of it takes the same
/// again of the stack.
pub(crate) async fn outlived<F: Future + ?Sized>(mut work: Pin<&mut F>) -> thread::Result<F::Output> {
    poll_fn(|task| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(task))) {
        Ok(step) => step.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Runs what gives back a result, which a panic is not.
pub(crate) fn attempt<T>(action: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(action)).map_err(Panic::from)
}

/// Drops what is the user's.
pub(crate) fn dispose<T>(value: T) -> Result<(), Panic> {
    let mut value = Some(value);
    caught(&mut || drop(value.take()))
}

/// Drops what is the user's, each of them, whatever the others do. The first panic goes on when all are gone: a second one beside it
/// would end the process.
pub(crate) fn drop_each<T>(all: impl IntoIterator<Item = T>) {
    let mut first = None;
    for one in all {
        let mut one = Some(one);
        match catch_unwind(AssertUnwindSafe(|| drop(one.take()))) {
            Err(panic) if first.is_none() && !thread::panicking() => first = Some(panic),
            Err(panic) => {
                let panic = Panic::from(panic);
                tracing::error!(target: "ember::service", %panic, "several panicked as they were dropped");
            }
            Ok(()) => {}
        }
    }
    if let Some(panic) = first {
        resume_unwind(panic);
    }
}

/// Several that are the user's, in order. Those that are left are dropped as by [`drop_each`].
#[derive(Debug)]
pub(crate) struct Each<T>(VecDeque<T>);

impl<T> Each<T> {
    pub(crate) fn push(&mut self, one: T) {
        self.0.push_back(one);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    /// Puts those of `other` in front.
    pub(crate) fn behind(&mut self, mut other: Self) {
        mem::swap(&mut self.0, &mut other.0);
        self.0.append(&mut other.0);
    }
}

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> FromIterator<T> for Each<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl<T> Iterator for Each<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.pop_front()
    }
}

impl<T> Drop for Each<T> {
    fn drop(&mut self) {
        drop_each(self.0.drain(..));
    }
}

/// Drops what is the user's and belongs to a call of `method`, where its panic is nobody's answer: the log is told.
pub(crate) fn discard<T>(what: &str, method: &str, value: T) {
    if let Err(panic) = dispose(value) {
        tracing::error!(target: "ember::call", method, %panic, "{what} panicked as it was dropped");
    }
}

/// What an error says that may be the user's.
pub(crate) fn shown(error: &Error) -> String {
    attempt(|| error.to_string()).unwrap_or_else(|panic| format!("an error that panicked as it was shown: {panic}"))
}

/// The same for the log. The error is gone.
pub(crate) fn told(error: Error) -> String {
    let text = shown(&error);
    match dispose(error) {
        Ok(()) => text,
        Err(panic) => format!("{text} (and it panicked as it was dropped: {panic})"),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::panic_any;

    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }

    #[test]
    fn a_payload_that_panics_with_another_that_panics_is_dealt_with() {
        assert_eq!(caught(&mut || panic_any(Bomb)).unwrap_err().to_string(), "(no message)");
        assert_eq!(dispose(Bomb).unwrap_err().to_string(), "(no message)");
        assert_eq!(attempt(|| panic_any(Bomb)).unwrap_err().to_string(), "(no message)");
        assert_eq!(caught(&mut || panic!("{}", 7)).unwrap_err().to_string(), "7");
    }

    struct Says<'a>(u32, &'a std::cell::Cell<u32>);

    impl Drop for Says<'_> {
        fn drop(&mut self) {
            self.1.set(self.1.get() + 1);
            panic!("{}", self.0);
        }
    }

    #[test]
    fn all_are_dropped_whichever_panic_and_the_first_panic_goes_on() {
        let count = std::cell::Cell::new(0);
        let all = || [1, 2, 3].map(|number| Says(number, &count));
        assert_eq!(attempt(|| drop_each(all())).unwrap_err().to_string(), "1");
        assert_eq!(count.get(), 3);
        // Beside a panic that is on its way none goes on.
        struct Within<'a>(Vec<Says<'a>>);
        impl Drop for Within<'_> {
            fn drop(&mut self) {
                drop_each(self.0.drain(..));
            }
        }
        let within = Within(all().into());
        let beside = attempt(move || {
            let _within = within;
            panic!("before");
        });
        assert_eq!(beside.unwrap_err().to_string(), "before");
        assert_eq!(count.get(), 6);
    }
}
