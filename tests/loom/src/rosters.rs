//! Workers that pull what others put in, callers that run a piece on the spot, a limit that moves, and a driver that ends it all.

use std::{sync::Arc as StdArc, task::Wake as _};

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::{
    limits::Bell,
    roster::{Event, Piece, Roster},
};

const KEY: Option<u64> = Some(7);

/// What is to come, and whether more may.
#[derive(Default)]
struct Mailbox {
    waiting: Vec<(Option<u64>, u32)>,
    /// So many answers are owed a place.
    promised: u32,
    is_closed: bool,
}

/// As a cell has it: a mailbox with a lock of its own, the roster, and the driver's waker.
struct Cell {
    mailbox: Mutex<Mailbox>,
    roster: Mutex<Roster<u32, (), ()>>,
    driver: StdArc<Bell>,
    /// How many run under the key at this moment.
    inside: AtomicU32,
    /// What was done, as digits in the order of the key.
    done: Mutex<Vec<u32>>,
}

impl Cell {
    fn new(bounds: (u32, u32)) -> Arc<Self> {
        let mut roster = Roster::new(bounds);
        roster.open(());
        roster.admits = true;
        Arc::new(Self {
            mailbox: Mutex::new(Mailbox::default()),
            roster: Mutex::new(roster),
            driver: Bell::new(),
            inside: AtomicU32::new(0),
            done: Mutex::new(Vec::new()),
        })
    }

    fn gather(&self, roster: &mut Roster<u32, (), ()>) {
        let mut mailbox = self.mailbox.lock().unwrap();
        mailbox.waiting.drain(..).for_each(|(key, piece)| roster.lines.put(false, key, piece));
        roster.over = mailbox.is_closed && mailbox.promised == 0;
    }

    fn wake_driver(&self) {
        StdArc::clone(&self.driver).wake();
    }

