//! What leaves, in which order, and what becomes of an office while a record is applied.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;

use super::{Due, Place, Replica};
use crate::{
    id::{Epoch, Incarnation, NodeId, NodeKey, Pid},
    message::{MOST_UNSETTLED, Settles, Unsettled},
    office::{BootClock, OfficeSeat, Shown, Tenure},
    replica::{Answer, Batch, InSync, Kind, Member, Point, Record, Terms},
    sync::lock,
};

pub(super) fn pid(node: u64) -> Pid {
    Pid { node: NodeKey { id: NodeId(node), incarnation: Incarnation(1) }, number: 1 }
}

fn set(members: &[u64]) -> InSync {
    InSync { version: 1, members: members.iter().map(|node| Member::first(pid(*node))).collect() }
}

fn entry() -> Vec<Bytes> {
    vec![Bytes::from_static(b"entry")]
}

/// The master of epoch 1, alone in sync; its barrier is record 1.
fn alone() -> Arc<Replica> {
    let replica = Arc::new(Replica::new(pid(1), (1, 2), Terms::default(), 1 << 20));
    replica.elect(Epoch(1), set(&[1]));
    assert!(replica.leads(Some(Epoch(1))));
    replica
}

/// Member 1, which follows the other of its group: it has its barrier.
pub(super) fn follows() -> Arc<Replica> {
    let replica = Arc::new(Replica::new(pid(1), (1, 2), Terms::default(), 1 << 20));
    replica.receive(Batch {
        epoch: Epoch(1),
        from: Member::first(pid(2)),
        to: pid(1),
        previous: Point::NOTHING,
        records: vec![Record::barrier(Epoch(1))],
        end: 1,
        commit: 1,
        version: 1,
        members: set(&[1, 2]).members.into_iter().collect(),
    });
    assert!(matches!(replica.due(0, 0), Due::Apply(1, _)));
    replica
}

/// The same, as the master of epoch 2: the other has to acknowledge.
fn of_two() -> Arc<Replica> {
    let replica = follows();
    replica.elect(Epoch(2), set(&[1, 2]));
    replica
}

#[test]
fn what_a_record_has_come_to_is_in_it_also_where_its_master_has_lost_its_office_meanwhile() {
    for loses in [false, true] {
        let replica = of_two();
        let index = replica.enter(Epoch(2), entry(), Bytes::new()).expect("it is the master");
        if loses {
            replica.step_down();
        }
        replica.has_entered(7);
        assert_eq!(replica.lock().part.held().log().get(index).map(|record| record.came_to), Some(7), "{loses}");
    }
}

fn commit(replica: &Replica, epoch: u64) -> Option<u64> {
    let index = replica.enter(Epoch(epoch), entry(), Bytes::new());
    replica.has_entered(0);
    index
}

/// The other of the group of two acknowledges all that there is.
fn other_has_all(replica: &Replica) {
    replica.lead(Epoch(2), |leader| {
        let to = leader.batch_for(pid(2), usize::MAX).expect("it is asked what it has");
        let kind = Kind::Has { upto: leader.opened(), version: 1 };
        leader.answered(pid(2), Answer { member: Member::first(pid(2)), epoch: to.epoch, kind })
    });
}

#[test]
fn what_is_made_while_something_leaves_leaves_after_it() {
    let replica = of_two();
    let group = Arc::clone(&replica) as Arc<dyn Settles>;
    commit(&replica, 2).unwrap();
    let (left, order) = mpsc::channel();
    let [first, second, third] = [(); 3].map(|()| left.clone());
    // It is made as the first leaves: nothing is left to wait for by then.
    let later = Arc::clone(&group);
    Unsettled::of(&group).unwrap().then(move |well| {
        let unsettled = Unsettled::of(&later).expect("the second has not left");
        unsettled.then(move |well| third.send((3, well)).unwrap());
        first.send((1, well)).unwrap();
    });
    Unsettled::of(&group).unwrap().then(move |well| second.send((2, well)).unwrap());
    other_has_all(&replica);
    assert_eq!(order.try_iter().collect::<Vec<_>>(), [(1, true), (2, true), (3, true)]);
    assert!(Unsettled::of(&group).is_none());
}

