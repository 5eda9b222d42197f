//! What is written when, whatever becomes of a write.

use super::*;
use Mine::{Node, Service};

fn take_all(book: &mut Book) -> Vec<Mine> {
    std::iter::from_fn(|| book.take()).collect()
}

#[test]
fn each_has_one_place_in_the_order_of_the_first_change() {
    let mut book = Book::default();
    for mine in [Node, Service(2), Service(1), Service(2), Node] {
        book.touch(mine);
    }
    assert_eq!(take_all(&mut book), [Node, Service(2), Service(1)]);
}

#[test]
fn the_node_comes_before_services_that_wait_longer() {
    let mut book = Book::default();
    book.touch(Service(1));
    assert_eq!(book.take(), Some(Service(1)));
    book.failed();
    book.touch(Node);
    assert_eq!(take_all(&mut book), [Node, Service(1)]);
}

#[test]
fn what_was_refused_and_then_taken_is_waited_for_if_it_has_changed_meanwhile() {
    let mut book = Book::default();
    book.touch(Service(1));
    assert_eq!(take_all(&mut book), [Service(1)]);
    book.refuse("full");
    book.retry();
    assert_eq!(take_all(&mut book), [Service(1)]);
    book.touch(Service(1));
    book.done(7, |_| false);
    assert_eq!(book.settled(), book.last() - 1);
    assert_eq!(take_all(&mut book), [Service(1)]);
    book.done(8, |_| false);
    assert_eq!(book.settled(), book.last());
}

#[test]
fn what_was_refused_comes_last_and_nobody_waits_for_it() {
    let mut book = Book::default();
    [Service(1), Service(2)].into_iter().for_each(|mine| book.touch(mine));
    assert_eq!(take_all(&mut book), [Service(1), Service(2)]);
    assert_eq!(book.refuse("full"), [Service(1), Service(2)]);
    assert_eq!(book.settled(), book.last());
    book.retry();
    book.touch(Service(3));
    assert_eq!(book.take(), Some(Service(3)));
    book.done(7, |_| false);
    assert_eq!(book.settled(), book.last());
    // Also on its way, and when it could not be written for another reason.
    assert_eq!(take_all(&mut book), [Service(1), Service(2)]);
    assert_eq!(book.settled(), book.last());
    book.failed();
    book.touch(Service(4));
    assert_eq!(take_all(&mut book), [Service(4), Service(1), Service(2)]);
    book.done(8, |_| false);
    assert_eq!((book.refused(), book.settled()), (None, book.last()));
}

#[test]
fn what_failed_comes_before_what_changed_since() {
    let mut book = Book::default();
    book.touch(Service(1));
    book.touch(Service(2));
    assert_eq!(book.take(), Some(Service(1)));
    book.touch(Service(3));
    book.touch(Service(1));
    book.failed();
    assert_eq!(take_all(&mut book), [Service(1), Service(2), Service(3)]);
}

#[test]
fn it_is_settled_up_to_what_waits_or_is_under_way() {
    let mut book = Book::default();
    book.touch(Node);
    book.touch(Service(1));
    assert_eq!(book.settled(), 0);
    book.take();
    assert_eq!(book.settled(), 0, "on its way is not there");
    book.done(7, |_| false);
    assert_eq!((book.settled(), book.last()), (1, 2));
    book.take();
    book.touch(Service(1));
    book.done(8, |_| false);
    assert_eq!(book.settled(), 2, "what changed while it was written has a new place");
    book.take();
    book.done(9, |_| true);
    assert_eq!(book.settled(), book.last());
    assert!(!book.may_be_written(Service(1)) && book.may_be_written(Node));
}

#[test]
fn only_what_others_wrote_after_this_node_is_news() {
    let mut book = Book::default();
    book.touch(Service(1));
    assert!(!book.is_news(Service(1), 9), "it will be written anyway");
    book.take();
    book.maybe_written(Service(1));
    assert!(!book.is_news(Service(1), 9), "it may be this very write");
    book.done(9, |_| false);
    assert!(!book.is_news(Service(1), 8) && !book.is_news(Service(1), 9) && book.is_news(Service(1), 10));
    assert!(book.is_foreign(Service(1), 8) && !book.is_foreign(Service(1), 9));
    assert_eq!(book.missing(|_| false), [Service(1)]);
}

#[test]
fn what_changes_on_its_way_is_not_taken_twice() {
    let mut book = Book::default();
    book.touch(Service(1));
    assert_eq!(book.take(), Some(Service(1)));
    book.touch(Service(1));
    book.touch(Service(2));
    assert_eq!(take_all(&mut book), [Service(2)]);
    book.done(3, |_| false);
    assert_eq!(take_all(&mut book), [Service(1)]);
}

#[test]
fn nobody_waits_for_what_is_refused_until_it_is_tried_again() {
    let mut book = Book::default();
    book.touch(Service(1));
    book.touch(Service(2));
    book.take();
    assert_eq!(book.refuse("too large"), [Service(1)]);
    assert_eq!(book.settled(), 1, "only the other one is waited for");
    assert_eq!(take_all(&mut book), [Service(2)]);
    book.done(7, |_| false);
    assert_eq!((book.settled(), book.refused()), (book.last(), Some((Service(1), "too large"))));
    assert!(book.missing(|_| false).iter().all(|mine| *mine == Service(2)), "nothing is missing that is refused");
    book.retry();
    assert_eq!(take_all(&mut book), [Service(1)]);
    assert!(book.refuse("too large").is_empty(), "it is told once");
    book.retry();
    book.take();
    book.done(8, |_| false);
    assert_eq!((book.settled(), book.refused()), (book.last(), None));
}

#[test]
fn what_was_refused_is_not_there_and_nothing_is_there_after_the_lease() {
    let mut book = Book::default();
    for mine in [Service(1), Service(2)] {
        book.touch(mine);
        assert_eq!(book.take(), Some(mine));
        book.sends(mine);
    }
    assert!(book.may_be_written(Service(1)), "it is on its way");
    book.rejected();
    assert!(!book.may_be_written(Service(1)) && !book.may_be_written(Service(2)));
    book.take();
    book.sends(Service(1));
    assert_eq!(book.refuse("full"), [Service(1)]);
    assert!(!book.may_be_written(Service(1)), "there is nothing to delete");
    // What was written before stays so, whatever becomes of the next write.
    assert_eq!(book.take(), Some(Service(2)));
    book.sends(Service(2));
    book.done(7, |_| false);
    book.touch(Service(2));
    book.take();
    book.sends(Service(2));
    assert_eq!(book.refuse("full"), [Service(2)]);
    assert!(book.may_be_written(Service(2)), "its deletion is asked for again");
    book.lease_ended();
    assert!(!book.may_be_written(Service(2)), "it went with the lease");
    // One of whose write nothing was heard, but which the registry lists, while it is written again.
    for heard in [false, true] {
        book.touch(Service(3));
        assert_eq!(book.take(), Some(Service(3)));
        book.sends(Service(3));
        if heard {
            book.lists(Service(3));
        }
        book.rejected();
        assert_eq!(book.may_be_written(Service(3)), heard);
    }
}

#[test]
fn what_ended_before_it_was_written_can_be_forgotten() {
    let mut book = Book::default();
    book.touch(Service(1));
    book.touch(Service(2));
    assert_eq!(book.unwritten(), [Service(1), Service(2)]);
    book.forget(Service(1));
    assert_eq!(take_all(&mut book), [Service(2)]);
}
