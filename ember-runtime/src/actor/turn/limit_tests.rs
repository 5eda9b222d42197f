//! Workers are taken and given back in any order: never more than the limit, and nobody sleeps while there is one for him.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake},
    time::Duration,
};

use super::limit::*;
use crate::rng::Rng;

/// Whether it was woken.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    bell: Arc<Bell>,
    place: InLine,
    /// It came because it was woken, and another had the worker.
    owed: bool,
}

impl Task {
    fn new(limit: &Arc<Limit>, who: u16) -> Self {
        Self { bell: Arc::default(), place: InLine::new(Arc::clone(limit), who), owed: false }
    }

    fn is_woken(&self) -> bool {
        self.bell.0.load(Ordering::Relaxed)
    }

    fn poll<'a>(&mut self, limit: &'a Limit) -> Option<AtWork<'a>> {
        self.poll_and_tell(limit).map(|(worker, _)| worker)
    }

    fn poll_and_tell<'a>(&mut self, limit: &'a Limit) -> Option<(AtWork<'a>, Option<Duration>)> {
        let was_woken = self.bell.0.swap(false, Ordering::Relaxed);
        let waker = Arc::clone(&self.bell).into();
        match limit.poll_take(&mut self.place, &Context::from_waker(&waker)) {
            Poll::Ready(taken) => Some(taken),
            Poll::Pending => {
                self.owed |= was_woken;
                None
            }
        }
    }
}

fn limit(least: u16, most: u16) -> Arc<Limit> {
    Arc::new(Limit::new(least, most))
}

#[tokio::test(start_paused = true)]
async fn as_many_as_the_limit_are_at_work_and_the_rest_in_line_in_their_order() {
    let limit = limit(2, 4);
    let mut tasks: Vec<Task> = (0..5).map(|who| Task::new(&limit, who)).collect();
    let mut at_work: Vec<_> = tasks[..2].iter_mut().map(|task| task.poll(&limit).unwrap()).collect();
    assert!(tasks[2..].iter_mut().all(|task| task.poll(&limit).is_none()));
    assert!(limit.try_take().is_none(), "somebody is in line");
    assert_eq!((limit.busy(), limit.waiting()), (2, vec![2, 3, 4]));
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(limit.oldest(), Some(Duration::from_secs(3)));
    drop(at_work.pop());
    let woken: Vec<_> = tasks.iter().map(Task::is_woken).collect();
    assert_eq!(woken, [false, false, true, false, false], "the first in line, and no other");
    assert!(limit.try_take().is_none(), "a caller goes past nobody in line");
    let worker = tasks[2].poll(&limit);
    assert!(worker.is_some());
    assert_eq!((limit.set(9), limit.now()), (4, 4), "into its bounds");
    assert!(tasks[3].is_woken() && tasks[4].is_woken());
    let others = [3, 4].map(|who| tasks[who].poll(&limit));
    assert!(others.iter().all(Option::is_some));
    assert_eq!((limit.busy(), limit.oldest()), (4, None));
    assert_eq!(limit.set(0), 2);
    drop((worker, at_work));
    assert!(limit.try_take().is_none(), "there are two still, as many as may be");
    drop(others);
    assert!(limit.try_take().is_some());
}

#[tokio::test(start_paused = true)]
async fn those_in_line_count_for_how_long_is_waited_also_if_nobody_gets_a_worker() {
    let limit = limit(1, 1);
    let [mut first, mut second] = [0, 1].map(|who| Task::new(&limit, who));
    let worker = first.poll(&limit).unwrap();
    assert_eq!((limit.wait_p99(0), second.poll(&limit).is_none(), limit.in_line()), (None, true, 1));
    for look in 1..3 {
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(limit.wait_p99(0) >= Some(Duration::from_secs(look)), "look {look}");
    }
    assert_eq!(limit.wait_p99(1_000), Some(Duration::ZERO), "one of a thousand");
    drop(worker);
    assert!(second.poll(&limit).is_some());
    assert_eq!(limit.wait_p99(1), Some(Duration::ZERO), "nobody is in line");
}