#[test]
fn who_waits_is_told_only_when_nothing_is_locked() {
    let replica = of_two();
    let group = Arc::clone(&replica) as Arc<dyn Settles>;
    commit(&replica, 2).unwrap();
    let told = Arc::new(Mutex::new(None));
    let tell = Arc::clone(&told);
    Unsettled::of(&group).unwrap().then(move |well| *lock(&tell) = Some(well));
    replica.step_down();
    assert!(lock(&told).is_none() && replica.has_to_tell());
    replica.tell();
    assert_eq!(*lock(&told), Some(false));
}

#[test]
fn what_a_slave_shows_while_it_has_something_to_tell_yet_is_shown() {
    let replica = Arc::new(Replica::new(pid(1), (1, 2), Terms::default(), 1 << 20));
    replica.elect(Epoch(1), set(&[1]));
    let group = Arc::clone(&replica) as Arc<dyn Settles>;
    let (tell, told) = mpsc::channel();
    let [first, second] = [(); 2].map(|()| tell.clone());
    let (slave, later) = (Arc::clone(&replica), Arc::clone(&group));
    let index = replica.enter(Epoch(1), entry(), Bytes::new()).unwrap();
    replica.has_entered(0);
    replica.tell_when_settled(
        index,
        Box::new(move |well| {
            // All is acknowledged, so it goes on as a slave.
            slave.step_down();
            Unsettled::of(&later).expect("this one has not left").then(move |well| second.send((2, well)).unwrap());
            first.send((1, well)).unwrap();
        }),
    );
    replica.open();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(1, true), (2, true)]);
}

#[test]
fn nobody_takes_an_office_while_a_record_of_one_before_is_applied() {
    let replica = of_two();
    let index = replica.enter(Epoch(2), entry(), Bytes::new()).unwrap();
    replica.step_down();
    replica.elect(Epoch(3), set(&[1, 2]));
    assert!(!replica.leads(Some(Epoch(3))), "the record may have to be dropped yet");
    assert_eq!(replica.enter(Epoch(2), entry(), Bytes::new()), None);
    replica.has_entered(0);
    replica.elect(Epoch(4), set(&[1, 2]));
    assert!(replica.leads(Some(Epoch(4))) && replica.last_unsettled() > Some(index));
    // Of the handler that began in epoch 2.
    assert_eq!(replica.enter(Epoch(2), entry(), Bytes::new()), None);
}

#[test]
fn a_master_alone_makes_its_state_again_of_a_picture_and_its_log_and_another_does_not() {
    let replica = alone();
    assert_eq!((commit(&replica, 1), commit(&replica, 1)), (Some(2), Some(3)));
    replica.open();
    replica.keep_picture(2, b"state".to_vec());
    let broken = replica.enter(Epoch(1), entry(), Bytes::new()).unwrap();
    let (picture, records) = replica.made_of(broken).expect("nobody has it");
    assert_eq!((picture.map(|it| it.bytes.to_vec()), records.len()), (Some(b"state".to_vec()), 1));
    assert_eq!(commit(&replica, 1), Some(broken), "its place is free again");
    replica.open();
    let replica = of_two();
    let broken = replica.enter(Epoch(2), entry(), Bytes::new()).unwrap();
    assert!(replica.made_of(broken).is_none());
}

