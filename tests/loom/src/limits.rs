//! Tasks that take workers and give them back, on threads of their own.

use std::{
    sync::Arc as StdArc,
    task::{Context, Poll, Wake},
};

use loom::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use super::limit::{AtWork, InLine, Limit};

/// As a task has it: it is polled again when somebody has rung. Who waits for a bell that nobody rings is found by loom.
pub(super) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    pub(super) fn new() -> StdArc<Self> {
        StdArc::new(Self { rung: Mutex::new(false), heard: Condvar::new() })
    }

    pub(super) fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.heard.wait(rung).unwrap();
        }
        *rung = false;
    }
}

impl Wake for Bell {
    fn wake(self: StdArc<Self>) {
        *self.rung.lock().unwrap() = true;
        self.heard.notify_one();
    }
}

struct Site {
    limit: Arc<Limit>,
    at_work: AtomicU32,
    most: u32,
    done: AtomicU32,
}

impl Site {
    fn new(least: u16, most: u16) -> Arc<Self> {
        let limit = Arc::new(Limit::new(least, most));
        Arc::new(Self { limit, at_work: AtomicU32::new(0), most: most.into(), done: AtomicU32::new(0) })
    }

    fn work(&self, worker: AtWork<'_>) {
        let others = self.at_work.fetch_add(1, Ordering::SeqCst);
        assert!(others < self.most, "one too many");
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
        drop(worker);
    }

    /// What a driver does in one poll. None: it is in line.
    fn poll(&self, place: &mut InLine, bell: &StdArc<Bell>) -> Option<()> {
        let waker = StdArc::clone(bell).into();
        match self.limit.poll_take(place, &Context::from_waker(&waker)) {
            Poll::Ready((worker, _)) => Some(self.work(worker)),
            Poll::Pending => None,
        }
    }

    /// What a task does until it has had its turn, which it has when it was woken often enough.
    fn run(&self, who: u16) {
        let bell = Bell::new();
        let mut place = InLine::new(Arc::clone(&self.limit), who);
        while self.poll(&mut place, &bell).is_none() {
            bell.wait();
        }
    }
}

/// Threads take turns by force three times at most: more is more than anybody waits for.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(run);
}

fn spawn(site: &Arc<Site>, run: impl FnOnce(&Site) + 'static) -> thread::JoinHandle<()> {
    let site = Arc::clone(site);
    thread::spawn(move || run(&site))
}

#[test]
fn one_is_at_work_at_a_time_and_who_waits_is_woken() {
    model(|| {
        let site = Site::new(1, 1);
        let threads = [0, 1].map(|who| spawn(&site, move |site| site.run(who)));
        site.run(2);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((site.done.load(Ordering::SeqCst), site.limit.busy()), (3, 0));
        assert!(site.limit.waiting().is_empty());
    });
}

#[test]
fn two_of_three_are_at_work_at_a_time_and_the_third_is_woken() {
    model(|| {
        let site = Site::new(2, 2);
        let threads = [0, 1].map(|who| spawn(&site, move |site| site.run(who)));
        site.run(2);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((site.done.load(Ordering::SeqCst), site.limit.busy()), (3, 0));
        assert!(site.limit.waiting().is_empty());
    });
}

#[test]
fn who_waits_begins_also_if_there_are_fewer() {
    model(|| {
        let site = Site::new(1, 2);
        assert_eq!(site.limit.set(2), 2);
        let [one, other] = [site.limit.try_take().unwrap(), site.limit.try_take().unwrap()];
        let shrinks = spawn(&site, |site| assert_eq!(site.limit.set(1), 1));
        let waits = spawn(&site, |site| site.run(0));
        drop(one);
        drop(other);
        shrinks.join().unwrap();
        waits.join().unwrap();
        assert_eq!((site.limit.busy(), site.limit.now()), (0, 1));
        assert!(site.limit.waiting().is_empty());
    });
}

#[test]
fn a_caller_takes_one_that_is_free_and_keeps_nobody_waiting() {
    model(|| {
        let site = Site::new(1, 1);
        let caller = spawn(&site, |site| {
            if let Some(worker) = site.limit.try_take() {
                site.work(worker);
            }
        });
        site.run(0);
        caller.join().unwrap();
        assert_eq!(site.limit.busy(), 0);
    });
}

#[test]
fn who_waits_begins_when_there_are_more() {
    model(|| {
        let site = Site::new(1, 2);
        let blocks = site.limit.try_take().unwrap();
        let grows = spawn(&site, |site| assert_eq!(site.limit.set(2), 2));
        // The first is at work all the time: only the second worker is for this.
        site.run(0);
        grows.join().unwrap();
        drop(blocks);
        assert_eq!((site.limit.busy(), site.limit.now()), (0, 2));
    });
}

#[test]
fn one_that_vanishes_from_the_line_takes_no_worker_with_it() {
    model(|| {
        let site = Site::new(1, 1);
        let worker = site.limit.try_take().unwrap();
        let vanishes = spawn(&site, |site| {
            let bell = Bell::new();
            let mut place = InLine::new(Arc::clone(&site.limit), 0);
            let _worked = site.poll(&mut place, &bell);
        });
        let waits = spawn(&site, |site| site.run(1));
        drop(worker);
        vanishes.join().unwrap();
        waits.join().unwrap();
        assert_eq!(site.limit.busy(), 0);
        assert!(site.limit.waiting().is_empty());
    });
}
