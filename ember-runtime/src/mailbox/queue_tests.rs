//! The bounds of a mailbox, and what comes out of it.

use super::*;

fn small() -> Mailbox<u32> {
    Mailbox::new(Limits { user: 2, system: 1, bytes: 10 })
}

fn all(mailbox: &Mailbox<u32>, batch: &mut Batch<u32>) -> Vec<u32> {
    std::iter::from_fn(|| match mailbox.next(batch) {
        Next::Message(message) => Some(message),
        Next::Empty | Next::Over => None,
    })
    .collect()
}

#[test]
fn a_full_mailbox_refuses_at_once_and_loses_nothing() {
    let (mailbox, mut batch) = (small(), Batch::new());
    for i in 0..2 {
        mailbox.put(Lane::User, |()| i).unwrap();
    }
    assert_eq!(mailbox.put(Lane::User, |()| 7).unwrap_err(), RefusedReason::MailboxFull { limit: 2 });
    mailbox.put(Lane::System, |()| 9).unwrap();
    assert_eq!(all(&mailbox, &mut batch), [9, 0, 1]);
}

#[test]
fn each_message_that_is_taken_frees_its_place_though_others_were_taken_over_with_it() {
    let (mailbox, mut batch) = (small(), Batch::new());
    mailbox.put(Lane::User, |()| 0).unwrap();
    mailbox.put(Lane::User, |()| 1).unwrap();
    assert_eq!(mailbox.next(&mut batch), Next::Message(0));
    mailbox.put(Lane::User, |()| 2).unwrap();
    mailbox.put(Lane::User, |()| 3).unwrap_err();
    assert_eq!(all(&mailbox, &mut batch), [1, 2]);
}

#[test]
fn of_several_there_come_as_many_as_there_are_places_for_and_what_they_leave_is_left_once() {
    let (mailbox, mut batch) = (Mailbox::<usize>::new(Limits { user: 5, system: 1, bytes: 10 }), Batch::new());
    mailbox.promise(Lane::User).unwrap();
    let some = |count| {
        let mut left = Vec::new();
        let put = mailbox.put_some(count, |(), room| left.push(room), |place| 10 * count + place);
        (put, left)
    };
    assert_eq!(some(3), (Ok(3), vec![3]));
    assert_eq!(some(2), (Ok(1), vec![1]));
    assert_eq!(some(1), (Err(RefusedReason::MailboxFull { limit: 5 }), vec![]));
    assert_eq!(mailbox.next(&mut batch), Next::Message(30));
    assert_eq!(some(9), (Ok(1), vec![1]), "each that is taken frees its own place");
    mailbox.pause(true);
    assert_eq!(some(1), (Err(RefusedReason::Paused), vec![]));
    let rest = std::iter::from_fn(|| match mailbox.next(&mut batch) {
        Next::Message(message) => Some(message),
        Next::Empty | Next::Over => None,
    });
    assert_eq!(rest.collect::<Vec<_>>(), [31, 32, 20, 90]);
}

#[test]
fn system_goes_first_also_before_what_was_taken_over() {
    let (mailbox, mut batch) = (small(), Batch::new());
    mailbox.put(Lane::User, |()| 0).unwrap();
    mailbox.put(Lane::User, |()| 1).unwrap();
    assert_eq!(mailbox.next(&mut batch), Next::Message(0));
    mailbox.put(Lane::System, |()| 9).unwrap();
    assert_eq!(all(&mailbox, &mut batch), [9, 1]);
}

#[test]
fn system_cannot_starve_user_for_ever() {
    let (mailbox, mut batch) = (small(), Batch::new());
    mailbox.put(Lane::User, |()| 0).unwrap();
    for i in 1..100 {
        mailbox.put(Lane::System, |()| i).unwrap();
        if mailbox.next(&mut batch) == Next::Message(0) {
            return;
        }
    }
    panic!("the user message never had its turn");
}

#[test]
fn closing_refuses_new_messages_and_hands_out_the_old() {
    let (mailbox, mut batch) = (small(), Batch::new());
    mailbox.put(Lane::User, |()| 1).unwrap();
    mailbox.close();
    assert_eq!(mailbox.put(Lane::User, |()| 2).unwrap_err(), RefusedReason::Retiring);
    assert_eq!((mailbox.next(&mut batch), mailbox.next(&mut batch)), (Next::Message(1), Next::Over));
}

