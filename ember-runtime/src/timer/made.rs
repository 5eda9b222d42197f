//! Timers that a handler makes.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{task::AbortHandle, time::sleep};

use super::{tick::UnderWay, ticks::ticks};
use crate::{
    actor::{Cx, Unit},
    message::Envelope,
    sync::lock,
};

/// A timer made with [`Cx::every`] or [`Cx::after`]. Dropping it changes nothing: the timer goes on.
#[derive(Clone)]
pub struct TimerHandle {
    cancelled: Arc<AtomicBool>,
    task: AbortHandle,
}

impl TimerHandle {
    /// Ends the timer. A tick that waits in the mailbox already does not run any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.task.abort();
    }

    /// Whether no more ticks are going to be delivered: it was cancelled, has fired its only time, or its owner has ended.
    pub fn is_over(&self) -> bool {
        self.cancelled.load(Ordering::Acquire) || self.task.is_finished()
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle").field("over", &self.is_over()).finish()
    }
}

impl<U: Unit> Cx<'_, U> {
    /// Runs `action` on this unit every `period`, the first time after one period, until the handle's
    /// [`cancel`](TimerHandle::cancel), or until this unit ends: the service, or the module under a key. It comes through the
    /// mailbox, as a message of its own, and never overlaps itself: a tick that is due while the last one still waits or runs
    /// is skipped, and one that comes late puts off those after it.
    ///
    /// Timers count milliseconds: a shorter period counts as one. One of more than a hundred years counts as a hundred.
    ///
    /// # Panics
    /// If `period` is zero.
    pub fn every<F>(&self, period: Duration, action: F) -> TimerHandle
    where
        F: FnMut(&mut U, &mut Cx<'_, U>) + Send + 'static,
    {
        assert!(!period.is_zero(), "`cx.every(0ns, …)` cannot be: a period is longer than 0");
        let action = Arc::new(Mutex::new(action));
        self.timer(|deliver, under_way| async move {
            let mut ticks = ticks(period);
            loop {
                ticks.tick().await;
                let Some(tick) = under_way.begin() else { continue };
                let action = Arc::clone(&action);
                let taken = deliver(Box::new(move |unit: &mut U, cx: &mut Cx<'_, U>| {
                    let _tick = tick;
                    lock(&action)(unit, cx);
                }));
                if !taken {
                    break;
                }
            }
        })
    }

    /// Runs `action` on this unit once, after `delay`, unless the handle's [`cancel`](TimerHandle::cancel) comes before, or
    /// this unit ends: the service, or the module under a key. It comes through the mailbox, as a message of its own.
    pub fn after<F>(&self, delay: Duration, action: F) -> TimerHandle
    where
        F: FnOnce(&mut U, &mut Cx<'_, U>) + Send + 'static,
    {
        self.timer(|deliver, _| async move {
            sleep(delay).await;
            deliver(Box::new(action));
        })
    }

    /// Spawns what `run` makes of a way to deliver actions to this unit.
    fn timer<R>(&self, run: impl FnOnce(Deliver<U>, UnderWay) -> R) -> TimerHandle
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let cancelled = Arc::new(AtomicBool::new(false));
        let keys = self.ambient.envelope.keys.clone();
        let ended = keys.life().as_ref().unwrap_or_else(|| self.core.life()).end();
        let born = self.core.cell.life();
        let (owner, flag) = (self.core.receiver(self.ambient.method), Arc::clone(&cancelled));
        let deliver: Deliver<U> = Box::new(move |action| {
            let flag = Arc::clone(&flag);
            owner.owe(Envelope::at(keys.clone()), move |unit: &mut U, cx: &mut Cx<'_, U>| {
                // One that has waited in the mailbox since an earlier life of the service is for nobody.
                if !flag.load(Ordering::Acquire) && cx.core.cell.life() == born {
                    action(unit, cx);
                }
            })
        });
        let run = run(deliver, UnderWay::default());
        let task = self.core.host.runtime().spawn(async move {
            tokio::select! {
                biased;
                () = ended => {}
                () = run => {}
            }
        });
        TimerHandle { cancelled, task: task.abort_handle() }
    }
}

/// Delivers an action; `false` if the service takes no more.
type Deliver<U> = Box<dyn Fn(Action<U>) -> bool + Send>;

type Action<U> = Box<dyn FnOnce(&mut U, &mut Cx<'_, U>) + Send>;
