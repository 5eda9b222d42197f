//! What becomes of pieces while the limit breathes: whole runs drawn from seeds, and single steps.

use std::collections::BTreeMap;

use super::roster::{Event, Piece, Roster};
use crate::rng::Rng;

type Numbers = Roster<(Option<u64>, u32), u32, u32>;

fn open(bounds: (u32, u32)) -> Numbers {
    let mut roster = Numbers::new(bounds);
    roster.open(0);
    roster.admits = true;
    roster
}

fn recruits(roster: &mut Numbers) -> Vec<u64> {
    std::iter::from_fn(|| roster.recruit()).collect()
}

/// One run: pieces come, workers take and end them in any order, callers pass, and the limit moves between 2 and 16.
struct Drawn {
    roster: Numbers,
    rng: Rng,
    /// Workers that have taken nothing yet, and those that have.
    coming: Vec<u64>,
    at_work: Vec<AtWork>,
    put: BTreeMap<u64, u32>,
    done: BTreeMap<u64, u32>,
    ended: usize,
    /// As if the planted bug were there.
    moves_keys: bool,
}

/// One at work: the number of its worker, unless it is a caller, the key that it has, and the key of its piece.
struct AtWork(Option<u64>, Option<u64>, Option<u64>);

impl Drawn {
    fn new(seed: u64) -> Self {
        let (coming, at_work) = (Vec::new(), Vec::new());
        let (put, done) = (BTreeMap::new(), BTreeMap::new());
        let (roster, rng) = (open((2, 16)), Rng::from_seed(seed));
        Self { roster, rng, coming, at_work, put, done, ended: 0, moves_keys: false }
    }

    fn below(&self, bound: usize) -> usize {
        self.rng.below(bound)
    }

    fn begins(&mut self, key: Option<u64>, number: u32) {
        let Some(key) = key else { return };
        let is_out = self.at_work.iter().filter(|AtWork(.., of)| *of == Some(key)).count();
        assert_eq!(is_out, 1, "two of {key} at once");
        let before = self.done.insert(key, number);
        assert_eq!(before.map_or(0, |before| before + 1), number, "of {key}");
    }

    /// A worker takes what is next, or is none any more.
    fn takes(&mut self, worker: u64, comes: bool) {
        if let Some(Piece { key, piece: (of, number), .. }) = self.roster.take(worker, comes) {
            self.at_work.push(AtWork(Some(worker), key, of));
            self.begins(of, number);
        }
    }

    fn step(&mut self) {
        match self.below(8) {
            0..3 => {
                let key = Some(self.below(6) as u64).filter(|key| *key > 0);
                let number = self.put.entry(key.unwrap_or(0)).or_default();
                let piece = (key, *number);
                *number += 1;
                if self.rng.below(3) == 0 && self.roster.pass(key).is_some() {
                    self.at_work.push(AtWork(None, key, key));
                    self.begins(key, piece.1);
                } else {
                    self.roster.lines.put(false, key, piece);
                }
            }
            3 => {
                if self.moves_keys {
                    self.roster.lines.move_keys();
                }
                self.roster.set(2 + u32::try_from(self.below(15)).unwrap());
            }
            4 if !self.coming.is_empty() => {
                let place = self.below(self.coming.len());
                let worker = self.coming.swap_remove(place);
                self.takes(worker, true);
            }
            _ if !self.at_work.is_empty() => self.ends(),
            _ => {}
        }
        self.coming.extend(recruits(&mut self.roster));
    }

    fn ends(&mut self) {
        let place = self.below(self.at_work.len());
        let AtWork(worker, key, _) = self.at_work.swap_remove(place);
        self.roster.done(key, Some(0));
        self.ended += 1;
        match worker {
            Some(worker) => self.takes(worker, false),
            None => self.roster.leave(None),
        }
    }

    /// What must be true after each step.
    fn holds(&self) {
        let (roster, at_work) = (&self.roster, self.at_work.len() + self.coming.len());
        assert_eq!(roster.busy() as usize, at_work);
        // Nothing that could begin waits while a worker is free.
        let idle = roster.limit().saturating_sub(roster.busy());
        assert!(idle == 0 || roster.lines.ready() <= self.coming.len(), "{idle} idle, {} ready", roster.lines.ready());
    }
}

#[test]
fn the_order_of_each_key_holds_while_the_limit_breathes_and_nothing_waits_beside_a_free_worker() {
    for seed in 0..10_000 {
        let mut drawn = Drawn::new(seed);
        for _ in 0..120 {
            drawn.step();
            drawn.holds();
            assert!(drawn.roster.busy() <= 16);
        }
        while !drawn.at_work.is_empty() || !drawn.coming.is_empty() {
            match drawn.coming.pop() {
                Some(worker) => drawn.takes(worker, true),
                None => drawn.ends(),
            }
            drawn.coming.extend(recruits(&mut drawn.roster));
            drawn.holds();
        }
        let put: u32 = drawn.put.values().sum();
        assert_eq!((drawn.ended, drawn.roster.lines.waiting()), (put as usize, 0), "seed {seed}");
    }
}