#[test]
fn a_promised_place_outlives_closing_and_ends_with_the_receiver() {
    let (mailbox, mut batch) = (small(), Batch::new());
    mailbox.promise(Lane::User).unwrap();
    mailbox.promise(Lane::User).unwrap();
    assert_eq!(mailbox.promise(Lane::User).unwrap_err(), RefusedReason::MailboxFull { limit: 2 });
    mailbox.close();
    assert!(!mailbox.seal_if_empty());
    mailbox.fill(Lane::User, 1).unwrap();
    assert_eq!(mailbox.next(&mut batch), Next::Message(1));
    assert_eq!(mailbox.next(&mut batch), Next::Empty, "one place is still promised");
    assert_eq!(mailbox.seal().0.count(), 0);
    mailbox.release(Lane::User);
    assert_eq!(mailbox.fill(Lane::User, 2).unwrap_err(), (2, RefusedReason::Stopped));
}

#[test]
fn paused_lets_the_system_lane_in() {
    let mailbox = small();
    mailbox.pause(true);
    assert!(!mailbox.admits());
    assert_eq!(mailbox.put(Lane::User, |()| 1).unwrap_err(), RefusedReason::Paused);
    mailbox.put(Lane::System, |()| 2).unwrap();
    mailbox.pause(false);
    assert!(mailbox.admits());
    mailbox.put(Lane::User, |()| 3).unwrap();
}

#[test]
fn a_burst_leaves_no_memory_behind() {
    let mailbox = Mailbox::<u32>::new(Limits { user: 2_000, system: 1, bytes: 1 });
    let mut batch = Batch::new();
    for _ in 0..2 {
        (0..2_000).for_each(|i| mailbox.put(Lane::User, |()| i).unwrap());
        assert_eq!(all(&mailbox, &mut batch).len(), 2_000);
    }
    mailbox.trim(&mut batch);
    assert!(batch.user.capacity() + mailbox.lock().lanes().user.waiting.capacity() < 4 * KEPT);
}

#[test]
fn bytes_are_bounded_but_one_large_payload_passes() {
    let mailbox = small();
    mailbox.charge(100).unwrap();
    assert!(mailbox.charge(1).is_err());
    mailbox.bytes().discharge(100);
    mailbox.charge(1).unwrap();
}

#[test]
fn bytes_may_reach_the_bound_and_what_is_refused_is_not_counted() {
    let mailbox = small();
    mailbox.charge(4).unwrap();
    assert_eq!(mailbox.charge(7).unwrap_err(), RefusedReason::MailboxFull { limit: 10 });
    mailbox.charge(6).unwrap();
    mailbox.charge(1).unwrap_err();
    mailbox.bytes().discharge(1);
    mailbox.charge(1).unwrap();
    let usual = Mailbox::<u32>::new(Limits::default());
    usual.charge(1).unwrap();
    usual.charge((16 << 20) - 1).unwrap();
    assert_eq!(usual.charge(1).unwrap_err(), RefusedReason::MailboxFull { limit: 16 << 20 });
}

#[test]
fn after_the_turn_of_a_user_message_the_system_lane_goes_first_again() {
    let mailbox = Mailbox::<u32>::new(Limits { user: 2, system: 100, bytes: 1 });
    let mut batch = Batch::new();
    mailbox.put(Lane::User, |()| 100).unwrap();
    mailbox.put(Lane::User, |()| 101).unwrap();
    (0..66).for_each(|i| mailbox.put(Lane::System, |()| i).unwrap());
    let all = all(&mailbox, &mut batch);
    let place = |message| all.iter().position(|&it| it == message).unwrap();
    assert_eq!((place(100), place(101), all.len()), (32, 65, 68));
}

#[test]
fn all_that_waits_in_the_system_lane_goes_before_what_was_taken_over() {
    let (mailbox, mut batch) = (Mailbox::new(Limits { user: 2, system: 2, bytes: 1 }), Batch::new());
    (0..2).for_each(|i| mailbox.put(Lane::User, |()| i).unwrap());
    assert_eq!(mailbox.next(&mut batch), Next::Message(0));
    (8..10).for_each(|i| mailbox.put(Lane::System, |()| i).unwrap());
    assert_eq!(all(&mailbox, &mut batch), [8, 9, 1]);
}