#[test]
fn a_master_alone_keeps_its_log_until_there_is_a_picture_and_wants_one_in_time() {
    let replica = alone();
    let record = vec![Bytes::from(vec![7; 1 << 20])];
    let mut pictures = 0;
    for _ in 0..100 {
        let index = replica.enter(Epoch(1), record.clone(), Bytes::new()).unwrap();
        replica.has_entered(0);
        if replica.wants_picture() {
            replica.keep_picture(index, b"state".to_vec());
            pictures += 1;
        }
        replica.open();
        let log = replica.look(Epoch(1), |leader| leader.held().log().bytes()).unwrap();
        assert!(log < 20 << 20, "{log}");
    }
    assert!((5..20).contains(&pictures), "{pictures}");
    let broken = replica.enter(Epoch(1), entry(), Bytes::new()).unwrap();
    assert!(replica.made_of(broken).is_some());
}

#[test]
fn what_is_noted_of_calls_alone_keeps_nobody_from_an_office() {
    let replica = of_two();
    replica.enter(Epoch(2), Vec::new(), Bytes::from_static(b"a note")).unwrap();
    replica.open();
    replica.step_down();
    replica.elect(Epoch(3), set(&[1, 2]));
    assert!(replica.leads(Some(Epoch(3))));
}

#[test]
fn what_is_said_of_a_call_after_a_picture_is_in_a_record_after_it() {
    let replica = alone();
    let index = commit(&replica, 1).unwrap();
    replica.keep_picture(index, b"state".to_vec());
    assert_eq!(replica.conclude(Epoch(1), Bytes::from_static(b"its reply")), Some(index + 1));
    let broken = replica.enter(Epoch(1), entry(), Bytes::new()).unwrap();
    let (_, records) = replica.made_of(broken).expect("nobody has it");
    assert_eq!(records.iter().map(|it| &it.more[..]).collect::<Vec<_>>(), [&b"its reply"[..]]);
}

#[test]
fn what_was_made_from_a_state_that_is_gone_does_not_leave_before_another_is_in_its_place() {
    let replica = of_two();
    let group = Arc::clone(&replica) as Arc<dyn Settles>;
    commit(&replica, 2).unwrap();
    replica.forget();
    let batch = Batch {
        epoch: Epoch(3),
        from: Member::first(pid(2)),
        to: pid(1),
        previous: Point::NOTHING,
        records: vec![Record::barrier(Epoch(3))],
        end: 1,
        commit: 1,
        version: 2,
        members: set(&[2]).members.into_iter().collect(),
    };
    replica.receive(batch);
    assert!(Unsettled::of(&group).is_some(), "its handler runs still");
    assert!(matches!(replica.due(0, 2), Due::Empty(1)));
    assert!(Unsettled::of(&group).is_none());
}

#[test]
fn a_picture_of_what_was_lost_is_not_one_of_what_came_into_its_place() {
    let replica = of_two();
    let index = commit(&replica, 2).unwrap();
    replica.open();
    let at = replica.point_of(0, index).expect("its service has it");
    let (mut known, mut task) = (pin!(replica.is_acknowledged(at)), Context::from_waker(Waker::noop()));
    assert!(known.as_mut().poll(&mut task).is_pending());
    // Before anybody looks, it was deposed and has followed the next, whose log has other records there.
    let other = Batch {
        epoch: Epoch(3),
        from: Member::first(pid(2)),
        to: pid(1),
        previous: Point::NOTHING,
        records: vec![Record::barrier(Epoch(3)); 4],
        end: 4,
        commit: 4,
        version: 2,
        members: set(&[2]).members.into_iter().collect(),
    };
    replica.receive(other);
    assert_eq!(known.as_mut().poll(&mut task), Poll::Ready(false));
    assert_eq!(replica.point_of(0, index), None, "its service has still what was lost");
    let there = replica.point_of(1, index).expect("another record is there");
    assert_eq!(pin!(replica.is_acknowledged(there)).poll(&mut task), Poll::Ready(true));
}

