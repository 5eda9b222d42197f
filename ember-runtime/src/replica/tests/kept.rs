//! A member that has a journal: what is not on its disk does not count, and what is there is what it has.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{batch, has, lies::any_batch, member, members, pid, point, set};
use crate::{
    id::Epoch,
    replica::{
        Batch, InSync, Kind, Learnt, Point, Record, Replica, Standing, Terms,
        journal::{Change, Head, Keeps, Known, Restored, VERSION},
    },
    rng::Rng,
    sync::lock,
};

/// A journal in memory, and what it says.
#[derive(Default)]
struct Paper(Mutex<Written>);

#[derive(Default)]
struct Written {
    given: u64,
    says: Option<Restored>,
}

impl Keeps for Paper {
    fn keep(&self, changes: Vec<Change>) -> u64 {
        let mut written = lock(&self.0);
        written.given += 1;
        for change in changes {
            written.take(change);
        }
        written.given
    }
}

impl Written {
    fn take(&mut self, change: Change) {
        let head = Head { version: VERSION, group: "Ledger".into(), types: (1, 2) };
        match (change, &mut self.says) {
            (Change::Begins { known, base, state }, says) => {
                *says = Some(Restored { head, known, base, state, records: Vec::new(), length: 0 });
            }
            (Change::Shortened { known, base, state, records }, says) => {
                *says = Some(Restored { head, known, base, state, records, length: 0 });
            }
            (Change::Knows(known), Some(says)) => says.known = known,
            (Change::Cut(index), Some(says)) => says.records.truncate((index - says.base.index) as usize),
            (Change::Record(index, record), Some(says)) => {
                assert_eq!(index, says.base.index + says.records.len() as u64 + 1, "they follow on each other");
                says.records.push(record);
            }
            (_, None) => panic!("a file without a beginning"),
        }
    }
}

impl Paper {
    fn says(&self) -> Restored {
        lock(&self.0).says.clone().expect("a file")
    }

    fn given(&self) -> u64 {
        lock(&self.0).given
    }
}

/// Member 1 with a journal, which goes on from this.
fn kept(restored: Option<Restored>) -> (Arc<Replica>, Arc<Paper>) {
    let paper = Arc::new(Paper::default());
    lock(&paper.0).says.clone_from(&restored);
    let replica = Arc::new(Replica::new(pid(1), (1, 2), Terms::default(), usize::MAX));
    replica.keeps(Arc::clone(&paper) as _, restored);
    (replica, paper)
}

/// All that it was given is on the disk.
fn syncs(replica: &Replica, paper: &Paper) {
    replica.is_on_disk(paper.given(), 1);
}

fn commit(replica: &Replica, epoch: u64) -> u64 {
    replica.look(Epoch(epoch), |leader| leader.commit()).expect("it leads")
}

fn pay(replica: &Replica, epoch: u64) {
    replica.enter(Epoch(epoch), vec![Bytes::from_static(b"paid")], Bytes::new()).expect("it leads");
    replica.has_entered(0);
    replica.open();
}

fn alone() -> InSync {
    InSync { version: 1, members: members(&[1]) }
}

#[test]
fn alone_in_the_set_a_master_has_committed_what_is_on_its_disk() {
    let (replica, paper) = kept(None);
    replica.elect(Epoch(5), alone());
    assert_eq!(commit(&replica, 5), 0, "its barrier is not on the disk");
    syncs(&replica, &paper);
    assert_eq!(commit(&replica, 5), 1);
    pay(&replica, 5);
    pay(&replica, 5);
    let first = paper.given() - 1;
    assert_eq!((commit(&replica, 5), replica.last_unsettled()), (1, Some(3)));
    replica.is_on_disk(first, 1);
    assert_eq!(commit(&replica, 5), 2);
    syncs(&replica, &paper);
    assert_eq!((commit(&replica, 5), replica.last_unsettled()), (3, None));
}

