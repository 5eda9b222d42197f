use super::{super::wire::AT_ONCE, *};

const KEY: StreamKey = (1, true);

fn queue(items: usize) -> Queue {
    let mut queue = Queue::new(Bounds { items, bytes: 1000 }, Arc::default());
    queue.want(&BTreeSet::from([KEY]));
    queue
}

fn put(queue: &mut Queue, times: usize) -> Vec<Put> {
    (0..times).map(|_| queue.put(KEY, Some(&Bytes::from_static(b"ab")), None)).collect()
}

fn numbers(sent: &Sent) -> Vec<u64> {
    sent.batch.items.iter().map(|it| it.number).collect()
}

#[test]
fn what_was_not_answered_goes_again_with_the_same_numbers_and_more() {
    let mut queue = queue(10);
    assert_eq!(put(&mut queue, 2), [Put::At(1), Put::At(2)]);
    assert_eq!(numbers(&queue.next(100, AT_ONCE).unwrap()), [1, 2]);
    put(&mut queue, 1);
    let sent = queue.next(100, AT_ONCE).unwrap();
    assert_eq!((numbers(&sent), sent.batch.bytes.len()), (vec![1, 2, 3], 6));
    queue.answered(&sent, &Taken { takers: vec![1], full: vec![(1, 2)] });
    assert_eq!((queue.fate(1), queue.fate(2), queue.fate(3), queue.passed()), (Some(0), Some(2), Some(0), 3));
    assert!(queue.next(100, AT_ONCE).is_none() && queue.is_empty());
}

#[test]
fn what_has_no_room_has_a_number_and_its_loss_is_told_also_if_nothing_follows() {
    let mut queue = queue(2);
    assert_eq!(put(&mut queue, 4)[2..], [Put::Dropped, Put::Dropped]);
    let sent = queue.next(100, AT_ONCE).unwrap();
    assert_eq!((numbers(&sent), &sent.batch.last[..]), (vec![1, 2], &[(0, 4)][..]));
    queue.answered(&sent, &Taken::default());
    assert!(queue.is_empty());
    assert_eq!(put(&mut queue, 1), [Put::At(3)]);
    assert_eq!(numbers(&queue.next(100, AT_ONCE).unwrap()), [5]);
}

#[test]
fn a_loss_at_the_end_is_told_until_it_is_answered() {
    let mut queue = queue(1);
    put(&mut queue, 2);
    let first = queue.next(100, AT_ONCE).unwrap();
    // One more is lost while it is on its way.
    put(&mut queue, 1);
    queue.answered(&first, &Taken::default());
    let second = queue.next(100, AT_ONCE).unwrap();
    assert_eq!((numbers(&second), second.batch.last[0].1), (vec![], 3));
    queue.answered(&second, &Taken::default());
    assert!(queue.next(100, AT_ONCE).is_none());
}

#[test]
fn what_is_thrown_away_is_told_when_the_node_is_back() {
    let mut queue = queue(10);
    put(&mut queue, 3);
    let on_its_way = queue.next(100, AT_ONCE).unwrap();
    queue.throw_away();
    assert_eq!((queue.passed(), queue.fate(2)), (3, None));
    let sent = queue.next(100, AT_ONCE).unwrap();
    assert_eq!((numbers(&sent), sent.batch.last[0].1), (vec![], 3));
    // An answer that comes after all changes nothing that follows.
    put(&mut queue, 1);
    queue.answered(&on_its_way, &Taken::default());
    let last = queue.next(100, AT_ONCE).unwrap();
    assert_eq!(numbers(&last), [4]);
    queue.answered(&last, &Taken::default());
    assert_eq!((queue.fate(2), queue.fate(4)), (None, Some(0)), "what was thrown away stays so");
}

#[test]
fn a_batch_that_cannot_be_read_is_missed_and_does_not_stop_the_rest() {
    let mut queue = queue(10);
    put(&mut queue, 2);
    let sent = queue.next(100, AT_ONCE).unwrap();
    queue.refused(&sent);
    put(&mut queue, 1);
    assert_eq!(numbers(&queue.next(100, AT_ONCE).unwrap()), [3]);
}

