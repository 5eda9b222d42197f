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