#[test]
fn what_a_handler_may_still_take_back_is_not_written() {
    let (replica, paper) = kept(None);
    replica.elect(Epoch(5), alone());
    replica.enter(Epoch(5), vec![Bytes::from_static(b"paid")], Bytes::new()).unwrap();
    replica.has_entered(0);
    syncs(&replica, &paper);
    assert_eq!(paper.says().records.len(), 1, "the barrier");
    replica.open();
    assert_eq!(paper.says().records.len(), 2);
}

#[test]
fn with_another_set_the_masters_own_disk_counts_when_it_has_the_version() {
    let (replica, paper) = kept(None);
    replica.elect(Epoch(5), alone());
    syncs(&replica, &paper);
    pay(&replica, 5);
    syncs(&replica, &paper);
    let answers = |version| {
        replica.lead(Epoch(5), |leader| {
            while leader.batch_for(pid(2), usize::MAX).is_some() {}
            leader.answered(pid(2), has(2, 5, leader.opened(), version));
        });
    };
    answers(1);
    assert!(replica.lead(Epoch(5), |leader| leader.begin_change(members(&[1, 2]))).unwrap());
    replica.lead(Epoch(5), |leader| leader.changed(2));
    pay(&replica, 5);
    answers(2);
    assert_eq!(commit(&replica, 5), 2, "the other has it, and knows the set");
    syncs(&replica, &paper);
    assert_eq!((commit(&replica, 5), paper.says().known.set.version), (3, 2));
}

#[test]
fn a_follower_says_nothing_before_it_is_on_the_disk() {
    let (replica, paper) = kept(None);
    syncs(&replica, &paper);
    let (answer, _) = replica.receive(batch(1, Point::NOTHING, &[1, 1, 1], 2)).unwrap();
    assert_eq!(answer.kind, Kind::Has { upto: 3, version: 1 });
    let on_disk = replica.on_disk();
    assert!(!on_disk.is_there());
    let says = paper.says();
    assert_eq!((says.records.len(), says.known.epoch, &says.known.set), (3, Epoch(1), &set(1, &[0, 1])));
    syncs(&replica, &paper);
    assert!(on_disk.is_there());
    // A batch that says nothing new waits for nothing.
    replica.receive(batch(1, point(1, 3), &[], 2)).unwrap();
    assert!(replica.on_disk().is_there());
}

#[test]
fn who_goes_on_from_a_journal_is_the_same_member_and_shows_nothing_until_it_has_heard() {
    let (replica, paper) = kept(None);
    replica.receive(batch(1, Point::NOTHING, &[1, 1, 1], 2)).unwrap();
    let before = replica.standing();
    let mut says = paper.says();
    // As another run would have been named.
    says.known.member = member(7);
    let (again, _) = kept(Some(says));
    let Standing { member: me, epoch, knows, set: of, last } = again.standing();
    assert_eq!((me, again.name()), (member(7), Some(pid(7))));
    assert_eq!((epoch, knows, of, last), (before.epoch, before.knows, before.set, before.last));
    assert!(again.shows_nothing());
    again.receive(batch(1, point(1, 3), &[], 2)).unwrap();
    assert!(!again.shows_nothing());
    // What nobody had been told of is cut off, as ever.
    let (answer, _) = again.receive(batch(2, point(1, 2), &[2], 3)).unwrap();
    assert_eq!((answer.member, answer.kind), (member(7), Kind::Has { upto: 3, version: 1 }));
}

#[test]
fn a_journal_that_fails_takes_its_member_out_of_the_group_as_it_is() {
    let (replica, paper) = kept(None);
    replica.elect(Epoch(5), alone());
    syncs(&replica, &paper);
    pay(&replica, 5);
    let (written, on_disk) = (paper.says(), replica.on_disk());
    replica.breaks("the disk is full");
    assert!(!on_disk.is_there() && replica.is_broken() && !replica.leads(Some(Epoch(5))) && replica.shows_nothing());
    assert!(replica.receive(batch(6, Point::NOTHING, &[6], 1)).is_none());
    replica.elect(Epoch(7), alone());
    assert!(!replica.leads(Some(Epoch(7))));
    assert_eq!(replica.standing().knows, None);
    assert_eq!(paper.says(), written, "what is there stays");
}

