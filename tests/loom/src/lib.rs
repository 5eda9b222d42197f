//! Every order in which threads can meet at a turn, at a limit of workers, at the workers of a service, or at the pieces of a crew, tried by
//! loom: the files under test are the runtime's own, on loom's types.

#![cfg(test)]

#[path = "../../../ember-runtime/src/actor/turn/unsafe_turn.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod unsafe_turn;

#[path = "../../../ember-runtime/src/actor/turn/marks.rs"]
mod marks;

#[path = "../../../ember-runtime/src/offload/crew.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod crew;

#[path = "../../../ember-runtime/src/actor/turn/limit.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod limit;

#[path = "../../../ember-runtime/src/actor/turn/asked.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod asked;

#[path = "../../../ember-runtime/src/actor/turn/waits.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod waits;

#[path = "../../../ember-runtime/src/actor/hands/lines.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod lines;

#[path = "../../../ember-runtime/src/actor/hands/roster.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod roster;

mod crews;
mod limits;
mod rosters;

/// What they are built on here.
mod sync {
    pub(crate) use loom::{
        cell::UnsafeCell,
        hint::spin_loop as pause,
        sync::{
            Arc, Mutex, MutexGuard,
            atomic::{AtomicU32, AtomicU64, Ordering},
        },
    };

    pub(crate) use std::time::Instant;

    pub(crate) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap()
    }

    pub(crate) use super::crews::Condvar;

    pub(crate) const LOOKS: u32 = 2;
}

use std::sync::Arc as StdArc;

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};
use marks::{ABORTED, ENDED, Marks, READY, SPAWNED};
use unsafe_turn::Turn;

/// A turn that callers may take, with a count that only its holder touches, and a queue in front.
struct Service {
    turn: Turn<u32>,
    queue: Mutex<Vec<u32>>,
    woken: AtomicU32,
}

impl Service {
    fn new() -> Arc<Self> {
        let service = Self { turn: Turn::new(0), queue: Mutex::new(Vec::new()), woken: AtomicU32::new(0) };
        service.turn.shut(false);
        Arc::new(service)
    }

    fn wake(&self) {
        self.woken.fetch_add(1, Ordering::SeqCst);
    }

    /// A call: short if it can be, else queued.
    fn call(&self) {
        match self.turn.try_short(true) {
            Some(mut held) => {
                held.with(|count| *count += 1);
                if held.end() {
                    self.wake();
                }
            }
            None => self.send(),
        }
    }

    /// A one-way call.
    fn send(&self) {
        self.queue.lock().unwrap().push(1);
        if self.turn.note_work() {
            self.wake();
        }
    }

    /// What the driver does when it is woken.
    fn drive(&self) {
        while let Some(mut held) = self.turn.take() {
            loop {
                let batch = std::mem::take(&mut *self.queue.lock().unwrap());
                if batch.is_empty() {
                    break;
                }
                held.with(|count| *count += batch.len() as u32);
            }
            held.end();
        }
    }

    /// The count, when all threads have ended and the driver has seen to every wake-up.
    fn settled(&self) -> u32 {
        if self.woken.swap(0, Ordering::SeqCst) > 0 {
            self.drive();
        }
        assert!(self.queue.lock().unwrap().is_empty(), "work was left, and nobody was woken");
        let mut held = self.turn.try_short(true).expect("idle at the end");
        held.with(|count| *count)
    }
}

#[test]
fn callers_exclude_each_other_and_no_call_is_lost() {
    loom::model(|| {
        let service = Service::new();
        let other = thread::spawn({
            let service = Arc::clone(&service);
            move || service.call()
        });
        service.call();
        other.join().unwrap();
        assert_eq!(service.settled(), 2);
    });
}

#[test]
fn a_message_that_comes_while_a_caller_runs_is_seen_to() {
    loom::model(|| {
        let service = Service::new();
        let sender = thread::spawn({
            let service = Arc::clone(&service);
            move || service.send()
        });
        service.call();
        sender.join().unwrap();
        assert_eq!(service.settled(), 2);
    });
}