#[test]
fn a_limit_that_moves_keys_would_be_seen() {
    let breaks = |seed| {
        let run = std::panic::catch_unwind(|| {
            let mut drawn = Drawn { moves_keys: true, ..Drawn::new(seed) };
            (0..120).for_each(|_| drawn.step());
        });
        run.err().and_then(|why| why.downcast_ref::<String>().cloned())
    };
    let seen = (0..100).find_map(breaks).expect("two of one key at once, or out of order");
    assert!(seen.contains(" at once") || seen.contains("failed: of "), "{seen}");
}

#[test]
fn as_many_workers_are_made_as_would_have_something_to_do() {
    let mut roster = open((3, 3));
    assert_eq!(recruits(&mut roster), Vec::<u64>::new());
    (0..2).for_each(|piece| roster.lines.put(false, None, (None, piece)));
    assert_eq!(recruits(&mut roster), [1, 2]);
    assert_eq!(recruits(&mut roster), Vec::<u64>::new(), "they come");
    (2..9).for_each(|piece| roster.lines.put(false, None, (None, piece)));
    assert_eq!(recruits(&mut roster), [3], "and no more than the limit");
    assert!(roster.take(1, true).is_some_and(|taken| taken.body == Some(0)));
    assert!(roster.take(2, true).is_some_and(|taken| taken.body.is_none()), "one is to be made");
}

#[test]
fn with_a_lower_limit_those_too_many_are_none_after_their_piece() {
    let mut roster = open((1, 4));
    roster.set(9);
    assert_eq!(roster.limit(), 4);
    (0..6).for_each(|piece| roster.lines.put(false, None, (None, piece)));
    for worker in recruits(&mut roster) {
        assert!(roster.take(worker, true).is_some());
    }
    assert_eq!((roster.set(0), roster.busy()), (1, 4));
    for worker in 1..=3 {
        assert_eq!(roster.done(None, Some(0)).is_some(), worker > 1, "as many bodies are kept as are needed");
        assert!(roster.take(worker, false).is_none(), "{worker}");
    }
    roster.done(None, Some(0));
    assert!(roster.take(4, false).is_some());
    assert_eq!((roster.busy(), recruits(&mut roster)), (1, Vec::new()));
}

#[test]
fn when_it_ebbs_none_begins_and_when_it_is_cut_those_at_work_end_too() {
    let mut roster = open((2, 2));
    (0..3).for_each(|piece| roster.lines.put(false, None, (None, piece)));
    assert_eq!(recruits(&mut roster), [1, 2]);
    assert_eq!(roster.made(1, 11), None);
    assert!(roster.take(1, true).is_some());
    roster.ebb();
    assert!(roster.take(2, true).is_none() && roster.pass(None).is_none() && recruits(&mut roster).is_empty());
    assert_eq!(roster.made(2, 12), None, "it has ended: its handle is of no use");
    assert_eq!(roster.close(), None, "one is at work");
    assert_eq!(roster.cut(), [11]);
    roster.done(None, None);
    roster.leave(Some(1));
    assert_eq!(roster.close(), Some(Vec::new()));
    assert_eq!(roster.lines.waiting(), 2, "what waits, waits for the next life");
    roster.open(0);
    assert_eq!(recruits(&mut roster), [3, 4]);
}

#[test]
fn one_that_is_made_after_the_cut_gets_its_handle_back() {
    let mut roster = open((1, 1));
    roster.lines.put(false, None, (None, 0));
    assert_eq!(recruits(&mut roster), [1]);
    assert_eq!(roster.cut(), Vec::<u32>::new());
    assert_eq!(roster.made(1, 11), Some(11));
}

#[test]
fn what_the_driver_sees_to_goes_by_what_is_worse() {
    let mut roster = open((1, 1));
    assert_eq!(roster.event(), None);
    roster.over = true;
    assert_eq!(roster.event(), Some(Event::Over));
    assert!(roster.pass(None).is_some());
    assert_eq!(roster.event(), None, "one is at work");
    roster.stops = true;
    assert_eq!(roster.event(), Some(Event::Stops));
    roster.failed = true;
    assert_eq!(roster.event(), Some(Event::Failed));
    roster.done(None, None);
    roster.leave(None);
    roster.open(0);
    assert_eq!(roster.event(), Some(Event::Over), "another life has not failed");
}