    fn run(&self, key: Option<u64>, piece: u32) {
        if key.is_some() {
            assert_eq!(self.inside.fetch_add(1, Ordering::SeqCst), 0, "two of one key");
        }
        self.done.lock().unwrap().push(piece);
        if key.is_some() {
            self.inside.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Makes as many workers as would have something to do, and has the driver see to what has come to an end.
fn look(cell: &Arc<Cell>) -> Vec<JoinHandle<()>> {
    let mut numbers = Vec::new();
    let is_for_driver = {
        let mut roster = cell.roster.lock().unwrap();
        cell.gather(&mut roster);
        numbers.extend(std::iter::from_fn(|| roster.recruit()));
        assert!(roster.busy() <= roster.bounds().1);
        roster.event().is_some()
    };
    if is_for_driver {
        cell.wake_driver();
    }
    let make = |number| {
        let cell = Arc::clone(cell);
        thread::spawn(move || work(&cell, number))
    };
    numbers.into_iter().map(make).collect()
}

fn work(cell: &Cell, number: u64) {
    let (mut comes, mut done) = (true, None);
    loop {
        let (taken, is_for_driver) = {
            let mut roster = cell.roster.lock().unwrap();
            if let Some(key) = done.take() {
                roster.done(key, Some(()));
            }
            cell.gather(&mut roster);
            let taken = roster.take(number, std::mem::take(&mut comes));
            (taken, roster.event().is_some())
        };
        if is_for_driver {
            cell.wake_driver();
        }
        let Some(Piece { key, piece, .. }) = taken else { return };
        cell.run(key, piece);
        done = Some(key);
    }
}

fn put(cell: &Arc<Cell>, key: Option<u64>, piece: u32) -> Vec<JoinHandle<()>> {
    cell.mailbox.lock().unwrap().waiting.push((key, piece));
    look(cell)
}

/// A caller finds a worker free.
fn passes(cell: &Cell, key: Option<u64>) -> bool {
    let mut roster = cell.roster.lock().unwrap();
    cell.gather(&mut roster);
    roster.pass(key).is_some()
}

/// What a caller has run has ended.
fn end(cell: &Arc<Cell>, key: Option<u64>) -> Vec<JoinHandle<()>> {
    let is_looked_for = {
        let mut roster = cell.roster.lock().unwrap();
        roster.done(key, Some(()));
        roster.leave(None);
        cell.gather(&mut roster);
        roster.lines.ready() > 0 || roster.event().is_some()
    };
    if is_looked_for { look(cell) } else { Vec::new() }
}

/// On the spot, or through the mailbox.
fn call(cell: &Arc<Cell>, key: Option<u64>, piece: u32) -> Vec<JoinHandle<()>> {
    if !passes(cell, key) {
        return put(cell, key, piece);
    }
    cell.run(key, piece);
    end(cell, key)
}

/// The answer comes that a handler was promised a place for, or none does.
fn answer(cell: &Arc<Cell>, piece: Option<u32>) -> Vec<JoinHandle<()>> {
    {
        let mut mailbox = cell.mailbox.lock().unwrap();
        mailbox.promised -= 1;
        mailbox.waiting.extend(piece.map(|piece| (None, piece)));
    }
    look(cell)
}

/// No new work is taken.
fn close(cell: &Arc<Cell>) -> JoinHandle<()> {
    let cell = Arc::clone(cell);
    thread::spawn(move || {
        cell.mailbox.lock().unwrap().is_closed = true;
        join(look(&cell));
    })
}

/// What the driver does until all is over. Who waits for a bell that nobody rings is found by loom.
fn drive(cell: &Cell) {
    loop {
        let event = {
            let mut roster = cell.roster.lock().unwrap();
            cell.gather(&mut roster);
            roster.event()
        };
        match event {
            Some(Event::Over) => return,
            other => assert_eq!(other, None),
        }
        cell.driver.wait();
    }
}

/// All has been done, and nobody is at work: the driver sees that it is over.
fn is_done(cell: &Arc<Cell>, pieces: usize) {
    cell.mailbox.lock().unwrap().is_closed = true;
    drive(cell);
    let roster = cell.roster.lock().unwrap();
    assert_eq!((cell.done.lock().unwrap().len(), roster.lines.waiting(), roster.busy()), (pieces, 0, 0));
}

fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(run);
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn what_comes_while_a_worker_is_about_to_end_is_done_all_the_same() {
    model(|| {
        let cell = Cell::new((1, 1));
        let mut threads = put(&cell, None, 1);
        threads.extend(put(&cell, None, 2));
        join(threads);
        is_done(&cell, 2);
    });
}

#[test]
fn of_one_key_one_runs_at_a_time_in_order_whoever_runs_it() {
    model(|| {
        let cell = Cell::new((2, 2));
        let mut threads = put(&cell, KEY, 1);
        threads.extend(call(&cell, KEY, 2));
        join(threads);
        is_done(&cell, 2);
        assert_eq!(*cell.done.lock().unwrap(), [1, 2]);
    });
}

#[test]
fn two_callers_of_one_key_are_never_in_it_at_once() {
    model(|| {
        let cell = Cell::new((2, 2));
        let other = thread::spawn({
            let cell = Arc::clone(&cell);
            move || join(call(&cell, KEY, 1))
        });
        join(call(&cell, KEY, 2));
        other.join().unwrap();
        is_done(&cell, 2);
    });
}

#[test]
fn a_limit_that_moves_loses_nothing_and_breaks_no_order() {
    model(|| {
        let cell = Cell::new((1, 2));
        let mut threads = put(&cell, KEY, 1);
        cell.roster.lock().unwrap().set(2);
        threads.extend(put(&cell, KEY, 2));
        cell.roster.lock().unwrap().set(1);
        threads.extend(look(&cell));
        join(threads);
        is_done(&cell, 2);
        assert_eq!(*cell.done.lock().unwrap(), [1, 2]);
    });
}

#[test]
fn what_is_promised_while_it_ends_comes_before_the_end() {
    for answers in [Some(2), None] {
        model(move || {
            let cell = Cell::new((1, 1));
            assert!(passes(&cell, None));
            let closes = close(&cell);
            // In the handler, which a caller runs: it asks somebody, and does not wait for that.
            cell.mailbox.lock().unwrap().promised += 1;
            cell.run(None, 1);
            let others = thread::spawn({
                let cell = Arc::clone(&cell);
                move || {
                    join(end(&cell, None));
                    join(answer(&cell, answers));
                }
            });
            drive(&cell);
            assert_eq!(cell.done.lock().unwrap().len(), 1 + usize::from(answers.is_some()), "an answer is owed");
            closes.join().unwrap();
            others.join().unwrap();
        });
    }
}

#[test]
fn the_driver_hears_of_the_end_whoever_is_the_last() {
    model(|| {
        let cell = Cell::new((1, 1));
        cell.mailbox.lock().unwrap().promised = 1;
        let mut threads = put(&cell, None, 1);
        threads.push(close(&cell));
        threads.extend(answer(&cell, None));
        drive(&cell);
        assert_eq!(*cell.done.lock().unwrap(), [1]);
        join(threads);
    });
}
