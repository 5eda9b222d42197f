//! Lanes beside each other: what stands still, what goes on, and how much of it is held.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bytes::Bytes;

use super::lanes::{FETCHED, Made, Pays, run};
use crate::{
    id::{Epoch, Serial},
    office::Debt,
    replica::{Beside, Note},
    sync::{lock, ordered},
};

/// A state, and callees of which each does what it is told by its lane.
#[derive(Default)]
struct Group {
    inner: Mutex<Inner>,
    changes: ordered::Sender<()>,
    /// Of what callees do.
    moves: ordered::Sender<()>,
}

#[derive(Default)]
struct Inner {
    beside: Beside,
    index: u64,
    /// Lanes whose callees stand still, and those of which nothing can be read.
    stands: BTreeSet<u64>,
    unreadable: BTreeSet<u64>,
    /// What was answered, by lane; how much has been fetched and not answered, by lane, and the most of that there was of one.
    answered: BTreeMap<u64, Vec<u64>>,
    held: BTreeMap<u64, usize>,
    most_held: usize,
    /// How often something unreadable was come to.
    told: usize,
    /// Its office is lost.
    is_over: bool,
}

impl Inner {
    fn takes(&mut self, note: Note) {
        self.index += 1;
        self.beside.take(self.index, Epoch(7), [note]);
    }
}

impl Group {
    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let done = change(&mut lock(&self.inner));
        self.changes.send_replace(());
        self.moves.send_replace(());
        done
    }

    fn owe(&self, lane: u64, calls: usize) {
        self.change(|inner| (0..calls).for_each(|_| inner.takes(Note::Owes { lane, call: Bytes::new() })));
    }

    /// Waits until this holds.
    async fn until(&self, holds: impl Fn(&Inner) -> bool) {
        let mut moves = self.moves.subscribe();
        loop {
            moves.mark_unchanged();
            if holds(&lock(&self.inner)) {
                return;
            }
            moves.changed().await.unwrap();
        }
    }
}

impl Pays for Group {
    fn changes(&self) -> ordered::Receiver<()> {
        self.changes.subscribe()
    }

    fn last(&self) -> u64 {
        lock(&self.inner).beside.outbox().last()
    }

    fn acts(&self) -> bool {
        !lock(&self.inner).is_over
    }

    async fn fetch(&self, but: BTreeSet<u64>, most: usize) -> Option<Vec<Debt>> {
        let mut inner = lock(&self.inner);
        let found = inner.beside.outbox().first(&but, most);
        for debt in &found {
            let held = inner.held.entry(debt.lane).or_default();
            *held += 1;
            let held = *held;
            inner.most_held = inner.most_held.max(held);
        }
        Some(found)
    }

    async fn make(&self, debt: &Debt) -> Made {
        if self.change(|inner| {
            let is_unreadable = inner.unreadable.contains(&debt.lane);
            inner.told += usize::from(is_unreadable);
            is_unreadable
        }) {
            return Made::Unreadable;
        }
        self.until(|inner| !inner.stands.contains(&debt.lane)).await;
        Made::Answered
    }

    fn paid(&self, debt: &Debt) {
        let Debt { lane, serial: Serial { number, .. }, .. } = *debt;
        self.change(|inner| {
            inner.takes(Note::Paid { lane, number });
            inner.answered.entry(lane).or_default().push(number);
            *inner.held.get_mut(&lane).unwrap() -= 1;
        });
    }
}

fn answered(inner: &Inner, lane: u64) -> usize {
    inner.answered.get(&lane).map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn a_lane_whose_callee_stands_still_holds_up_no_other_and_takes_no_memory_that_grows() {
    let group = Arc::new(Group::default());
    group.change(|inner| inner.stands.insert(1));
    let task = tokio::spawn(run(Arc::clone(&group)));
    for round in 1..=10 {
        group.owe(1, 1_000);
        group.owe(2, 200);
        group.until(|inner| answered(inner, 2) == round * 200).await;
    }
    group.change(|inner| {
        assert_eq!((answered(inner, 1), inner.held[&1], inner.most_held), (0, FETCHED, FETCHED));
        inner.stands.clear();
    });
    group.until(|inner| answered(inner, 1) == 10_000).await;
    group.change(|inner| {
        for (lane, numbers) in &inner.answered {
            assert!(numbers.is_sorted_by(|one, next| one < next), "lane {lane}: each once, in order");
        }
        assert_eq!((answered(inner, 1), answered(inner, 2), inner.most_held), (10_000, 2_000, FETCHED));
        assert!(inner.beside.outbox().first(&BTreeSet::new(), 1).is_empty(), "nothing is owed any more");
        inner.is_over = true;
    });
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_kept_with_all_after_it_and_told_once_by_each_master() {
    let group = Arc::new(Group::default());
    group.change(|inner| inner.unreadable.insert(1));
    let task = tokio::spawn(run(Arc::clone(&group)));
    for round in 1..=3 {
        group.owe(1, 100);
        group.owe(2, 100);
        group.until(|inner| answered(inner, 2) == round * 100).await;
    }
    group.until(|inner| inner.told == 1).await;
    group.change(|inner| {
        assert_eq!((answered(inner, 1), inner.told), (0, 1));
        inner.is_over = true;
    });
    task.await.unwrap();
    // The next one is of a build that can.
    group.change(|inner| {
        (inner.is_over, inner.held) = (false, BTreeMap::new());
        inner.unreadable.clear();
    });
    let task = tokio::spawn(run(Arc::clone(&group)));
    group.until(|inner| answered(inner, 1) == 300).await;
    group.change(|inner| {
        assert!(inner.answered[&1].is_sorted_by(|one, next| one < next));
        inner.is_over = true;
    });
    task.await.unwrap();
}