#[test]
fn a_driver_that_works_while_messages_come_leaves_none_behind() {
    loom::model(|| {
        let service = Service::new();
        let threads = [0, 1].map(|_| {
            let service = Arc::clone(&service);
            thread::spawn(move || service.send())
        });
        if service.woken.swap(0, Ordering::SeqCst) > 0 {
            service.drive();
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(service.settled(), 2);
    });
}

#[test]
fn a_shut_turn_lets_no_caller_in_whom_it_has_not_let_in_before() {
    loom::model(|| {
        let service = Service::new();
        let shut = StdArc::new(AtomicBool::new(false));
        let shutter = thread::spawn({
            let (service, shut) = (Arc::clone(&service), StdArc::clone(&shut));
            move || {
                service.turn.shut(true);
                shut.store(true, Ordering::SeqCst);
            }
        });
        let was_shut = shut.load(Ordering::SeqCst);
        let held = service.turn.try_short(true);
        assert!(!(was_shut && held.is_some()));
        if let Some(held) = held {
            held.end();
        }
        shutter.join().unwrap();
    });
}

/// The driver is made while somebody else wants the service to end at once: as `Cell::drive` and `Cell::abort_driver` do it.
#[test]
fn a_driver_that_is_made_while_its_service_is_aborted_is_ended() {
    loom::model(|| {
        let state = Arc::new((Marks::default(), AtomicBool::new(false), AtomicU32::new(0)));
        let abort = thread::spawn({
            let state = Arc::clone(&state);
            move || {
                let (marks, handle, ended) = &*state;
                let before = marks.set(ABORTED);
                if before & READY != 0 {
                    assert!(handle.load(Ordering::Acquire), "the handle is there before it is said to be");
                    ended.fetch_add(1, Ordering::SeqCst);
                } else if before & SPAWNED == 0 && marks.set(SPAWNED) & SPAWNED == 0 {
                    ended.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let (marks, handle, ended) = &*state;
        if marks.set(SPAWNED) & SPAWNED == 0 {
            handle.store(true, Ordering::Release);
            if marks.set(READY) & ABORTED != 0 {
                ended.fetch_add(1, Ordering::SeqCst);
            }
        }
        abort.join().unwrap();
        assert_eq!(ended.load(Ordering::SeqCst), 1, "it is ended once");
    });
}

/// A service ends while a caller still runs it, and work waits already: as `Cell::end_driver` and `Cell::leave` do it.
#[test]
fn what_is_left_of_a_service_that_ends_while_a_caller_runs_it_is_cleared() {
    fn clear(turn: &Turn<u32>) {
        if let Some(mut held) = turn.take() {
            held.with(|left| *left = 0);
        }
    }
    loom::model(|| {
        let state = Arc::new((Turn::new(1), Marks::default()));
        let (turn, marks) = &*state;
        turn.shut(false);
        let caller = thread::spawn({
            let state = Arc::clone(&state);
            move || {
                let (turn, marks) = &*state;
                let Some(held) = turn.try_short(false) else { return };
                if held.end() && marks.has(ENDED) {
                    clear(turn);
                }
            }
        });
        // A message has come: nothing of it is of use any more.
        turn.note_work();
        marks.set(ENDED);
        turn.insist();
        clear(turn);
        caller.join().unwrap();
        turn.insist();
        let left = turn.take().expect("nobody has it").with(|left| *left);
        assert_eq!(left, 0, "nobody has seen to it");
    });
}

/// A service that is idle ends where it is, or its driver is made: as `Cell::end_idle` does it while a caller comes.
#[test]
fn an_idle_service_ends_here_or_is_left_to_its_driver() {
    loom::model(|| {
        let state = Arc::new((Turn::new(1), Marks::default(), AtomicU32::new(0)));
        let (turn, marks, drivers) = &*state;
        turn.shut(false);
        let caller = thread::spawn({
            let state = Arc::clone(&state);
            move || {
                let (turn, marks, drivers) = &*state;
                let Some(held) = turn.try_short(false) else { return };
                if held.end() && !marks.has(ENDED) && marks.set(SPAWNED) & SPAWNED == 0 {
                    drivers.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        turn.shut(true);
        turn.insist();
        let mut here = false;
        if let Some(mut held) = turn.take() {
            if marks.set(SPAWNED) & SPAWNED == 0 {
                held.with(|left| *left = 0);
                here = true;
            }
            held.end();
        }
        caller.join().unwrap();
        assert_eq!(u32::from(here) + drivers.load(Ordering::SeqCst), 1, "one of the two ends it");
    });
}
