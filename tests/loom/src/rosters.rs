//! Workers that pull what others put in, callers that run a piece on the spot, and a limit that moves.

use loom::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::roster::{Event, Piece, Roster};

const KEY: Option<u64> = Some(7);

/// As a cell has it: a mailbox with a lock of its own, and the roster.
struct Cell {
    mailbox: Mutex<Vec<(Option<u64>, u32)>>,
    roster: Mutex<Roster<u32, (), ()>>,
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
            mailbox: Mutex::new(Vec::new()),
            roster: Mutex::new(roster),
            inside: AtomicU32::new(0),
            done: Mutex::new(Vec::new()),
        })
    }

    fn gather(&self, roster: &mut Roster<u32, (), ()>) {
        self.mailbox.lock().unwrap().drain(..).for_each(|(key, piece)| roster.lines.put(false, key, piece));
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

/// Makes as many workers as would have something to do.
fn look(cell: &Arc<Cell>) -> Vec<JoinHandle<()>> {
    let mut numbers = Vec::new();
    {
        let mut roster = cell.roster.lock().unwrap();
        cell.gather(&mut roster);
        numbers.extend(std::iter::from_fn(|| roster.recruit()));
        assert!(roster.busy() <= roster.bounds().1);
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
        let taken = {
            let mut roster = cell.roster.lock().unwrap();
            if let Some(key) = done.take() {
                roster.done(key, Some(()));
            }
            cell.gather(&mut roster);
            roster.take(number, std::mem::take(&mut comes))
        };
        let Some(Piece { key, piece, .. }) = taken else { return };
        cell.run(key, piece);
        done = Some(key);
    }
}

fn put(cell: &Arc<Cell>, key: Option<u64>, piece: u32) -> Vec<JoinHandle<()>> {
    cell.mailbox.lock().unwrap().push((key, piece));
    look(cell)
}

/// On the spot, or through the mailbox.
fn call(cell: &Arc<Cell>, key: Option<u64>, piece: u32) -> Vec<JoinHandle<()>> {
    let passes = {
        let mut roster = cell.roster.lock().unwrap();
        cell.gather(&mut roster);
        roster.pass(key).is_some()
    };
    if !passes {
        return put(cell, key, piece);
    }
    cell.run(key, piece);
    {
        let mut roster = cell.roster.lock().unwrap();
        roster.done(key, Some(()));
        roster.leave(None);
    }
    look(cell)
}

/// All has been done, and nobody is at work.
fn is_done(cell: &Cell, pieces: usize) {
    let mut roster = cell.roster.lock().unwrap();
    assert_eq!((cell.done.lock().unwrap().len(), roster.lines.waiting(), roster.busy()), (pieces, 0, 0));
    roster.over = true;
    assert_eq!(roster.event(), Some(Event::Over));
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