/// Eight shards have work, two of them are at work, and so are both threads: the others have been woken, and nobody polls them.
#[tokio::test(start_paused = true)]
async fn those_that_no_thread_has_polled_are_waited_for_as_well_as_those_in_line() {
    let limit = limit(2, 4);
    let mut tasks: Vec<Task> = (0..8).map(|who| Task::new(&limit, who)).collect();
    let at_work: Vec<_> = tasks[..2].iter_mut().map(|task| task.poll(&limit).unwrap()).collect();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!((limit.busy(), limit.in_line(), limit.queued()), (2, 0, 6));
    assert_eq!(limit.oldest(), Some(Duration::from_secs(1)));
    assert!(limit.wait_p99(100) >= Some(Duration::from_secs(1)), "without any that has been polled");
    assert!(tasks[2].poll(&limit).is_none());
    assert_eq!((limit.in_line(), limit.queued()), (1, 6), "each is counted once");
    drop(at_work);
    for task in &tasks[..2] {
        task.place.rests();
    }
    // Both threads are free for those who look now: who sees nobody at work must see that somebody waits.
    assert_eq!((limit.busy(), limit.queued()), (0, 6));
    tokio::time::advance(Duration::from_secs(1)).await;
    let (worker, waited) = tasks[3].poll_and_tell(&limit).unwrap();
    assert_eq!(waited, Some(Duration::from_secs(2)), "also if it was never in line");
    let (second, waited) = tasks[2].poll_and_tell(&limit).unwrap();
    assert_eq!((waited, limit.queued()), (Some(Duration::from_secs(2)), 4), "since it was woken");
    drop((worker, second, tasks));
    assert_eq!((limit.busy(), limit.queued(), limit.oldest()), (0, 0, None));
}

#[tokio::test]
async fn who_has_lost_a_worker_to_one_that_came_later_has_the_next() {
    let limit = limit(1, 1);
    let [mut first, mut second, mut late, mut later] = [0, 1, 2, 3].map(|who| Task::new(&limit, who));
    let worker = first.poll(&limit).unwrap();
    assert!(second.poll(&limit).is_none());
    drop(worker);
    // The second is woken, and its thread is blocked: nobody waits for that.
    let worker = late.poll(&limit).expect("nobody has it");
    assert!(second.poll(&limit).is_none());
    drop(worker);
    assert!(later.poll(&limit).is_none(), "it is owed to the second");
    let worker = second.poll(&limit).expect("owed");
    drop(worker);
    assert!(later.is_woken() && later.poll(&limit).is_some());
}

#[tokio::test]
async fn a_place_that_is_left_passes_on_what_it_was_woken_for() {
    let limit = limit(1, 1);
    let [mut first, mut second, mut third] = [0, 1, 2].map(|who| Task::new(&limit, who));
    let worker = first.poll(&limit).unwrap();
    assert!(second.poll(&limit).is_none() && third.poll(&limit).is_none());
    drop(worker);
    drop(second);
    assert_eq!(limit.waiting(), [2]);
    assert!(third.is_woken() && third.poll(&limit).is_some());
    assert_eq!(limit.busy(), 0);
}

/// One of those in line is polled. It takes none that one before it is owed.
fn try_of_line<'a>(limit: &'a Limit, waiting: &mut Vec<Task>, which: usize) -> Option<AtWork<'a>> {
    let owed = waiting[..which].iter().filter(|task| task.owed).count();
    let worker = waiting[which].poll(limit)?;
    assert!(limit.busy() as usize + owed <= limit.now() as usize, "{limit:?}, and {owed} before it are owed one");
    waiting.remove(which);
    Some(worker)
}

/// Tasks come, are polled when woken and sometimes when not, end, vanish; the limit moves. When all who were woken have been there, nobody
/// sleeps beside a worker that is free; and nobody takes one that another before him is owed.
#[tokio::test]
async fn nobody_sleeps_while_there_is_a_worker_in_whatever_order_things_happen() {
    for seed in 0..3_000 {
        let rng = Rng::from_seed(seed);
        let limit = limit(1, 4);
        let (mut waiting, mut at_work): (Vec<Task>, Vec<AtWork<'_>>) = Default::default();
        for step in 0..60 {
            match rng.below(8) {
                0..=2 => {
                    let mut task = Task::new(&limit, step);
                    match task.poll(&limit) {
                        Some(worker) => {
                            at_work.push(worker);
                            let owed = waiting.iter().filter(|task| task.owed).count();
                            let taken = limit.busy() as usize + owed;
                            assert!(taken <= limit.now() as usize, "seed {seed}, step {step}: {limit:?}, {owed} owed");
                        }
                        None => waiting.push(task),
                    }
                }
                3 | 4 if !at_work.is_empty() => drop(at_work.swap_remove(rng.below(at_work.len()))),
                5 if !waiting.is_empty() => {
                    let which = rng.below(waiting.len());
                    at_work.extend(try_of_line(&limit, &mut waiting, which));
                }
                6 if !waiting.is_empty() => drop(waiting.remove(rng.below(waiting.len()))),
                7 => drop(limit.set(1 + rng.below(4) as u32)),
                _ => {}
            }
            assert!(limit.busy() as usize == at_work.len() && limit.waiting().len() == waiting.len());
            if rng.below(3) > 0 {
                continue;
            }
            while let Some(which) = waiting.iter().position(Task::is_woken) {
                at_work.extend(try_of_line(&limit, &mut waiting, which));
            }
            let sleeps = !waiting.is_empty() && limit.busy() < limit.now();
            assert!(!sleeps, "seed {seed}, step {step}: {limit:?}, nobody woken");
        }
    }
}