#[test]
fn a_promise_ends_when_it_is_filled_or_given_back() {
    for filled in [true, false] {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.promise(Lane::User).unwrap();
        mailbox.promise(Lane::System).unwrap();
        assert!(mailbox.promise(Lane::System).is_err());
        mailbox.close();
        for lane in [Lane::User, Lane::System] {
            assert_eq!(mailbox.next(&mut batch), Next::Empty, "a place is promised");
            if filled {
                mailbox.fill(lane, 1).unwrap();
                assert_eq!(mailbox.next(&mut batch), Next::Message(1));
            } else {
                mailbox.release(lane);
            }
        }
        assert_eq!(mailbox.next(&mut batch), Next::Over);
        assert!(mailbox.seal_if_empty());
    }
}

#[test]
fn a_promise_that_was_given_back_leaves_its_place_to_others() {
    let mailbox = small();
    (0..2).for_each(|_| mailbox.promise(Lane::User).unwrap());
    mailbox.put(Lane::User, |()| 1).unwrap_err();
    mailbox.release(Lane::User);
    mailbox.put(Lane::User, |()| 1).unwrap();
    mailbox.put(Lane::User, |()| 2).unwrap_err();
}

#[test]
fn what_is_owed_is_put_in_whatever_the_bounds_and_does_not_count() {
    let (mailbox, mut batch) = (small(), Batch::new());
    (0..5).for_each(|i| mailbox.put_owed(Lane::System, i).unwrap());
    (5..9).for_each(|i| mailbox.put_last(Lane::User, i).unwrap());
    mailbox.put(Lane::System, |()| 9).unwrap();
    assert_eq!(mailbox.waiting(), 1);
    mailbox.close();
    assert_eq!(mailbox.put_owed(Lane::System, 10).unwrap_err(), 10);
    mailbox.put_last(Lane::System, 11).unwrap();
    assert_eq!(all(&mailbox, &mut batch), [0, 1, 2, 3, 4, 9, 11, 5, 6, 7, 8]);
    assert_eq!(mailbox.seal().0.count(), 0);
    assert_eq!(mailbox.put_last(Lane::System, 12).unwrap_err(), 12);
    assert_eq!(mailbox.put_owed(Lane::System, 13).unwrap_err(), 13);
}

#[test]
fn what_waits_is_counted_in_both_lanes_until_it_is_handed_out() {
    let (mailbox, mut batch) = (small(), Batch::new());
    assert_eq!(mailbox.waiting(), 0);
    (0..2).for_each(|i| mailbox.put(Lane::User, |()| i).unwrap());
    mailbox.put(Lane::System, |()| 2).unwrap();
    for left in (0..3).rev() {
        assert!(matches!(mailbox.next(&mut batch), Next::Message(_)));
        assert_eq!(mailbox.waiting(), left);
    }
}

#[test]
fn a_mailbox_is_sealed_only_when_it_is_closed_and_nothing_is_left() {
    let mailbox = small();
    assert!(!mailbox.seal_if_empty(), "it is open");
    for lane in [Lane::System, Lane::User] {
        let (mailbox, mut batch) = (small(), Batch::new());
        mailbox.put(lane, |()| 1).unwrap();
        mailbox.close();
        assert!(!mailbox.seal_if_empty(), "something waits in {lane:?}");
        mailbox.put_last(Lane::User, 2).unwrap();
        assert_eq!(all(&mailbox, &mut batch), [1, 2]);
        assert!(mailbox.seal_if_empty());
        assert!(!mailbox.seal_if_empty(), "once");
    }
}

#[test]
fn whatever_is_left_comes_back_when_the_receiver_goes() {
    let (mailbox, mut batch) = (Mailbox::<u32>::new(Limits::default()), Batch::new());
    (0..3).for_each(|i| mailbox.put(Lane::User, |()| i).unwrap());
    assert_eq!(mailbox.next(&mut batch), Next::Message(0));
    mailbox.put(Lane::User, |()| 3).unwrap();
    mailbox.put(Lane::System, |()| 9).unwrap();
    assert_eq!(batch.into_rest().0.collect::<Vec<_>>(), [1, 2]);
    assert_eq!(mailbox.seal().0.collect::<Vec<_>>(), [9, 3]);
    assert_eq!(mailbox.put(Lane::System, |()| 9).unwrap_err(), RefusedReason::Stopped);
}