#[test]
fn a_picture_is_kept_as_long_as_its_master_leads_alone() {
    let replica = alone();
    let index = commit(&replica, 1).unwrap();
    replica.keep_picture(index, b"state".to_vec());
    replica.open();
    replica.step_down();
    replica.keep_picture(index, b"state".to_vec());
    replica.elect(Epoch(2), set(&[1]));
    let broken = replica.enter(Epoch(2), entry(), Bytes::new()).unwrap();
    let (picture, records) = replica.made_of(broken).expect("nobody has it");
    assert!(picture.is_none());
    assert_eq!(records.len() as u64, broken - 1);
}

#[test]
fn who_was_elected_has_led_when_its_first_record_is_acknowledged_and_only_in_that_epoch() {
    let replica = alone();
    let led = |replica: &Replica, epoch| replica.led(Epoch(epoch)).now_or_never();
    assert_eq!([1, 2].map(|epoch| led(&replica, epoch)), [Some(true), Some(false)]);
    replica.step_down();
    assert_eq!(led(&replica, 1), Some(false));
    let replica = of_two();
    assert_eq!([1, 2, 3].map(|epoch| led(&replica, epoch)), [Some(false), None, Some(false)]);
    other_has_all(&replica);
    assert_eq!(led(&replica, 2), Some(true));
}

#[test]
fn so_much_waits_for_what_is_not_acknowledged_and_then_no_more_is_taken() {
    let replica = of_two();
    let index = commit(&replica, 2).unwrap();
    for _ in 0..MOST_UNSETTLED {
        assert!(!Settles::is_full(&*replica));
        replica.when_settled(index, Box::new(|_| {}));
    }
    assert!(Settles::is_full(&*replica));
    replica.open();
    other_has_all(&replica);
    assert!(!Settles::is_full(&*replica));
}

#[test]
fn a_state_is_expected_to_be_as_large_as_its_last_picture_and_what_came_since() {
    let replica = alone();
    replica.is_sized(1_000);
    assert_eq!(replica.expected(), 1_000);
    let sizes: usize = (0..2)
        .map(|_| {
            let index = commit(&replica, 1).unwrap();
            replica.lock().part.held().log().get(index).map_or(0, Record::size)
        })
        .sum();
    assert!(sizes > 0 && replica.expected() == 1_000 + sizes);
}

#[tokio::test(start_paused = true)]
async fn a_slave_shows_what_its_master_vouched_for_in_the_last_lease_and_asks_in_time() {
    const LEASE: Duration = Duration::from_secs(10);
    let replica = follows();
    let asked = Arc::new(AtomicUsize::new(0));
    let asks = Arc::clone(&asked);
    replica.stands_at(Place {
        seat: Arc::new(OfficeSeat::new(Arc::new(Tenure::for_ever(BootClock::new(false))))),
        shown: Arc::new(Shown::default()),
        is_cut_off: Box::new(|| false),
        asks: Box::new(move || _ = asks.fetch_add(1, Ordering::Relaxed)),
    });
    replica.lasts(LEASE);
    let shows = |within| replica.may_show((0, 1), false, ((Epoch(1), 1), within));
    let count = || asked.load(Ordering::Relaxed);
    assert!(!shows(None) && count() == 1, "nobody has vouched for it yet");
    assert!(!shows(None) && count() == 1, "it has asked");
    replica.has_heard(replica.now(), Some((Epoch(1), 1)));
    assert!(shows(None) && shows(Some(Duration::ZERO)) && count() == 1);
    let after = async |time| tokio::time::advance(time).await;
    after(LEASE / 2).await;
    assert!(shows(None) && count() == 1, "half of a lease is left");
    after(Duration::from_millis(1)).await;
    assert!(shows(None) && count() == 2, "it asks before that is over");
    assert!(shows(Some(LEASE * 9)) && !shows(Some(LEASE / 2)), "within a lease, or what is asked for if that is less");
    after(LEASE / 2 - Duration::from_millis(1)).await;
    assert!(shows(Some(LEASE * 9)), "it is just a lease old");
    after(Duration::from_millis(1)).await;
    assert!(!shows(None) && !shows(Some(LEASE * 9)));
}
