//! Records on the wire, and the log.

use bytes::Bytes;

use super::{batch, point, record};
use crate::{
    id::Epoch,
    replica::{Batch, Log, Point, Record},
};

fn log(records: usize) -> Log {
    let mut log = Log::new();
    for _ in 0..records {
        log.append(record(1, 100));
    }
    log
}

#[test]
fn batch_comes_back_from_the_wire() {
    let mut batch = batch(3, point(2, 9), &[2, 3], 4);
    batch.records.push(Record::barrier(Epoch(3)));
    batch.records[0].entries.push(Bytes::new());
    batch.records[1].more = Bytes::from_static(b"what a later version has to say");
    let wire = postcard::to_stdvec(&batch).unwrap();
    assert_eq!(postcard::from_bytes::<Batch>(&wire).unwrap(), batch);
}

#[test]
fn entries_travel_as_bytes() {
    let wire = postcard::to_stdvec(&record(1, 200)).unwrap();
    // The epoch, the number of entries, a length of two bytes, that of what is not there, and no outputs.
    assert_eq!(wire.len(), 1 + 1 + 2 + 200 + 1 + 1);
}

#[test]
fn log_gives_what_fits_but_never_nothing() {
    let log = log(10);
    let two = 2 * record(1, 100).size();
    assert_eq!(log.after(0, 10, two).unwrap().len(), 2);
    assert_eq!(log.after(0, 10, 0).unwrap().len(), 1);
    assert_eq!(log.after(4, 7, usize::MAX).unwrap().len(), 3);
    assert!(log.after(10, 10, 0).unwrap().is_empty());
    assert!(log.after(u64::MAX, u64::MAX, 0).unwrap().is_empty());
}

#[test]
fn trimmed_log_keeps_its_base() {
    let mut log = log(10);
    log.append(record(2, 1));
    log.trim(4);
    assert_eq!((log.base(), log.last()), (point(1, 4), point(2, 11)));
    assert_eq!(
        (log.epoch_at(3), log.epoch_at(4), log.epoch_at(11), log.epoch_at(12)),
        (None, Some(Epoch(1)), Some(Epoch(2)), None)
    );
    assert!(log.after(3, 11, 0).is_none());
    assert!(log.get(4).is_none() && log.get(5).is_some());
    log.trim(u64::MAX);
    assert_eq!((log.base(), log.last(), log.bytes()), (point(2, 11), point(2, 11), 0));
}

#[test]
fn cut_log_ends_there() {
    let mut log = log(10);
    log.trim(2);
    log.cut(7);
    assert_eq!(log.last(), point(1, 7));
    assert_eq!(log.bytes(), 5 * record(1, 100).size());
    log.cut(0);
    assert_eq!((log.last(), log.bytes()), (point(1, 2), 0));
    log.reset(Point::NOTHING);
    assert_eq!(log.append(record(1, 1)), 1);
}