#[test]
fn a_mailbox_with_many_places_tells_of_sixteen_free_ones_at_a_time_and_of_all_when_it_is_empty() {
    const PLACES: u32 = MANY as u32 + 4;
    let mailbox = Mailbox::<u32>::new(Limits { user: PLACES as usize, system: 1, bytes: 1 });
    let mut batch = Batch::new();
    (0..PLACES).for_each(|i| mailbox.put(Lane::User, |()| i).unwrap());
    (1..TOLD).for_each(|_| assert!(matches!(mailbox.next(&mut batch), Next::Message(_))));
    mailbox.put(Lane::User, |()| 0).unwrap_err();
    mailbox.next(&mut batch);
    assert_eq!(mailbox.waiting(), (PLACES - TOLD) as usize);
    all(&mailbox, &mut batch);
    assert_eq!(mailbox.waiting(), 0);

    let least = Mailbox::<u32>::new(Limits { user: MANY, system: 1, bytes: 1 });
    let mut batch = Batch::new();
    (0..MANY as u32).for_each(|i| least.put(Lane::User, |()| i).unwrap());
    least.next(&mut batch);
    assert_eq!(least.waiting(), MANY, "these are many already");
    least.tell(&batch);
    assert_eq!(least.waiting(), MANY - 1);
}

#[test]
fn a_burst_is_more_than_what_is_kept_anyway() {
    for lane in [Lane::User, Lane::System] {
        for (messages, burst) in [(0, false), (KEPT, false), (KEPT + 1, true)] {
            let (mailbox, mut batch) = (Mailbox::<u32>::new(Limits { user: 100, system: 100, bytes: 1 }), Batch::new());
            (0..messages).for_each(|_| mailbox.put(lane, |()| 0).unwrap());
            assert_eq!(all(&mailbox, &mut batch).len(), messages);
            assert_eq!(batch.burst, burst, "{messages} in {lane:?}");
            mailbox.trim(&mut batch);
            assert!(!batch.burst);
        }
    }
}

#[test]
fn the_user_lane_admits_where_it_has_places_and_is_open() {
    let mailbox = small();
    assert!(mailbox.admits() && !mailbox.is_paused());
    mailbox.pause(true);
    assert!(!mailbox.admits() && mailbox.is_paused());
    mailbox.pause(false);
    assert!(mailbox.admits() && !mailbox.is_paused());
    mailbox.close();
    mailbox.pause(true);
    assert!(!mailbox.admits() && !mailbox.is_paused(), "what is closed is not paused");
    assert!(!Mailbox::<u32>::new(Limits { user: 0, system: 1, bytes: 1 }).admits());
}

#[test]
fn what_is_taken_over_counts_until_it_is_handed_out() {
    let mailbox = Mailbox::<u32>::new(Limits { user: 2, system: 2, bytes: 0 });
    mailbox.put(Lane::User, |()| 1).unwrap();
    mailbox.put_owed(Lane::User, 2).unwrap();
    mailbox.put(Lane::System, |()| 3).unwrap();
    let mut taken = Vec::new();
    assert!(!mailbox.take_over(&mut |lane, number, counted| taken.push((lane, number, counted))));
    assert_eq!(taken, [(Lane::System, 3, true), (Lane::User, 1, true), (Lane::User, 2, false)]);
    assert_eq!(mailbox.waiting(), 2);
    mailbox.put(Lane::User, |()| 4).unwrap();
    mailbox.put(Lane::User, |()| 5).unwrap_err();
    taken.iter().for_each(|&(lane, _, counted)| mailbox.hand_out(lane, counted));
    assert_eq!(mailbox.waiting(), 1);
    mailbox.put(Lane::User, |()| 5).unwrap();
    mailbox.promise(Lane::System).unwrap();
    mailbox.close();
    assert!(!mailbox.take_over(&mut |_, _, _| ()), "a place is owed");
    mailbox.release(Lane::System);
    assert!(mailbox.take_over(&mut |_, _, _| ()));
}