#[test]
fn who_wants_events_again_gets_a_stream_of_its_own_from_one() {
    let mut queue = queue(10);
    put(&mut queue, 2);
    queue.want(&BTreeSet::new());
    assert_eq!(put(&mut queue, 1), [Put::Unwanted]);
    queue.want(&BTreeSet::from([KEY]));
    put(&mut queue, 1);
    let sent = queue.next(100, AT_ONCE).unwrap();
    assert_eq!(numbers(&sent), [1, 2, 1]);
    let generations: Vec<_> = sent.batch.streams.iter().map(|it| it.generation).collect();
    assert_eq!((generations, sent.batch.items[2].stream), (vec![1, 2], 1));
}

#[test]
fn a_batch_has_an_item_at_least_and_not_more_bytes_than_are_asked_for() {
    let mut queue = queue(10);
    put(&mut queue, 5);
    assert_eq!(numbers(&queue.next(1, AT_ONCE).unwrap()), [1]);
    assert_eq!(numbers(&queue.next(5, AT_ONCE).unwrap()), [1, 2]);
}

#[test]
fn no_more_items_go_at_once_than_are_asked_for() {
    let mut queue = queue(10);
    put(&mut queue, 5);
    let sent = queue.next(100, 2).unwrap();
    assert_eq!(numbers(&sent), [1, 2]);
    // What is too large by itself is missed, and what follows goes on.
    let first = queue.next(100, 1).unwrap();
    queue.refused(&first);
    assert_eq!((numbers(&queue.next(100, AT_ONCE).unwrap()), queue.fate(1)), (vec![2, 3, 4, 5], None));
}

#[test]
fn the_last_event_from_before_goes_first_once_it_is_written_and_one_of_a_stream_waits() {
    let mut queue = queue(4);
    let first = queue.hold(KEY).unwrap();
    put(&mut queue, 1);
    assert!(queue.next(100, AT_ONCE).is_none(), "what follows it waits");
    assert!(queue.fill(first, Some(Bytes::from_static(b"kept"))) && !queue.fill(first, None));
    assert_eq!(numbers(&queue.next(100, AT_ONCE).unwrap()), [0, 1]);
    let second = queue.hold(KEY).unwrap();
    assert_eq!(numbers(&queue.next(100, AT_ONCE).unwrap()), [1], "the earlier one is not sent any more");
    assert!(!queue.fill(second, Some(Bytes::from(vec![0; 1000]))), "there is no room for so much beside another");
    put(&mut queue, 1);
    let sent = queue.next(100, AT_ONCE).unwrap();
    queue.answered(&sent, &Taken::default());
    assert_eq!(numbers(&queue.next(100, AT_ONCE).unwrap()), [2]);
    put(&mut queue, 9);
    assert_eq!(queue.hold(KEY), None, "nor for so many");
}

#[test]
fn what_is_larger_than_all_that_may_wait_goes_where_nothing_waits() {
    let large = |queue: &mut Queue| queue.put(KEY, Some(&Bytes::from(vec![0; 2000])), None);
    let mut queue = queue(4);
    assert_eq!((large(&mut queue), large(&mut queue)), (Put::At(1), Put::Dropped));
    assert_eq!(put(&mut queue, 1), [Put::Dropped], "no other beside it");
    let sent = queue.next(100, AT_ONCE).unwrap();
    assert_eq!((numbers(&sent), sent.batch.bytes.len()), (vec![1], 2000));
    queue.answered(&sent, &Taken::default());
    put(&mut queue, 1);
    assert_eq!(large(&mut queue), Put::Dropped);
    queue.throw_away();
    let place = queue.hold(KEY).unwrap();
    assert!(queue.fill(place, Some(Bytes::from(vec![0; 2000]))), "nor a last event from before");
}

#[test]
fn what_is_not_remembered_is_not_said_to_be_taken() {
    let mut queue = queue(10);
    for _ in 0..=FULL_REMEMBERED {
        put(&mut queue, 1);
        let sent = queue.next(100, AT_ONCE).unwrap();
        queue.answered(&sent, &Taken { takers: vec![1], full: vec![(0, 1)] });
    }
    assert_eq!((queue.fate(1), queue.fate(2)), (None, Some(1)));
}

#[test]
fn of_a_stream_that_is_over_nothing_is_left_to_say() {
    let mut queue = queue(10);
    put(&mut queue, 2);
    queue.want(&BTreeSet::new());
    queue.throw_away();
    assert!(queue.is_empty());
    queue.want(&BTreeSet::from([KEY]));
    put(&mut queue, 1);
    let sent = queue.next(100, AT_ONCE).unwrap();
    queue.want(&BTreeSet::new());
    queue.refused(&sent);
    assert!(queue.is_empty());
}
