use std::time::Duration;

use bytes::Bytes;

use super::{all, delete, put, put_leased};
use crate::registry::store::{
    Condition, Field, Found, Op, Order, Query, Relation, Store, Txn, Window,
    terms::{KeyRange, StoreError, limits},
};

const MINUTE: Duration = Duration::from_secs(60);

impl Store {
    fn refuses(&self, then: Vec<Op>) -> StoreError {
        self.commit(&Txn { then, ..Txn::default() }).unwrap_err()
    }

    fn find(&self, query: &Query) -> (Vec<String>, usize, bool) {
        let Found { records, count, more, .. } = self.range(query).unwrap().value;
        (records.iter().map(|record| String::from_utf8(record.key.to_vec()).unwrap()).collect(), count, more)
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_transaction_is_taken_back_whole() {
    let store = Store::new(1);
    let lease = store.grant(None, MINUTE).unwrap().value;
    let other = store.grant(None, MINUTE).unwrap().value;
    let last = store.write(vec![put_leased("leased", lease), put("a", "1"), put("b", "1")]);
    let everything =
        || (store.range(&Query::new(all())).unwrap(), store.lease(lease).unwrap(), store.lease(other).unwrap());
    let before = everything();

    let ops = vec![put_leased("leased", other), put("new", ""), Op::Delete(KeyRange::single("a")), put_leased("b", 99)];
    assert_eq!(store.refuses(ops), StoreError::LeaseNotFound(99));
    assert_eq!(everything(), before);
    assert_eq!(store.watch(all(), last + 1).try_next().unwrap().value, []);
    assert_eq!(store.write(vec![put("c", "")]), last + 1, "no revision is left out");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_written_once_per_transaction() {
    let store = Store::new(1);
    let nested = |then, otherwise| Op::Txn(Txn { when: Vec::new(), then, otherwise });
    let range = |start: &'static str, end: &'static str| Op::Delete(KeyRange::from_wire(start, end));
    let twice = [
        vec![put("a", ""), put("a", "")],
        vec![put("a", ""), delete("a")],
        vec![range("a", "c"), put("b", "")],
        vec![put("a", ""), nested(vec![], vec![put("a", "")])],
        vec![nested(vec![delete("a")], vec![]), put("a", "")],
        vec![nested(vec![delete("a")], vec![]), nested(vec![put("a", "")], vec![])],
    ];
    for ops in twice {
        assert_eq!(store.refuses(ops.clone()), StoreError::DuplicateKey, "{ops:?}");
    }
    store.write(vec![put("a", ""), put("b", ""), delete("c"), delete("c")]);
    store.write(vec![nested(vec![put("a", "1")], vec![put("a", "2")]), put("b", "")]);
    assert_eq!(store.contents(0), ["a=1", "b="]);
    // etcd does not look at these: what is done last, counts.
    store.write(vec![nested(vec![put("a", "3")], vec![]), nested(vec![delete("a")], vec![])]);
    assert_eq!(store.contents(0), ["b="]);
    store.write(vec![Op::Delete(KeyRange::all()), put("a", "4")]);
    assert_eq!(store.contents(0), ["a=4"]);
    store.write(vec![put("b", "5"), nested(vec![Op::Delete(KeyRange::all())], vec![])]);
    assert_eq!(store.contents(0), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn every_branch_is_decided_before_anything_is_written() {
    let store = Store::new(1);
    store.write(vec![put("gone", "")]);
    let is = |key: &'static str, created| Condition {
        range: KeyRange::single(key),
        field: Field::Created(created),
        relation: Relation::Equal,
    };
    let inner = |when, then: &str, otherwise: &str| {
        Op::Txn(Txn { when: vec![when], then: vec![put(then, "")], otherwise: vec![put(otherwise, "")] })
    };
    store.write(vec![
        put("new", ""),
        delete("gone"),
        inner(is("new", 0), "absent then", "there then"),
        inner(is("gone", 0), "gone already", "there still"),
        Op::Txn(Txn::of(inner(is("there still", 0), "deep absent", "deep there"))),
    ]);
    assert_eq!(store.contents(0), ["absent then=", "deep absent=", "new=", "there still="]);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_reads_no_revision_that_it_makes() {
    let store = Store::new(1);
    let base = store.write(vec![put("a", "1")]);
    let read = |revision| Op::Range(Query { revision, ..Query::new(all()) });
    let future = StoreError::FutureRevision { wanted: base + 1, current: base };
    assert_eq!(store.refuses(vec![put("a", "2"), read(base + 1)]), future);
    assert_eq!(store.contents(0), ["a=1"]);
    let refused = Txn { then: vec![put("b", ""), read(base)], otherwise: vec![read(base + 1)], ..Txn::default() };
    store.commit(&refused).unwrap();
    store.compact(base + 1).unwrap();
    let compacted = StoreError::Compacted { oldest: base + 1 };
    assert_eq!(store.refuses(vec![put("a", "2"), read(base)]), compacted);
}

#[tokio::test(start_paused = true)]
async fn an_empty_key_is_refused_wherever_it_stands() {
    let store = Store::new(1);
    let range = || KeyRange::from_wire("", "z");
    let condition = Condition { range: range(), field: Field::Version(0), relation: Relation::Equal };
    let bad = [put("", ""), Op::Delete(range()), Op::Range(Query::new(range()))];
    let bad = bad.map(Txn::of).into_iter().chain([Txn { when: vec![condition], ..Txn::default() }]);
    for bad in bad {
        assert_eq!(store.commit(&bad), Err(StoreError::EmptyKey), "{bad:?}");
        let in_the_branch_not_taken = Txn { otherwise: vec![Op::Txn(bad)], ..Txn::default() };
        assert_eq!(store.commit(&in_the_branch_not_taken), Err(StoreError::EmptyKey));
    }
}

#[tokio::test(start_paused = true)]
async fn sizes_are_bounded() {
    let store = Store::new(1);
    let puts = |count: usize| (0..count).map(|n| put(&n.to_string(), "")).collect::<Vec<_>>();
    store.write(puts(limits::OPERATIONS));
    assert_eq!(store.refuses(puts(limits::OPERATIONS + 1)), StoreError::TooManyOperations);

    // What a transaction has is taken off what those within it may have.
    let nested = |count| Txn { then: vec![Op::Txn(Txn { then: puts(count), ..Txn::default() })], ..Txn::default() };
    store.commit(&nested(limits::OPERATIONS - 1)).unwrap();
    assert_eq!(store.commit(&nested(limits::OPERATIONS)), Err(StoreError::TooManyOperations));
    let inner = |n: usize| (0..28).map(move |m| put(&format!("w/{n}/{m}"), "")).collect();
    let wide = (0..100).map(|n| Op::Txn(Txn { then: inner(n), ..Txn::default() }));
    store.write(wide.collect());
    assert_eq!(store.range(&Query::new(KeyRange::prefix("w/"))).unwrap().value.count, 2_800);

    let big = |key: &str| Op::Put {
        key: key.to_owned().into(),
        value: Some(Bytes::from(vec![0; 1_000_000])),
        lease: Some(0),
    };
    store.write(vec![big("big")]);
    let read = |keys_only| Op::Range(Query { keys_only, ..Query::new(KeyRange::single("big")) });
    assert_eq!(store.refuses(vec![read(false); 70]), StoreError::ReplyTooLarge);
    store.write(vec![read(true); 70]);
}

#[tokio::test(start_paused = true)]
async fn a_full_store_takes_no_more_until_something_is_deleted() {
    let store = Store::new(1);
    let value = Some(Bytes::from(vec![0; 1 << 20]));
    let big = |n: usize| Op::Put { key: format!("{n:03}").into(), value: value.clone(), lease: Some(0) };
    let full = (0..).find(|n| store.commit(&Txn::of(big(*n))).is_err()).unwrap();
    assert_eq!(full, 255, "1 MiB each, and a little");
    assert_eq!(store.refuses(vec![big(full)]), StoreError::NoSpace);
    store.write(vec![big(0), put("small", "")]);
    store.write(vec![delete("001"), big(full)]);
}

#[tokio::test(start_paused = true)]
async fn each_condition_compares_what_it_says() {
    let store = Store::new(1);
    let lease = store.grant(Some(50), MINUTE).unwrap().value;
    store.write(vec![put("a", "m")]);
    store.write(vec![put("b", "m")]);
    store.write(vec![Op::Put { key: "a".into(), value: Some("m".into()), lease: Some(lease) }]);
    let holds = |key: KeyRange, field: Field, relation| {
        let when = vec![Condition { range: key, field, relation }];
        store.commit(&Txn { when, ..Txn::default() }).unwrap().value.succeeded
    };
    let table = |range: &str, field: &dyn Fn(i64) -> Field, stored: i64| {
        for given in [stored - 1, stored, stored + 1] {
            let held = [Relation::Equal, Relation::NotEqual, Relation::Greater, Relation::Less]
                .map(|relation| holds(KeyRange::single(range.to_owned()), field(given), relation));
            let expected = [stored == given, stored != given, stored > given, stored < given];
            assert_eq!(held, expected, "{range}: {:?}, stored {stored}", field(given));
        }
    };
    table("a", &Field::Version, 2);
    table("a", &Field::Created, 2);
    table("a", &Field::Modified, 4);
    table("a", &Field::Lease, 50);
    for field in [Field::Version, Field::Created, Field::Modified, Field::Lease] {
        table("absent", &field, 0);
    }
    let value = |given: &str| Field::Value(Bytes::copy_from_slice(given.as_bytes()));
    assert!(holds(KeyRange::single("a"), value("m"), Relation::Equal));
    assert!(holds(KeyRange::single("a"), value("l"), Relation::Greater));
    assert!(!holds(KeyRange::single("absent"), value(""), Relation::Equal));
    assert!(!holds(KeyRange::single("absent"), value("x"), Relation::NotEqual));
    // A range: every key in it.
    assert!(holds(all(), value("m"), Relation::Equal));
    assert!(!holds(all(), Field::Version(2), Relation::Equal));
}

#[tokio::test(start_paused = true)]
async fn kept_values_and_leases_need_a_key() {
    let store = Store::new(1);
    let lease = store.grant(None, MINUTE).unwrap().value;
    let keep = |value: Option<&'static str>, lease| Op::Put { key: "a".into(), value: value.map(Bytes::from), lease };
    assert_eq!(store.refuses(vec![keep(None, Some(0))]), StoreError::KeyNotFound);
    assert_eq!(store.refuses(vec![keep(Some("1"), None)]), StoreError::KeyNotFound);
    assert_eq!(store.refuses(vec![put("", "")]), StoreError::EmptyKey);
    assert_eq!(store.refuses(vec![delete("")]), StoreError::EmptyKey);
    store.write(vec![keep(Some("1"), Some(lease))]);
    store.write(vec![keep(Some("2"), None)]);
    assert_eq!(store.lease(lease).unwrap().value.keys, ["a"]);
    store.write(vec![keep(None, Some(0))]);
    assert_eq!(store.contents(0), ["a=2"]);
    assert_eq!(store.lease(lease).unwrap().value.keys, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn queries_limit_sort_and_filter() {
    let store = Store::new(1);
    for (key, value) in [("a", "3"), ("c", "1"), ("b", "2"), ("a", "4")] {
        store.write(vec![put(key, value)]);
    }
    let query = Query::new(all());
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(store.find(&query), (names(&["a", "b", "c"]), 3, false));
    assert_eq!(store.find(&Query { limit: 2, ..query.clone() }), (names(&["a", "b"]), 3, true));
    assert_eq!(store.find(&Query { limit: 3, ..query.clone() }), (names(&["a", "b", "c"]), 3, false));
    assert_eq!(store.find(&Query { count_only: true, ..query.clone() }), (names(&[]), 3, false));
    let by_value =
        |descending| Query { order: Some(Order { by: |a, b| a.value.cmp(&b.value), descending }), ..query.clone() };
    assert_eq!(store.find(&by_value(false)).0, ["c", "b", "a"]);
    assert_eq!(store.find(&Query { limit: 1, ..by_value(true) }), (names(&["a"]), 3, true));
    let modified = Query { modified: Window { min: 4, max: 0 }, ..query.clone() };
    assert_eq!(store.find(&modified), (names(&["a", "b"]), 3, false));
    let created = Query { created: Window { min: 0, max: 2 }, ..query.clone() };
    assert_eq!(store.find(&created), (names(&["a"]), 3, false));
    let future = store.range(&Query { revision: 6, ..query });
    assert_eq!(future, Err(StoreError::FutureRevision { wanted: 6, current: 5 }));
}