#[test]
fn at_random_a_journal_says_what_its_member_has() {
    for seed in 0..60 {
        let rng = Rng::from_seed(seed);
        let (mut replica, mut paper) = kept(None);
        let mut epoch = 1;
        for step in 0..120 {
            match rng.below(10) {
                0 => {
                    epoch = replica.standing().epoch.number().min(1 << 40) + 1;
                    let me = replica.standing().member;
                    replica.elect(Epoch(epoch), InSync { version: 1, members: [me].into() });
                }
                1 => replica.step_down(),
                2 | 3 => {
                    let index = replica.enter(Epoch(epoch), vec![Bytes::from_static(b"paid")], Bytes::new());
                    replica.has_entered(0);
                    if index.is_some() && rng.below(3) > 0 {
                        replica.open();
                    }
                }
                4 => syncs(&replica, &paper),
                5 if rng.below(4) == 0 => {
                    let at = point(1, 1 + rng.below(9) as u64);
                    let learnt = Learnt { at, bytes: format!("{at:?}").into() };
                    replica.learn((member(0), Epoch(1 + rng.below(3) as u64), set(1, &[0, 1])), learnt);
                }
                6 if rng.below(8) == 0 => {
                    replica.forget();
                    replica.tell();
                }
                7 if rng.below(4) == 0 => {
                    // Its process is started again.
                    (replica, paper) = kept(Some(paper.says()));
                }
                _ => {
                    let wild = any_batch(&rng);
                    let tame = batch(1 + rng.below(3) as u64, point(1, rng.below(4) as u64), &[1, 2, 3], 2);
                    replica.receive(if rng.below(2) == 0 { wild } else { Batch { to: pid(1), ..tame } });
                }
            }
            let (standing, says) = (replica.standing(), paper.says());
            let Known { member: me, epoch: at, set: of, has_state } = says.known;
            let place = format!("seed {seed}, step {step}");
            assert_eq!((me, at, &of), (standing.member, standing.epoch, &standing.set), "{place}");
            assert_eq!(has_state, standing.knows.is_some(), "{place}");
            let opened = replica.look(standing.epoch, |leader| leader.opened()).unwrap_or(standing.last);
            assert_eq!(says.base.index + says.records.len() as u64, opened, "{place}");
            let logged: Vec<Record> = replica.logged(says.base).unwrap_or_default();
            let shown = says.records.len().min(logged.len());
            assert_eq!(says.records[..shown], logged[..shown], "{place}");
            if says.base != Point::NOTHING {
                assert_eq!(says.state, format!("{:?}", says.base), "{place}");
            }
        }
    }
}

#[test]
fn a_masters_journal_has_what_is_on_its_way_to_who_is_needed_and_a_new_set_counts_all_of_it() {
    let (replica, paper) = kept(None);
    replica.elect(Epoch(5), alone());
    pay(&replica, 5);
    syncs(&replica, &paper);
    let batch = || replica.batch_for(Epoch(5), pid(2), usize::MAX).unwrap();
    let answers = |upto, version| replica.lead(Epoch(5), |leader| leader.answered(pid(2), has(2, 5, upto, version)));
    batch().unwrap();
    answers(2, 1);
    assert!(replica.lead(Epoch(5), |leader| leader.begin_change(members(&[1, 2]))).unwrap());
    pay(&replica, 5);
    assert_eq!(paper.says().records.len(), 2, "what is not on its way gathers");
    batch().unwrap();
    assert_eq!(paper.says().records.len(), 3);
    // The other asks for it from the beginning; what the journal has it has.
    replica.lead(Epoch(5), |leader| leader.unanswered(pid(2)));
    replica.lead(Epoch(5), |leader| leader.changed(2));
    syncs(&replica, &paper);
    batch().unwrap();
    answers(3, 2);
    assert_eq!(commit(&replica, 5), 3);
}
